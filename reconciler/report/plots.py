"""Charts as SVG: the one home of matplotlib, which is loaded when the first chart is drawn.

Colours in the pictures are names of the page's own (``var(--one)``), so that they follow its light or dark dress.
"""

import io
import re
import warnings
from typing import TYPE_CHECKING, Any, assert_never

from reconciler.report.document import Chart, Drawn
from reconciler.report.markup import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DRESS = {"#010101": "var(--one)", "#020202": "var(--two)", "#030303": "var(--three)", "#040404": "var(--soft)"}
_SERIES = ("#010101", "#020202", "#030303")
_SOFT = "#040404"
_FONT = re.compile(r"font-family: [^;\"]*")
_CLIP = re.compile(r"<(\?xml|!DOCTYPE)[^>]*>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
_TICKS_PER_INCH = 1.3
_ROW = 0.42
_LETTERS_PER_INCH = 5.5
"""So many of a label leave half of the width to the bars."""

_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 11.0,
    "text.color": _SOFT,
    "axes.labelcolor": _SOFT,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "axes.edgecolor": _SOFT,
}


class NoPlots(Exception):
    """The library that draws is not installed."""


def draw(chart: Chart, width: float) -> str:
    """Return the chart as an SVG element, so many inches wide; raise NoPlots."""
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - slow, and most reports have no pictures
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise NoPlots(f"matplotlib cannot be loaded: {error}") from error
    with rc_context(_SETTINGS | {"svg.hashsalt": f"{chart.title} {width}"}), warnings.catch_warnings():
        # A sign that no font here has is drawn by the font of whoever reads the page.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, _height(chart)), layout="constrained")
        axes = figure.subplots()
        _onto(axes, chart, width)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _dressed(out.getvalue())


def _height(chart: Chart) -> float:
    return 0.6 + _ROW * max(len(chart.labels), 1) if chart.drawn is Drawn.LYING else 2.9


def _onto(axes: "Axes", chart: Chart, width: float) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    match chart.drawn:
        case Drawn.STACKED | Drawn.LINES:
            _over_time(axes, chart, width)
        case Drawn.LYING:
            _lying(axes, chart, width)
        case _:
            assert_never(chart.drawn)


def _over_time(axes: "Axes", chart: Chart, width: float) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    places = range(len(chart.labels))
    below = [0.0] * len(chart.labels)
    for series, colour in zip(chart.series, _SERIES, strict=False):
        values = [float("nan") if each is None else each for each in series.values]
        if chart.drawn is Drawn.STACKED:
            axes.bar(places, values, bottom=below, color=colour, label=series.name, width=0.72)
            below = [one + more for one, more in zip(below, values, strict=True)]
        else:
            axes.plot(places, values, color=colour, label=series.name, marker="o", markersize=4, linewidth=2)
    every = max(1, -(-len(chart.labels) // max(2, int(width * _TICKS_PER_INCH))))
    axes.set_xticks(list(places)[::every], chart.labels[::every])
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=chart.drawn is Drawn.STACKED))
    axes.grid(axis="y", color=_SOFT, alpha=0.2)
    axes.set_axisbelow(True)
    axes.set_ylabel(chart.unit)
    if len(chart.series) > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0)


def _lying(axes: "Axes", chart: Chart, width: float) -> None:
    (series,) = chart.series
    places = range(len(chart.labels))
    values = [each or 0.0 for each in series.values]
    axes.barh(places, values, color=_SERIES[0], height=0.6)
    axes.set_yticks(list(places), [_label(each, int(width * _LETTERS_PER_INCH)) for each in chart.labels])
    axes.invert_yaxis()
    axes.grid(axis="x", color=_SOFT, alpha=0.2)
    axes.set_axisbelow(True)
    axes.set_xlabel(chart.unit)


def _label(text: str, most: int) -> str:
    seen = " ".join(visible(text).split())
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"


def _dressed(svg: str) -> str:
    """The picture as an element of a page, in its colours and its font."""
    svg = _CLIP.sub("", svg)
    for colour, name in _DRESS.items():
        svg = svg.replace(colour, name)
    svg = _FONT.sub("font-family: inherit", svg)
    return svg.strip()
