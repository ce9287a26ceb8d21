"""The results as a table on the terminal, and as a picture."""

import math
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

CASES = ("first", "no-op", "repair")
_FLOOR = "floor"
_COLOURS = {"first": "#4c78a8", "no-op": "#59a14f", "repair": "#f28e2b"}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of them lies (0 to 1), nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(results: dict[str, Any]) -> str:
    """Return everything that was measured, for a terminal 120 columns wide."""
    return "\n".join([*_jobs(results), *_steady(results), *_wire(results), *_rest(results)])


def _jobs(results: dict[str, Any]) -> Iterator[str]:
    for count, tools in results["jobs"].items():
        rounds = f"medians of {results['rounds']} (peers: {results['peer_rounds']})"
        yield f"\n{count} hosts, {rounds}; x is the ratio to the floor"
        yield f"{'':<16}" + "".join(f"| {case + ': wall s':>15} {'x':>5} {'CPU s':>6} {'x':>5} " for case in CASES)
        for name, cases in tools.items():
            if isinstance(cases, str):
                yield f"{name:<16}| {cases}"
                continue
            cells = [_cell(cases[case], tools.get(_FLOOR, {}).get(case)) for case in CASES]
            ours = cases["first"]
            yield (
                f"{name:<16}"
                + "".join(cells)
                + f"| {ours['peak_mib']:>4.0f} MiB {int(count) / ours['wall']:>6.1f} hosts/s"
            )


def _cell(cost: dict[str, float], floor: dict[str, float] | None) -> str:
    wall, cpu = (cost[key] / floor[key] if floor else math.nan for key in ("wall", "cpu"))
    return f"| {cost['wall']:>15.2f} {wall:>5.2f} {cost['cpu']:>6.2f} {cpu:>5.2f} "


def _steady(results: dict[str, Any]) -> Iterator[str]:
    for count, seen in results["steady"].items():
        ours, floor = seen["reconciler"], seen["floor"]
        wall, bare = percentile(ours["passes"], 0.5), percentile(floor, 0.5)
        yield (
            f"\n{count} hosts, connections open: a pass {wall * 1000:.0f} ms, the floor {bare * 1000:.0f} ms, "
            f"{wall / bare:.2f} x; CPU {percentile(ours['cpu'], 0.5) * 1000:.0f} ms; {ours['rss_mib']:.0f} MiB"
        )
        for stage, spent in ours["spent"].items():
            if spent:
                half, most = percentile(spent, 0.5) * 1000, percentile(spent, 0.99) * 1000
                yield f"  {stage:<17} p50 {half:>8.1f} ms  p99 {most:>8.1f} ms"


def _wire(results: dict[str, Any]) -> Iterator[str]:
    for delay, tools in results["wire"].items():
        yield f"\nper host, with {delay} ms of round-trip time added"
        yield f"{'':<16}" + "".join(f"| {case + ':':<7} sess. turns   KB up KB down wall s " for case in CASES)
        for name, cases in tools.items():
            if isinstance(cases, str):
                yield f"{name:<16}| {cases}"
                continue
            yield f"{name:<16}" + "".join(
                f"| {cases[c]['sessions']:>13.1f} {cases[c]['turns']:>5.0f} {cases[c]['up'] / 1000:>7.1f} "
                f"{cases[c]['down'] / 1000:>7.1f} {cases[c]['wall']:>6.2f} "
                for c in CASES
            )


def _rest(results: dict[str, Any]) -> Iterator[str]:
    for count, seen in results["daemon"].items():
        first, last = seen["commit_to_first_byte"], seen["commit_to_last_host"]
        yield (
            f"\nthe daemon with {count} hosts: {seen['rss_mib']:.0f} MiB at rest; "
            f"from a commit to the first byte on a host {first:.2f} s, to the last host {last:.2f} s"
        )
    if seen := results.get("simulated"):
        middle = percentile(seen["passes"], 0.5)
        yield (
            f"\n{seen['hosts']} simulated hosts: loaded in {seen['load']:.1f} s, a pass in {middle:.1f} s "
            f"({60 / middle:.1f} passes a minute), at most {seen['peak_mib']:.0f} MiB"
        )


def picture(results: dict[str, Any]) -> str:
    """Return an SVG: wall time of every tool, one group a number of hosts, on a logarithmic axis."""
    groups = [(count, name, cases) for count, tools in results["jobs"].items() for name, cases in tools.items()]
    groups = [each for each in groups if not isinstance(each[2], str)]
    left, width, line = 230, 560, 14
    walls = [cases[case]["wall"] for _, _, cases in groups for case in CASES]
    least, most = min(walls, default=0.1) / 2, max(walls, default=1.0)

    def at(seconds: float) -> float:
        return width * math.log(seconds / least) / math.log(most / least)

    parts, top = [], 40
    for count, name, cases in groups:
        parts.append(
            f'<text x="{left - 8}" y="{top + 2 * line}" text-anchor="end">{escape(name)}, {count} hosts</text>'
        )
        for number, case in enumerate(CASES):
            wall, y = cases[case]["wall"], top + number * line
            parts.append(
                f'<rect x="{left}" y="{y}" width="{at(wall):.1f}" height="{line - 2}" fill="{_COLOURS[case]}"/>'
            )
            parts.append(f'<text x="{left + at(wall) + 4:.1f}" y="{y + 10}">{case} {wall:.2f} s</text>')
        top += 4 * line
    made = escape(f"{results['when']}, {results['machine']}")
    head = f'<text x="10" y="20">seconds a run, logarithmic; {made}</text>'
    size = f'width="{left + width + 150}" height="{top}" font-family="sans-serif" font-size="11"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{head}\n' + "\n".join(parts) + "\n</svg>\n"
