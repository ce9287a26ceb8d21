"""Names that are read back as they were written."""

import pytest

from reconciler.model.canonical import canonical, digest, plain
from reconciler.model.identity import ResourceId, UnitId


@pytest.mark.parametrize("text", ["shop@production/web-1/file:/etc/shop/app.toml", "a@b/c/release:x:y"])
def test_a_resource_is_read_back(text):
    assert str(ResourceId.parse(text)) == text


@pytest.mark.parametrize("text", ["", "shop", "@", "shop@", "a@b@c", "a/b@c"])
def test_what_is_no_unit_is_refused(text):
    with pytest.raises(ValueError, match="write app@environment"):
        UnitId.parse(text)


@pytest.mark.parametrize("text", ["", "a@b", "a@b/c", "a@b/c/file", "a@b/c/:x", "a@b//file:x"])
def test_what_is_no_resource_is_refused(text):
    with pytest.raises(ValueError, match="write app@environment"):
        ResourceId.parse(text)


def test_digests_tell_values_apart_that_python_calls_equal():
    assert digest(1) != digest(True)
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_canonical_text_refuses_what_json_has_not():
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def test_only_values_of_the_model_have_a_json_form():
    assert plain(UnitId("a", "b")) == {"app": "a", "environment": "b"}
    with pytest.raises(TypeError, match="internal error"):
        plain(object())
