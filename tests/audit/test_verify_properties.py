"""What holds for every change: whichever letter of whichever column it is, the entry is named."""

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from reconciler.audit.tamper import Trouble
from reconciler.audit.verify import Walked, walk
from reconciler.model.chain import BEGINNING, Linked, Row, link
from reconciler.store.entries import decode_event, row_of
from tests.audit.tampering import EVENTS
from tests.factory import NOW

TEXTS = [each.name for each in fields(Row) if each.name != "number"] + ["link"]


def chain() -> list[Linked]:
    entries, tied = [], BEGINNING
    for number, event in enumerate(EVENTS, 1):
        row = row_of(number, event, NOW)
        tied = link(tied, row)
        entries.append(Linked(row, tied))
    return entries


WHOLE = chain()


def found(entries: list[Linked]) -> list[Trouble]:
    *troubles, end = walk(entries, {}, decode_event)
    assert isinstance(end, Walked)
    return [each for each in troubles if isinstance(each, Trouble)]


def changed(entry: Linked, name: str, text: str) -> Linked:
    if name == "link":
        return Linked(entry.row, text)
    return Linked(replace(entry.row, **{name: text}), entry.link)  # type: ignore[arg-type] # a column of text


def value(entry: Linked, name: str) -> str:
    return entry.link if name == "link" else str(getattr(entry.row, name) or "")


@given(st.integers(0, len(WHOLE) - 1), st.sampled_from(TEXTS), st.text(max_size=80))
def test_another_text_in_any_column_is_found_at_its_entry(at: int, name: str, text: str) -> None:
    before = value(WHOLE[at], name)
    entries = [*WHOLE]
    entries[at] = changed(WHOLE[at], name, text)
    troubles = found(entries)
    if text == before and getattr(WHOLE[at].row, name, text) is not None:
        assert troubles == []
    else:
        assert troubles[0].number == at + 1


@given(st.data())
def test_one_other_letter_is_enough(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WHOLE) - 1))
    name = data.draw(st.sampled_from([each for each in TEXTS if value(WHOLE[at], each)]))
    before = value(WHOLE[at], name)
    place = data.draw(st.integers(0, len(before) - 1))
    other = data.draw(st.characters().filter(lambda letter: letter != before[place]))
    entries = [*WHOLE]
    entries[at] = changed(WHOLE[at], name, before[:place] + other + before[place + 1 :])
    assert found(entries)[0].number == at + 1


@given(st.permutations(range(len(WHOLE))))
def test_every_other_order_is_found(order: list[int]) -> None:
    renumbered = [Linked(replace(WHOLE[each].row, number=at), WHOLE[each].link) for at, each in enumerate(order, 1)]
    for entries in ([WHOLE[each] for each in order], renumbered):
        assert bool(found(entries)) == (order != sorted(order))


@given(st.sets(st.integers(0, len(WHOLE) - 2), min_size=1))
def test_whatever_is_dropped_before_the_last_is_missed(gone: set[int]) -> None:
    troubles = found([each for number, each in enumerate(WHOLE) if number not in gone])
    assert troubles[0].number == min(gone) + 1
