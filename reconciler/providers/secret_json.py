"""Bodies of requests with their secrets filled in: after the text was read, so that no value can change its form."""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from reconciler.model.canonical import Digest, Json
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Content
from reconciler.ports.errors import Refused
from reconciler.ports.secrets import Secrets
from reconciler.providers.secret_use import used
from reconciler.providers.transaction.deliver import filled

FORM = "application/x-www-form-urlencoded"

_JSON = re.compile(r"[^;]*[/+]json\s*(;.*)?", re.IGNORECASE)
_MARKER = re.compile(f"{SECRET_OPEN}([^{SECRET_CLOSE}]*){SECRET_CLOSE}")


def body(what: str, content: Content, media: str, blobs: Mapping[Digest, bytes], secrets: Secrets) -> bytes:
    """Return the bytes to send for a content: JSON, a form, or by any other media type a plain text.

    ``what`` is what it is part of, for a person. Raises Refused when it is not in the plan, is not of its media type,
    or a secret in it is missing or has changed since the plan was made.
    """
    plain = filled(what, content, blobs, secrets)
    if not content.secret:
        return plain
    text, values = blobs[content.blob].decode(), values_of(what, content.secrets, secrets)
    try:
        if _JSON.fullmatch(media):
            return json.dumps(in_strings(json.loads(text), values), ensure_ascii=False, allow_nan=False).encode()
        if media.partition(";")[0].strip().lower() == FORM:
            pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
            return urlencode([(in_text(name, values), in_text(value, values)) for name, value in pairs]).encode()
    except ValueError as error:
        raise Refused(f"cannot send {what}: its text is not {media}: {error}") from None
    return plain


def values_of(what: str, references: Mapping[str, str], secrets: Secrets) -> Mapping[str, str]:
    """Return the values of secrets by the names of their markers; raise Refused when one is missing, Unreachable."""
    return {name: used(secrets, reference, f"cannot send {what}", Refused) for name, reference in references.items()}


def in_strings(value: Json, values: Mapping[str, str]) -> Json:
    """Return a JSON value with each marker in its strings, and in the names in it, replaced by the value of its name.

    Raises ValueError when a marker has no value, or when two names of a mapping have become the same.
    """
    match value:
        case str():
            return in_text(value, values)
        case Mapping():
            pairs = [(in_text(key, values), in_strings(item, values)) for key, item in value.items()]
            if len(dict(pairs)) < len(pairs):
                raise ValueError("two names in it are the same once secrets are filled in")
            return dict(pairs)
        case list() | tuple():
            return [in_strings(item, values) for item in value]
        case _:
            return value


def in_text(text: str, values: Mapping[str, str]) -> str:
    """Return the text with each marker replaced by the value of its name; raise ValueError when one has none."""
    try:
        return _MARKER.sub(lambda found: values[found[1]], text) if SECRET_OPEN in text else text
    except KeyError as error:
        raise ValueError(f"there is no secret named {error}") from None
