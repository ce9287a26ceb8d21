"""What the docs tell receivers of a webhook to do finds what is genuine, and nothing else."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.ports.errors import Denied
from reconciler.providers.channels.webhook import signature
from reconciler.providers.clock import SystemClock

DOCS = Path(__file__).parents[3] / "docs/notifications.md"
SECRETS = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "any text of ours")


@pytest.fixture
def genuine() -> Callable[[str, dict[str, str], bytes], bool]:
    [source] = re.findall(r"```python\n(.*?def genuine.*?)```", DOCS.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(source, names)
    found: Callable[[str, dict[str, str], bytes], bool] = names["genuine"]
    return found


def headers(secret: str, body: bytes, ago: int = 0) -> dict[str, str]:
    stamp = str(int(SystemClock().now().timestamp()) - ago)
    return {
        "webhook-id": "m1",
        "webhook-timestamp": stamp,
        "webhook-signature": signature(secret, "m1", stamp, body),
    }


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of the specification's own libraries.
    body = b'{"test": 2432232314}'
    made = signature(SECRETS[0], "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", SECRETS)
def test_what_was_sent_is_genuine_and_what_was_changed_is_not(
    secret: str, genuine: Callable[[str, dict[str, str], bytes], bool]
) -> None:
    sent = headers(secret, b"{}")
    assert genuine(secret, sent, b"{}")
    assert genuine(secret, {**sent, "webhook-signature": f"v1,other {sent['webhook-signature']}"}, b"{}")
    assert not genuine(secret, sent, b"{ }")
    assert not genuine(secret, {**sent, "webhook-id": "m2"}, b"{}")
    assert not genuine("another", sent, b"{}")
    assert not genuine(secret, headers(secret, b"{}", ago=400), b"{}")


def test_a_secret_that_only_looks_like_base64_is_for_a_person_to_mend() -> None:
    with pytest.raises(Denied, match="begins with whsec_ and is no base64 after that") as caught:
        signature("whsec_no base64", "m1", "1", b"")
    assert "no base64" not in str(caught.value).replace("is no base64 after", "")
