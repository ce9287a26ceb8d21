"""``reconciler schema``: the JSON Schema of documents, for editors."""

from pathlib import Path

import click


@click.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it to FILE.")
def command(out: Path | None) -> None:
    """Print the JSON Schema of documents, for editors.

    An editor with yaml-language-server reads it when a file starts with the
    line "# yaml-language-server: $schema=FILE".
    """
    import json

    from reconciler.cli.errors import Failure
    from reconciler.desired.schema import schema
    from reconciler.kinds.catalog import CATALOG
    from reconciler.simulate.scenario import ScenarioSpec

    text = json.dumps(schema(CATALOG, {"Scenario": ScenarioSpec}), indent=2) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text)
    except OSError as error:
        raise Failure(f"cannot write {out}: {error.strerror}") from error
    click.echo(f"wrote {out}")
