"""What is said when a command cannot do what was asked, and with which exit status the program ends."""

import sys
import tempfile
import traceback
from enum import IntEnum
from pathlib import Path

import click


class Exit(IntEnum):
    """Exit statuses; scripts rely on them. A command returns one of them, None is DONE."""

    DONE = 0
    ERROR = 1
    PENDING = 2
    REVERTED = 3
    HELD = 4
    INTERRUPTED = 130


class Failure(Exception):
    """A command cannot do what was asked, for a reason the person can act on. The text is one or a few plain lines."""


EXPECTED = (
    ("reconciler.daemon.bell", "NotWoken"),
    ("reconciler.daemon.exclusive", "AlreadyRunning"),
    ("reconciler.daemon.exclusive", "NotOurs"),
    ("reconciler.daemon.one_pass", "NothingToDo"),
    ("reconciler.daemon.settings", "SettingsError"),
    ("reconciler.desired.load", "Invalid"),
    ("reconciler.model.asking", "Refused"),
    ("reconciler.ports.errors", "WorldError"),
    ("reconciler.ports.journal", "JournalUnavailable"),
    ("reconciler.ports.secrets", "SecretMissing"),
    ("reconciler.ports.source", "SourceError"),
)
"""Errors whose text is for the person who called, beside Failure; everything else is a bug."""


def tell(error: BaseException) -> Exit:
    """Say on standard error what went wrong; return the status to exit with."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    if isinstance(error, click.UsageError):
        return _usage(error)
    if isinstance(error, click.ClickException):
        return _expected(error.format_message())
    if isinstance(error, BaseExceptionGroup):
        return _group(error)
    if isinstance(error, _expected_types()):
        return _expected(str(error))
    return _bug(error)


def _group(group: BaseExceptionGroup[BaseException]) -> Exit:
    """The expected ones of a group are told one by one; a single bug among them makes it a bug."""
    expected, other = group.split(_expected_types())
    if other is not None:
        return tell(other.exceptions[0]) if len(other.exceptions) == 1 else _bug(other)
    for each in expected.exceptions if expected else ():
        tell(each)
    return Exit.ERROR


def _usage(error: click.UsageError) -> Exit:
    """Click would end with 2, which here means that changes are pending."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return Exit.ERROR
    _expected(error.format_message())
    if error.ctx is not None:
        click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)
    return Exit.ERROR


def _expected(text: str) -> Exit:
    from reconciler.control.clean import clean

    first, *others = text.splitlines() or ["unknown"]
    click.echo(click.style("error:", fg="red", bold=True) + f" {clean(first)}", err=True)
    for line in others:
        click.echo(f"  {clean(line)}", err=True)
    return Exit.ERROR


def _expected_types() -> tuple[type[Exception], ...]:
    # An error can only be there when the module of its type is; so nothing is imported to ask for it.
    loaded = ((sys.modules.get(module), name) for module, name in EXPECTED)
    return Failure, *(getattr(module, name) for module, name in loaded if module)


def _bug(error: BaseException) -> Exit:
    from reconciler.control.clean import clean

    details = "".join(traceback.format_exception(error))
    what = f"{type(error).__name__}: {clean(str(error))}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="reconciler-error-", suffix=".txt", delete=False, errors="backslashreplace"
        ) as file:
            file.write(details)
    except OSError:
        click.echo(details, err=True)
        click.echo(f"internal error: {what}\nThis is a bug; the details are above.", err=True)
    else:
        click.echo(f"internal error: {what}\nThis is a bug; the details are in {Path(file.name)}", err=True)
    return Exit.ERROR
