"""``reconciler audit key``: the public key that checkpoints are signed with."""

from pathlib import Path

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option


@click.command("key")
@config_option
def command(config: Path | None) -> None:
    """Show the public key that checkpoints are signed with.

    Keep it where nobody of this machine can change it, and give it to audit
    verify --key: then nobody can sign the record anew with a key of theirs.
    """
    from reconciler.daemon.settings import Settings
    from reconciler.providers.audit_key import AuditKeyUnusable, public_key

    folder = Settings.load(config).state_dir
    try:
        key = public_key(folder)
    except AuditKeyUnusable as error:
        raise Failure(str(error)) from error
    if key is None:
        raise Failure(f"there is no key in {folder}; the daemon makes it when it starts first")
    click.echo(key)
