"""How much is kept: the beginning, the end, and never more than there is room for."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.output_room import PIECE, Kept, Room


def written(limit: int, parts: list[bytes]) -> dict[int, tuple[int, bytes]]:
    """Return what is kept of the parts, by number."""
    room, kept = Room(limit), dict[int, tuple[int, bytes]]()
    number = 0
    for part in parts:
        for start, data in room.cut(part):
            number += 1
            kept[number] = (start, data)
            room.put(Kept(number, start, len(data)))
        for gone in room.let_go():
            del kept[gone]
    return kept


@given(parts=st.lists(st.binary(max_size=90), max_size=30), limit=st.integers(2, 200))
def test_what_is_kept_is_where_it_was_and_has_the_beginning_and_the_end(parts: list[bytes], limit: int) -> None:
    whole = b"".join(parts)
    kept = written(limit, parts)
    assert all(whole[start : start + len(data)] == data for start, data in kept.values())
    size = sum(len(data) for _, data in kept.values())
    largest = max((len(part) for part in parts), default=0)
    assert size <= limit + largest
    if len(whole) <= limit:
        assert b"".join(data for _, data in kept.values()) == whole
    ends = [start + len(data) for start, data in kept.values()]
    assert not whole or max(ends) == len(whole)


def test_much_at_once_is_cut_into_pieces_between_characters() -> None:
    text = "ü" * PIECE
    kept = written(10 * PIECE, [b"x" + text.encode()])
    assert max(len(data) for _, data in kept.values()) <= PIECE
    assert "".join(data.decode() for _, data in kept.values()) == "x" + text


def test_a_room_goes_on_where_the_stored_pieces_end() -> None:
    room = Room.of(20, [Kept(1, 0, 10), Kept(2, 30, 8)])
    room.skip(2)
    assert [*room.cut(b"abcdef")] == [(40, b"abcdef")]
    room.put(Kept(3, 40, 6))
    assert room.let_go() == []
    assert [*room.cut(b"ghijkl")] == [(46, b"ghijkl")]
    room.put(Kept(4, 46, 6))
    assert room.let_go() == [2]
