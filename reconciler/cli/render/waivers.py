"""Broken glass in sentences: which gates are passed by whom, until when, and what somebody else has not looked at."""

from collections.abc import Iterator

from reconciler.cli.render.lines import unbroken
from reconciler.control.clean import clean
from reconciler.control.phrases import listed
from reconciler.model.identity import UnitId
from reconciler.model.record import Picture
from reconciler.model.word import Waived


def all_waivers(picture: Picture) -> Iterator[str]:
    """Yield a sentence for each waiver that nobody has reviewed, with how to do that."""
    for unit in sorted(picture.standing.units):
        for each, told in _waivers(picture, unit):
            yield f"{clean(str(unit))} {told}. To review it: {unbroken(review(each))}"


def waivers_of(picture: Picture, unit: UnitId) -> Iterator[str]:
    """Yield each waiver of the unit that nobody has reviewed."""
    yield from (told for _, told in _waivers(picture, unit))


def reviews(picture: Picture, unit: UnitId) -> Iterator[str]:
    """Yield the command that reviews each of them."""
    yield from (review(each) for each, _ in _waivers(picture, unit))


def review(waiver: Waived) -> str:
    """Return the command by which somebody else says what they found of it."""
    return f"reconciler review-waiver {clean(str(waiver.unit))} {clean(waiver.id)} --finding TEXT"


def _waivers(picture: Picture, unit: UnitId) -> Iterator[tuple[Waived, str]]:
    for each in picture.standing.of(unit).words:
        if not isinstance(each, Waived):
            continue
        gates = listed([gate.value for gate in each.gates], len(each.gates))
        passes = "passes" if each.until > picture.now else "passed"
        until = f"{each.until:%Y-%m-%d %H:%M} UTC"
        yield each, f"{passes} {gates} until {until}, waived by {clean(each.author)}: {clean(each.reason)}"
