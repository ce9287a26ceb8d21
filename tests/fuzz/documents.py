"""What people write: documents and policies, templates, texts with a form of their own, settings, plans to apply."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reconciler.cli.errors import Failure
from reconciler.cli.plan_file import FORMAT, read_plan
from reconciler.daemon.settings import Settings, SettingsError
from reconciler.desired.load import Folders, Invalid, load
from reconciler.desired.remote import remote
from reconciler.desired.templates import TemplateMistake, Templates
from reconciler.kinds import calendar, crontab
from reconciler.kinds.catalog import CATALOG
from reconciler.model.duration import format_duration, parse_duration
from reconciler.model.identity import ResourceId, UnitId
from tests.desired.many import KINDS
from tests.desired.many import TARGETS as OTHERS
from tests.desired.note import BASE, Known
from tests.fuzz.target import told
from tests.kinds.cases import cases

_TESTS = Path(__file__).parent.parent
_BROUGHT = {
    "desired-state/templates/t": b"{{ version }}",
    "desired-state/files/f": b"x",
    "desired-state/shop.pem": b"x",
}


@cache
def _kinds() -> Mapping[str, Any]:
    return {**CATALOG, **KINDS}


def documents(data: bytes) -> None:
    """A file of desired state, and after a NUL byte one of policies."""
    state, _, policies = data.partition(b"\0")
    around = {"desired-state/base.yaml": BASE.encode(), "desired-state/targets.yaml": OTHERS.encode()}
    files = {**around, "desired-state/it.yaml": state, "policies/it.yaml": policies}
    try:
        load("c" * 40, {**files, **_BROUGHT}, _kinds(), Known({"shop/db": "hunter2"}), Folders())
    except Invalid as invalid:
        told(invalid)


def document_seeds() -> Iterator[bytes]:
    for path in sorted((_TESTS / "desired" / "cases").glob("*.yaml")):
        for case in yaml.safe_load(path.read_text()):
            texts = [str(case.get("document", "")), *map(str, case.get("files", {}).values())]
            yield "\n---\n".join(texts).encode()
    for kind, spec in _TARGETS:
        yield f"kind: {kind}\nmetadata: {{name: it}}\nspec: {{environment: production, {spec}}}\n".encode()
    for _, case in cases("spec"):
        yield _app({case["kind"]: case["written"]})


_TARGETS = (
    ("DockerEngine", "tls: {host: e, port: 2376, ca: shop.pem, certificate: shop.pem, key: engines/it}, address: a"),
    ("Swarm", "host: web-1, path: /run/docker.sock"),
    ("KubernetesCluster", "token: {server: 'https://[2001:db8::1]:6443', ca: shop.pem, secret: a}, namespace: shop"),
    ("KubernetesCluster", "kubeconfig: {secret: clusters/it, context: a}"),
    ("HttpApi", "url: 'https://dns.example.net:8443/v1', auth: {basic: {user: a, secret: b}}, headers: {X-A: b}"),
    ("HttpApi", "url: 'http://[::1]', auth: {clientCredentials: {tokenUrl: 'https://a', client: b, secret: c}}"),
)


def _app(resource: Mapping[str, Any]) -> bytes:
    spec = {
        "version": "1.4.2",
        "environments": {"production": {}},
        "targets": {f"{_kinds()[kind].TARGET}s": {} for kind in resource},
        "resources": [resource],
        "health": [{"http": {"port": 80, "period": "5s"}}],
    }
    return yaml.safe_dump({"kind": "App", "metadata": {"name": "shop"}, "spec": spec}, sort_keys=False).encode()


_VARIABLES = {
    "app": "shop",
    "version": "1.4.2",
    "vars": {"list": [1, 2, 3], "map": {"a": {"b": "c"}}, "number": 3, "text": "x", "none": None, "yes": True},
    "target": {"name": "web-1", "labels": {"role": "web"}},
}


def templates(data: bytes) -> None:
    """A template that may use a secret."""
    source = data.decode(errors="replace")
    engine = Templates()
    try:
        engine.names(source)
        told(engine.render(source, _VARIABLES, frozenset({"db"})).text)
    except TemplateMistake as mistake:
        told(mistake)


def template_seeds() -> Iterator[bytes]:
    yield b"{{ vars.map.a.b }} {{ target.labels.role | upper }} {{ secrets.db }}"
    yield b"{% for each in vars.list %}{{ loop.index }} {{ each * 2 ** 3 }}{% else %}none{% endfor %}"
    yield b"{% for a in range(9) %}{% for b in range(9) %}{{ a ~ b }}{% endfor %}{% endfor %}"
    yield b"{% for each in [1, [2]] recursive %}{{ loop(each) }}{% endfor %}"
    yield b"{% macro m(x, y=1) %}{{ caller() }}{{ x }}{% endmacro %}{% call m(1) %}{{ m(2) }}{% endcall %}"
    yield b"{% set ns = namespace(x='a') %}{% set ns.x = ns.x ~ ns.x %}{{ ns.x + 'b' }}"
    yield b"{% if vars.yes and not vars.none is none %}{{ vars.text is defined }}{% elif 1 %}{% endif %}"
    yield b"{{ '%5s' % 'a' }}{{ '{:>5}'.format(1) }}{{ 'a'.ljust(5) }}{{ 'a' | center(5) }}{{ 1.5 | round(2) }}"
    yield b"{% raw %}{{ x }}{% endraw %}{# not this #}{% filter upper %}x{% endfilter %}"
    yield b"{% with a = 1 %}{{ a }}{% endwith %}{% set b %}x{% endset %}{{ b }}"
    yield b"{{ vars.list | join(',') | replace('1', 'x') | tojson(indent=2) | indent(2) | wordwrap(3) }}"
    yield b"{{ vars.list | batch(2, 'x') | list }}{{ vars.list | slice(2) | map('first') | list | sort }}"


_TEXTS: tuple[Callable[[str], object], ...] = (
    lambda text: format_duration(parse_duration(text)),
    crontab.problem,
    calendar.problem,
    UnitId.parse,
    ResourceId.parse,
)


def texts(data: bytes) -> None:
    """A text that may be a duration, a schedule, or a name."""
    text = data.decode(errors="replace")
    for read in _TEXTS:
        try:
            told(read(text))
        except ValueError as error:
            told(error)


def text_seeds() -> Iterator[bytes]:
    given = "1h30m 500ms 2d @daily 30_3_*_*_mon-fri */5_1,2_1-3/2_jan_7 daily Mon..Fri_03:30 *-*-01_04:00:00_UTC"
    for text in (*given.split(), "shop@production", "shop@production/web-1/file:/etc/motd"):
        yield text.replace("_", " ").encode()


def remotes(data: bytes) -> None:
    """The URL of a repository."""
    try:
        remote(data.decode(errors="replace"))
    except ValueError as error:
        told(error)


def remote_seeds() -> Iterator[bytes]:
    yield b"https://user:pass%20word@git.example:8443/shop.git"
    yield b"ssh://git@[2001:db8::1]:22/shop.git"
    yield b"/srv/git/shop"


def settings(data: bytes) -> None:
    """A settings file."""
    with _file(data) as path:
        try:
            Settings.load(path)
        except SettingsError as error:
            told(error)


def setting_seeds() -> Iterator[bytes]:
    yield (
        b'state_dir = "~/state"\n[git]\nurl = "../repo"\npoll = "30s"\ncredentials = "c"\n[git.trust]\n'
        b'allowed_signers = "signers"\nforge_keys = ["' + b"A" * 40 + b'"]\ngpg_keys = "keys"\n[ssh]\n'
        b'identities = ["id"]\nmax_handshakes = 10\n[drift]\nwatch = "2s"\n[secrets]\ndirectory = "s"\n[log]\n'
        b'format = "json"\n'
    )


def plan_files(data: bytes) -> None:
    """A file for ``apply``."""
    with _file(data) as path:
        try:
            told(read_plan(path))
        except Failure as error:
            told(error)


def plan_file_seeds() -> Iterator[bytes]:
    body = {"format": FORMAT, "commit": "c" * 40, "plans": {"shop@production": "sha256:0"}, "review": {}}
    yield json.dumps(body).encode()


class _file:
    """A file with these bytes, as long as it is needed."""

    def __init__(self, data: bytes) -> None:
        handle, name = tempfile.mkstemp(prefix="reconciler-fuzz-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        self._path = Path(name)

    def __enter__(self) -> Path:
        return self._path

    def __exit__(self, *_: object) -> None:
        self._path.unlink()
