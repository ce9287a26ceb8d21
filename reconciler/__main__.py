"""``python -m reconciler``."""

import gc


def main() -> None:
    """Run the command line."""
    # Hardly anything of ours makes circles. At its usual pace, the collector would take a fifth of the start.
    gc.set_threshold(50_000, 20, 20)
    from reconciler.cli.main import cli  # noqa: PLC0415 - keeps start-up fast

    cli()


if __name__ == "__main__":
    main()
