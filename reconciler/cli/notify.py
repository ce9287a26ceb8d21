"""``reconciler notify``: its subcommands, each in a module of its own."""

from reconciler.cli.subcommands import Subcommands

SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "test": ("reconciler.cli.notify_test", "Send a sample through channels, and tell what each answered."),
}

command = Subcommands(
    SUBCOMMANDS,
    name="notify",
    help="Try the channels that people are told through.\n\nHow they are set up: docs/notifications.md.",
)
