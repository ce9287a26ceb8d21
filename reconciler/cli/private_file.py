"""Files that commands write for the person who runs them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from reconciler.cli.errors import Failure


@contextmanager
def private_file(output: Path) -> Iterator[IO[str]]:
    """A file is there whole or not at all, and nobody else may read it: a record names people and their machines."""
    made = output.with_name(f".{output.name}.part")
    try:
        with os.fdopen(
            os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
        ) as file:
            yield file
        made.replace(output)
    except OSError as error:
        raise Failure(f"cannot write {output}: {error.strerror}") from error
    finally:
        made.unlink(missing_ok=True)
