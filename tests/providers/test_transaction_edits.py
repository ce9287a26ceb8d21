"""A part of a file is changed in real shells: the rest, the mode and the owner stay."""

import contextlib
import os
import re
import shutil
from pathlib import Path

import pytest

from reconciler.kinds.catalog import PRELUDE
from reconciler.model.operation import (
    DropBlock,
    DropLine,
    EditFile,
    MakeDirectory,
    PutBlock,
    PutLine,
    RemoveFile,
    SetAttributes,
)
from reconciler.ports.errors import Refused
from tests.kinds.host import Sh, look
from tests.providers.machine import FAILS, Machine, write

A_BLOCK = PutBlock("# BEGIN x", "# END x", "one\ntwo\n")
NO_BLOCK = DropBlock("# BEGIN x", "# END x")

EDITS = {
    "a line that is missing": ("a\n", PutLine("b"), "a\nb\n"),
    "a line that is there": ("a\nb\nc\n", PutLine("b"), "a\nb\nc\n"),
    "a line that is there twice": ("b\na\nb\n", PutLine("b"), "b\na\n"),
    "numbers that are equal but not alike": ("1.0\n", PutLine("1"), "1.0\n1\n"),
    "a last line without its end": ("a", PutLine("b"), "a\nb\n"),
    "a line into an empty file": ("", PutLine("b"), "b\n"),
    "an empty line": ("a\n", PutLine(""), "a\n\n"),
    "a line instead of another": ("#Port 22\nx\n", PutLine("Port 2222", "^#?Port "), "Port 2222\nx\n"),
    "the others that match go": ("Port 1\nx\nPort 2\n", PutLine("Port 3", "^Port "), "Port 3\nx\n"),
    "one that is right and one that matches": ("x 1\nb\nx 2\n", PutLine("b", "^x"), "b\n"),
    "nothing that matches": ("a\n", PutLine("b", "^x{2,3}$"), "a\nb\n"),
    "a pattern with counts and classes": ("xx 7\n", PutLine("b", "^x{2,3} [[:digit:]]$"), "b\n"),
    "a pattern that begins with a dash": ("-x\n", PutLine("b", "-x"), "b\n"),
    "text that means something elsewhere": (
        "a\n",
        PutLine("\\n $(id) `id` & %s 'q' \\\\1 é"),
        "a\n\\n $(id) `id` & %s 'q' \\\\1 é\n",
    ),
    "a line that goes": ("a\nb\na\n", DropLine("a"), "b\n"),
    "a line that is gone": ("b\n", DropLine("a"), "b\n"),
    "the last line that goes": ("a\n", DropLine("a"), ""),
    "a block that is missing": ("a\n", A_BLOCK, "a\n# BEGIN x\none\ntwo\n# END x\n"),
    "a block that is there": ("# BEGIN x\nold\n# END x\nb\n", A_BLOCK, "# BEGIN x\none\ntwo\n# END x\nb\n"),
    "a block twice": ("# BEGIN x\n1\n# END x\nb\n# BEGIN x\n# END x\n", A_BLOCK, "# BEGIN x\none\ntwo\n# END x\nb\n"),
    "a block without its end": ("a\n# BEGIN x\nb\n", A_BLOCK, "a\n# BEGIN x\none\ntwo\n# END x\nb\n"),
    "a block without its beginning": ("a\n# END x\nb\n", A_BLOCK, "a\nb\n# BEGIN x\none\ntwo\n# END x\n"),
    "another block": ("# BEGIN y\n# END y\n", A_BLOCK, "# BEGIN y\n# END y\n# BEGIN x\none\ntwo\n# END x\n"),
    "an empty block": ("a\n", PutBlock("{", "}", ""), "a\n{\n}\n"),
    "a block that goes": ("a\n# BEGIN x\nold\n# END x\nb\n", NO_BLOCK, "a\nb\n"),
    "a block that is gone": ("a\nb\n", NO_BLOCK, "a\nb\n"),
    "a block that goes and has no end": ("a\n# BEGIN x\nb\n", NO_BLOCK, "a\nb\n"),
}


@pytest.mark.parametrize(("before", "edit", "after"), EDITS.values(), ids=EDITS.keys())
async def test_a_text_is_edited(
    machine: Machine, before: str, edit: PutLine | DropLine | PutBlock | DropBlock, after: str
) -> None:
    path = machine.home / "f"
    path.write_text(before)
    path.chmod(0o640)
    await machine.apply("t1", EditFile("~/f", edit, "0600"))
    assert machine.snapshot() == {"f": ("0o640", after.encode().decode("latin-1"))}
    await machine.apply("t2", EditFile("~/f", edit, "0600"))
    assert machine.snapshot() == {"f": ("0o640", after.encode().decode("latin-1"))}


@pytest.mark.parametrize("program", ["mawk", "gawk", "original-awk"])
def test_every_awk_edits_alike(program: str, tmp_path: Path) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"the machine has no {program}")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/awk").symlink_to(found)
    text = tmp_path / "text"
    text.write_text("Port 1\nx\n# BEGIN x\nold\n# END x\nPort 2\n1.0\n")
    sh = Sh("/bin/sh", "/usr/bin:/bin")
    calls = (
        f"rcl_put_line {text} 1 '^Port '; rcl_drop_line {text} x; rcl_put_block {text} '# BEGIN x' '# END x' 'new\n'"
    )
    status, output = look(sh, tmp_path, calls, programs=tmp_path / "bin")
    assert (status, output.split("\n")) == (
        0,
        [
            *("1", "x", "# BEGIN x", "old", "# END x", "1.0"),
            *("Port 1", "# BEGIN x", "old", "# END x", "Port 2", "1.0"),
            *("Port 1", "x", "# BEGIN x", "new", "# END x", "Port 2", "1.0", ""),
        ],
    )
    assert "rcl_put_line()" in PRELUDE


async def test_edits_of_one_file_follow_each_other(machine: Machine) -> None:
    (machine.home / "f").write_text("a\n")
    await machine.apply(
        "t1",
        EditFile("~/f", PutLine("b")),
        EditFile("~/f", DropLine("a")),
        EditFile("~/new", PutLine("1"), "0600"),
        EditFile("~/new", PutLine("2")),
        write("~/written", b"x\n", "0640"),
        EditFile("~/written", PutLine("y")),
        EditFile("~/nothing", DropLine("y")),
        MakeDirectory("~/d", "0755"),
        EditFile("~/d/f", A_BLOCK),
    )
    assert machine.snapshot() == {
        "f": ("0o644", "b\n"),
        "new": ("0o600", "1\n2\n"),
        "written": ("0o640", "x\ny\n"),
        "d": ("directory", "0o755"),
        "d/f": ("0o644", "# BEGIN x\none\ntwo\n# END x\n"),
    }
    await machine.apply("t2", RemoveFile("~/f"), EditFile("~/f", PutLine("anew"), "0600"))
    assert machine.snapshot()["f"] == ("0o600", "anew\n")


NOT_EDITED = {
    "a link": ("is a link to real; name the file that it points to", "link"),
    "a directory": ("is no file; nothing can be edited in it", "d"),
    "a file that is no text": ("is no text: it holds NUL characters", "binary"),
    "a folder that is missing": ("the directory .*/none does not exist", "none/f"),
}


@pytest.mark.parametrize("program", ["stat", "tr", "awk"])
async def test_a_link_that_its_owner_puts_there_meanwhile_shows_nobody_what_it_points_to(
    machine: Machine, program: str
) -> None:
    (machine.home / "secret").write_text("s3cret\n")
    (machine.home / "f").write_text("public\n")
    machine.command(program, f'[ -L "$HOME/f" ] || ln -sfn secret "$HOME/f"\nexec {shutil.which(program)} "$@"')
    with contextlib.suppress(Refused):
        await machine.apply("t1", EditFile("~/f", PutLine("b")))
    assert (machine.home / "f").is_symlink() or "s3cret" not in (machine.home / "f").read_text()


GIVEN = {
    "a directory that is made": (MakeDirectory("~/d", "0700", "65534"), "rm -rf"),
    "a file that is there": (SetAttributes("~/f", owner="65534"), "rm -f"),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(("operation", "remove"), GIVEN.values(), ids=GIVEN.keys())
async def test_what_is_given_away_is_not_what_a_link_in_its_place_points_to(
    machine: Machine, operation: MakeDirectory | SetAttributes, remove: str
) -> None:
    path = f'"$HOME/{operation.path.removeprefix("~/")}"'
    (machine.home / "f").write_text("")
    (machine.home / "other").write_text("of root")
    (machine.home / "other").chmod(0o644)
    machine.command("chown", f'{remove} {path}; ln -s other {path}\nexec {shutil.which("chown")} "$@"')
    with contextlib.suppress(Refused):
        await machine.apply("t1", operation)
    found = (machine.home / "other").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (0, 0o644)


@pytest.mark.parametrize(("reason", "name"), NOT_EDITED.values(), ids=NOT_EDITED.keys())
async def test_what_cannot_be_edited_is_left_as_it_is(machine: Machine, reason: str, name: str) -> None:
    (machine.home / "real").write_text("a\n")
    (machine.home / "link").symlink_to("real")
    (machine.home / "d").mkdir()
    (machine.home / "binary").write_bytes(b"a\0b\n")
    before = machine.snapshot()
    with pytest.raises(Refused, match=reason):
        await machine.apply("t1", EditFile("~/real", PutLine("b")), EditFile(f"~/{name}", PutLine("b")))
    assert machine.snapshot() == before


async def test_a_pattern_that_grep_does_not_know_changes_nothing(machine: Machine) -> None:
    (machine.home / "f").write_text("a\n")
    with pytest.raises(Refused, match=re.compile("cannot edit .*/f", re.DOTALL)):
        await machine.apply("t1", EditFile("~/f", PutLine("b", "a[")))
    assert machine.snapshot() == {"f": ("0o644", "a\n")}


async def test_an_edit_is_taken_back_with_the_rest(machine: Machine) -> None:
    (machine.home / "f").write_text("a")
    (machine.home / "f").chmod(0o600)
    (machine.home / "d").mkdir()
    (machine.home / "d/f").write_text("")
    before = machine.snapshot()
    with pytest.raises(Refused, match="cannot fail"):
        await machine.apply("t1", EditFile("~/f", PutLine("b")), EditFile("~/new", PutLine("b")), FAILS)
    assert machine.snapshot() == before
