"""Bodies of requests with their secrets: whatever a value is like, the form of the body stays."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.canonical import canonical, digest_bytes
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Content
from reconciler.ports.errors import Refused
from reconciler.providers import secret_json
from tests.providers.secret_values import SecretValues

JSON = "application/json"
NASTY = '"}, "admin": true, "x": {"y": "\\u0000\n'


def marker(name: str) -> str:
    return f"{SECRET_OPEN}{name}{SECRET_CLOSE}"


def content_of(text: str, values: Mapping[str, str]) -> Content:
    real = text
    for name, value in values.items():
        real = real.replace(marker(name), value)
    digest = digest_bytes(real.encode())
    keyed = SecretValues({}).keyed(digest) if values else digest
    blob = digest_bytes(text.encode())
    return Content(blob, keyed, len(text.encode()), {name: f"shop/{name}" for name in values})


def sent(text: str, values: Mapping[str, str], media: str = JSON) -> bytes:
    content = content_of(text, values)
    secrets = SecretValues({f"shop/{name}": value for name, value in values.items()})
    return secret_json.body("the request", content, media, {content.blob: text.encode()}, secrets)


@given(st.text(st.characters(exclude_characters=[SECRET_OPEN, SECRET_CLOSE], exclude_categories=["Cs"])))
def test_a_value_stays_one_string_of_the_json(value: str) -> None:
    text = canonical({"user": "shop", "password": marker("p"), "url": f"db://shop:{marker('p')}@db", "list": [1]})
    said = json.loads(sent(text, {"p": value}))
    assert said == {"user": "shop", "password": value, "url": f"db://shop:{value}@db", "list": [1]}


@given(st.text(st.characters(exclude_characters=[SECRET_OPEN, SECRET_CLOSE], exclude_categories=["Cs"])))
def test_a_value_stays_one_value_of_the_form(value: str) -> None:
    said = sent(f"user=shop+1&password={marker('p')}", {"p": value}, secret_json.FORM).decode()
    assert parse_qs(said, keep_blank_values=True) == {"user": ["shop 1"], "password": [value]}


@pytest.mark.parametrize("media", [JSON, "application/merge-patch+json", "application/json; charset=utf-8"])
def test_json_by_any_name_is_json(media: str) -> None:
    assert json.loads(sent(f'{{"p":"{marker("p")}"}}', {"p": NASTY}, media)) == {"p": NASTY}


def test_a_plain_text_has_the_value_as_it_is() -> None:
    assert sent(f"token {marker('p')}", {"p": NASTY}, "text/plain") == f"token {NASTY}".encode()


def test_what_has_no_secrets_is_sent_byte_by_byte() -> None:
    assert sent('{"b": 1,  "a": 2}', {}) == b'{"b": 1,  "a": 2}'


def test_a_name_in_json_may_be_a_secret_too_but_not_one_that_is_there() -> None:
    assert json.loads(sent(f'{{"{marker("p")}":1}}', {"p": 'a"b'})) == {'a"b': 1}
    with pytest.raises(Refused, match="two names"):
        sent(f'{{"{marker("p")}":1,"a":2}}', {"p": "a"})


def test_a_secret_that_changed_since_the_plan_is_refused_without_its_value() -> None:
    text = f'{{"p":"{marker("p")}"}}'
    content = content_of(text, {"p": "before"})
    with pytest.raises(Refused, match="changed since the plan was made") as refused:
        secret_json.body(
            "the request", content, JSON, {content.blob: text.encode()}, SecretValues({"shop/p": "after-it"})
        )
    assert "after-it" not in str(refused.value)


def test_a_text_that_is_not_json_is_refused_without_its_values() -> None:
    with pytest.raises(Refused, match="its text is not application/json") as refused:
        sent(f"{{'p': {marker('p')}}}", {"p": "s3cret"})
    assert "s3cret" not in str(refused.value)
