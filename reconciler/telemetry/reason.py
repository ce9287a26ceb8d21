"""Why the collector did not take something: the exporters say it to the log and to nobody else."""

import logging

_LONGEST = 300


class Reason(logging.Handler):
    """Hears what the exporters log, keeps the last of it, and lets none of it through.

    What is logged may be sent again, and who sends tells of a failure once.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def listen(self) -> None:
        """Begin to hear."""
        logger = logging.getLogger("opentelemetry")
        logger.setLevel(logging.WARNING)
        logger.propagate = False
        logger.addHandler(self)

    def leave(self) -> None:
        """Hear no more."""
        logging.getLogger("opentelemetry").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what was said."""
        self.last = " ".join(record.getMessage().split())[:_LONGEST]
