"""``reconciler audit``: its subcommands, each in a module of its own."""

from reconciler.cli.subcommands import Subcommands

SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "query": ("reconciler.cli.audit_query", "Show who did what, when, why, and how it ended."),
    "export": ("reconciler.cli.audit_export", "Write entries for other programs: JSON, CSV, CloudEvents, OCSF."),
    "archive": ("reconciler.cli.audit_archive", "Write old entries to the archive now."),
    "verify": ("reconciler.cli.audit_verify", "Check that nothing was changed, taken away or put in."),
    "checkpoint": ("reconciler.cli.audit_checkpoint", "Sign how far the record is, and print that."),
    "key": ("reconciler.cli.audit_key", "Show the public key that checkpoints are signed with."),
}

command = Subcommands(
    SUBCOMMANDS,
    name="audit",
    help="Search, check, export and sign the record.\n\nWhat is in it, and how it is checked: docs/audit.md.",
)
