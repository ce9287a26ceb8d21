"""Contents in words: what may be shown, and what may not."""

import difflib

import pytest

from reconciler.diff.compare import unified
from reconciler.diff.wording import worded
from reconciler.model.canonical import digest_bytes
from reconciler.model.change import FieldDiff
from reconciler.model.content import Content
from tests import factory as f

OLD, NEW = b"workers = 4\n", b"workers = 8\n"


def resource(**secrets):
    content = Content(digest_bytes(NEW), digest_bytes(NEW), len(NEW), secrets)
    made = f.thing("/etc/shop.toml", content=content.digest)
    return f.replace(made, contents={"content": content})


def change(before):
    return (FieldDiff(path="content", before=before, after=digest_bytes(NEW)),)


WORDED = (FieldDiff(path="content.workers", before=4, after=8),)


@pytest.mark.parametrize("where", ["kept by us", "read on the host"])
def test_a_change_between_known_contents_is_told_key_by_key(where):
    ours = {digest_bytes(NEW): NEW, **({digest_bytes(OLD): OLD} if where == "kept by us" else {})}
    seen = {} if where == "kept by us" else {digest_bytes(OLD): OLD}
    assert worded(change(digest_bytes(OLD)), resource(), ours, seen) == WORDED


def test_what_nobody_may_read_stays_a_digest():
    fields = change(digest_bytes(OLD))
    assert worded(fields, resource(), {digest_bytes(NEW): NEW}, {}) == fields


def test_secret_content_is_never_described():
    fields = change(digest_bytes(OLD))
    ours = {digest_bytes(NEW): NEW, digest_bytes(OLD): OLD}
    assert worded(fields, resource(db="shop/db"), ours, {}) == fields


def test_a_new_file_is_told_in_full():
    (field,) = worded(change(None), resource(), {digest_bytes(NEW): NEW}, {})
    assert "+workers = 8" in field.text


def test_fields_without_content_are_left_as_they_are():
    mode = FieldDiff(path="mode", before="0644", after="0600")
    assert worded((mode,), resource(), {}, {}) == (mode,)


@pytest.mark.parametrize("lines", [0, 1, 2, 30])
def test_a_text_from_or_to_nothing_is_told_as_difflib_tells_it(lines: int) -> None:
    text = [f"line {number}" for number in range(lines)]
    for old, new in (([], text), (text, [])):
        told = "\n".join(list(difflib.unified_diff(old, new, lineterm=""))[2:])
        assert unified("".join(f"{each}\n" for each in old), "".join(f"{each}\n" for each in new)) == told
