"""Inputs that are too long, or too odd, to be written into a table: what they are, and how each is made."""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping

from tests.fuzz import hosts
from tests.fuzz.foreign import archive_seeds

_LEVELS = 30


def _chained_aliases() -> bytes:
    deep = "[" * 48 + "{}" + "]" * 48
    chain = (f"a{at}: &a{at} " + deep.format(f"*a{at - 1}" if at else "x") for at in range(_LEVELS))
    return "\n".join(chain).encode()


def _merges() -> bytes:
    lines = (f"a{at}: &a{at} {{<<: [{', '.join([f'*a{at - 1}'] * 9)}]}}" for at in range(1, _LEVELS))
    return "\n".join(("a0: &a0 {b: c}", *lines)).encode()


def _tar_of(*members: tarfile.TarInfo) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            archive.addfile(member)
    return made.getvalue()


def _long_names() -> bytes:
    block = tarfile.TarInfo("././@LongLink")
    block.type, block.size = tarfile.GNUTYPE_LONGNAME, 2
    return (block.tobuf(tarfile.GNU_FORMAT) + b"a\0".ljust(512, b"\0")) * 2000


def _deep_folders() -> bytes:
    return _tar_of(tarfile.TarInfo("a/" * 400_000 + "f"))


def _time(value: str) -> bytes:
    member = tarfile.TarInfo("f")
    member.pax_headers = {"mtime": value}
    return _tar_of(member)


def _zip_with_a_bad_name() -> bytes:
    (seed,) = [each for each in archive_seeds() if each.startswith(b"PK") and b"\x08\x00" in each[:12]]
    return seed.replace("d/f\u00e4".encode(), b"d/f\xff\xff")


def _cut_bzip2() -> bytes:
    (seed, *_) = [each for each in archive_seeds() if each.startswith(b"BZh")]
    return seed[:20] + b"\xff" * 20 + seed[40:]


MADE: Mapping[str, tuple[str, bytes]] = {
    "aliases of aliases, deep in each other": ("documents", _chained_aliases()),
    "a number of 16,000 bits": (
        "documents",
        b"kind: Environment\nmetadata: {name: a, labels: {x: 0x" + b"f" * 4000 + b"}}",
    ),
    "a number of 400,000 bits": ("documents", b"kind: 0x" + b"f" * 100_000),
    "a number of 400,000 bits in a list": ("documents", b"kind: [0x" + b"f" * 100_000 + b"]"),
    "merges that double": ("differences", b"\1" + _merges() + b"\0a: b"),
    "names that follow names without end": ("archives", _long_names()),
    "folders in folders without end": ("archives", gzip.compress(_deep_folders())),
    "a time that is no number": ("archives", _time("nan")),
    "a time without end": ("archives", _time("inf")),
    "a time of very long ago": ("archives", _time("-1e300")),
    "a name in a zip that is not UTF-8": ("archives", _zip_with_a_bad_name()),
    "bzip2 that is damaged": ("archives", _cut_bzip2()),
    "an answer whose number has 5,000 digits": ("sessions", b"9" * 5000 + b" same\n"),
    "a look with a negative length": ("looks", b"\0" + b"0 -1 5\nabc\n"),
    "a reason that is not UTF-8": ("looks", b"\1" + b"\0".join([b"reason \xff"] * 40)),
    "an account that is not UTF-8": ("looks", b"\1=a1ff 0 0 1 1795219793 /a\nU\xff\nG\xff\nplain \xff /a\n"),
    "settings that are not UTF-8": ("settings", b"\xff"),
    "settings with a repository that is no URL": ("settings", b'[git]\nurl = "https://[::1"\n'),
    "settings with a number of 5,000 digits": ("settings", b"a = " + b"9" * 5000),
    "settings of arrays in arrays": ("settings", b"a = " + b"[" * 5000),
    "settings with the home of nobody": (
        "settings",
        b'state_dir = "~nobody-has-this/x"\n[git]\nurl = "~none-such/r"\n',
    ),
    "settings with a NUL": ("settings", b'state_dir = "a\\u0000"\n[git]\nurl = "x\\u0000"\n'),
    "settings with a huge number": ("settings", b"[git]\nurl = 'x'\npoll = 1e400\n"),
    "a duration in settings beyond all measure": ("settings", b"[git]\nurl = 'x'\npoll = 99999999999999999999\n"),
    "a plan of lists in lists": ("plan_files", b"[" * 100_000),
    "a plan with half a character": (
        "plan_files",
        json.dumps({"format": "reconciler/plan-file/v1", "commit": "\ud800", "plans": {"\ud800": "\ud800"}}).encode(),
    ),
    "a row of lists in lists": ("rows", b"\1" + b"[" * 100_000),
    "a row that is a number": ("rows", b"\1" + b"1"),
    "a row with a list in the place of a mapping": ("rows", b'\x04{"resource": {"id": [], "attributes": 3}}'),
    "a listing that is no listing": ("listings", b"x\0\n\n"),
    "a listing with a size that is no number": ("listings", b"100644 blob 0123       -\ta\0\n\n"),
    "contents that are cut off": ("listings", b"100644 blob 0123       5\ta\0\n\n"),
    "contents that are cut off in the middle": ("listings", b"100644 blob 0123       5\ta\0\n\n0123 blob 5\nhe"),
    "gpg that names no key": ("gpg_answers", b"[GNUPG:] NEWSIG\n[GNUPG:] EXPKEYSIG\n\nuid:\nuid"),
    "gpg that says nothing in a line": ("gpg_answers", b"[GNUPG:]  \n[GNUPG:] VALIDSIG\n[GNUPG:] GOODSIG\n\n"),
    "a remote with a port that is none": ("remotes", b"https://a:b@[::1:x/"),
    "a repeated text": ("templates", b"{{ ('x' * 1000000) * 1000000 }}"),
    "a text doubled again and again": ("templates", b"{% set x = 'xxxxxxxxxx' %}" + b"{% set x = x ~ x %}" * 40),
    "a text added to itself again and again": (
        "templates",
        b"{% set x = 'xxxxxxxxxx' %}" + b"{% set x = x + x %}" * 40,
    ),
    "loops in loops": (
        "templates",
        (
            b"{% for a in range(9000) %}{% for b in vars.list * 3000 %}{% for c in vars.list * 3000 %}"
            b"{% endfor %}{% endfor %}{% endfor %}"
        ),
    ),
    "a loop that calls itself": (
        "templates",
        b"{% for a in [1, 2] recursive %}{% if loop.depth < 60 %}{{ loop([1, 2]) }}{% endif %}{% endfor %}",
    ),
    "a macro that calls itself": (
        "templates",
        b"{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    ),
    "a width beyond all measure": ("templates", b"{{ '%0999999999d' % 1 }}"),
    "a width beyond all measure for format": ("templates", b"{{ '{:>9999999999}'.format(1) }}"),
    "a width beyond all measure for a filter": ("templates", b"{{ 'x' | center(9999999999) }}"),
    "a width beyond all measure for a method": ("templates", b"{{ 'x'.ljust(9999999999) }}"),
    "an indent beyond all measure": ("templates", b"{{ 'x\ny' | indent(9999999999) }}"),
    "tabs beyond all measure": ("templates", b"{{ '\t'.expandtabs(9999999999) }}"),
    "digits beyond all measure": ("templates", b"{{ 1.5 | round(999999999, 'floor') }}"),
    "batches beyond all measure": ("templates", b"{{ vars.list | batch(9999999999, 'x') | list }}"),
    "slices beyond all measure": ("templates", b"{{ vars.list | slice(9999999999) | list }}"),
    "JSON indented beyond all measure": ("templates", b"{{ vars.list | tojson(indent=9999999999) }}"),
    "a text joined by a large one": ("templates", b"{{ range(90000) | join('x' * 1000000) }}"),
    "a text replaced by a large one": ("templates", b"{{ ('x' * 1000000) | replace('x', 'x' * 1000000) }}"),
    "a text translated into large ones": ("templates", b"{{ ('x' * 100000).translate({120: 'x' * 1000000}) }}"),
    "brackets without end": ("templates", b"{{ " + b"(" * 20_000 + b" }}"),
    "lists in lists": ("templates", b"{{ " + b"[" * 500 + b"]" * 500 + b" }}"),
    "a power of a power": ("templates", b"{{ 2 ** 4000 ** 4000 }}"),
    "a number shown that has too many digits": (
        "templates",
        b"{{ 10 ** 1000 * 10 ** 1000 * 10 ** 1000 * 10 ** 1000 * 10 ** 1000 * 10 ** 1000 }}",
    ),
    "a sum of lists": (
        "templates",
        b"{{ (vars.list * 300000) | map('string') | map('list') | sum(start=[]) | length }}",
    ),
    "a look in two": ("looks", next(iter(hosts.look_seeds()))[:300]),
}
"""A name, the target, the input."""
