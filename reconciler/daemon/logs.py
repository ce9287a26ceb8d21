"""Logs: one JSON object a line under systemd, readable on a terminal. Nothing that decides anything logs."""

import logging
import sys
from typing import Any

import structlog

from reconciler.daemon.settings import LogSettings
from reconciler.daemon.systemd import under_systemd
from reconciler.telemetry.span import of_rollout

log: structlog.stdlib.BoundLogger = structlog.get_logger("reconciler")


def silence() -> None:
    """Log nothing: what happens in a simulation is told by its transcript."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def set_up(settings: LogSettings) -> None:
    """Send our records and those of the libraries to standard error, in one form."""
    as_json = settings.format == "json" or (settings.format == "auto" and under_systemd())
    # On a terminal each line would be three times as long for it.
    around: list[structlog.typing.Processor] = [structlog.contextvars.merge_contextvars, _traced] if as_json else []
    shared: list[structlog.typing.Processor] = [
        *around,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, pad_level=False, sort_keys=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=shared
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("reconciler").setLevel(settings.level.upper())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _traced(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A line about a rollout says which trace that is, also where none are sent: the ids follow from the rollout's."""
    if rollout := line.get("rollout"):
        context = of_rollout(str(rollout))
        line.update(trace_id=f"{context.trace:032x}", span_id=f"{context.span:016x}")
    return line
