"""``python -m reconciler``."""


def main() -> None:
    """Run the command line."""
    from reconciler.cli.main import cli  # noqa: PLC0415 - keeps start-up fast

    cli()


if __name__ == "__main__":
    main()
