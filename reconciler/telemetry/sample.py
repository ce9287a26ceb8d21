"""One value of a figure that is read when somebody asks."""

from dataclasses import dataclass

from reconciler.telemetry.table import Figure


@dataclass(frozen=True, slots=True)
class Sample:
    """``labels`` are the values of the figure's, in their order."""

    figure: Figure
    value: float
    labels: tuple[str, ...] = ()
