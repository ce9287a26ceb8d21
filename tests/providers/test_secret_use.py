"""A secret that is not known is waited for; one that is missing or has changed is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.canonical import digest_bytes
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Content
from reconciler.model.operation import WriteFile
from reconciler.model.secret_store import parsed
from reconciler.ports.errors import Denied, Refused, Unreachable
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.ports.targets import Transaction
from reconciler.providers.secret_use import used
from reconciler.providers.transaction.deliver import deliveries
from tests.providers.secret_values import SecretValues

TEXT = f"{SECRET_OPEN}db{SECRET_CLOSE}\n".encode()


class Away(SecretValues):
    """The store cannot be asked."""

    def value(self, reference: str) -> str:
        raise SecretUnknown(f"the store vault cannot be asked for {reference}")


def writing(value: str) -> Transaction:
    keyed = SecretValues({}).keyed(digest_bytes(f"{value}\n".encode()))
    content = Content(digest_bytes(TEXT), keyed, len(TEXT), {"db": "vault:shop/db"})
    return Transaction(
        id="t", operations=(WriteFile("/etc/shop.conf", content, "0600"),), contents={content.blob: TEXT}
    )


async def test_a_store_that_is_away_is_waited_for_and_nothing_is_refused() -> None:
    with pytest.raises(Unreachable, match=r"cannot write /etc/shop.conf: the store vault cannot be asked"):
        await deliveries(writing("value"), None, Away({}))  # type: ignore[arg-type]


async def test_a_secret_that_is_gone_or_another_one_is_refused() -> None:
    with pytest.raises(Refused, match="is in no store"):
        await deliveries(writing("value"), None, SecretValues({}))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="a secret in it changed since the plan was made"):
        await deliveries(writing("value"), None, SecretValues({"vault:shop/db": "another value"}))  # type: ignore[arg-type]


async def test_the_value_is_filled_in_at_the_last_moment() -> None:
    sent = await deliveries(writing("the value"), None, SecretValues({"vault:shop/db": "the value"}))  # type: ignore[arg-type]
    assert sent[0].payload == b"the value\n"


def test_whoever_uses_a_secret_says_what_it_is_when_there_is_none() -> None:
    for secrets, missing in ((SecretValues({}), Denied), (Away({}), Unreachable)):
        with pytest.raises(missing, match="cannot log in: the "):
            used(secrets, "shop/db", "cannot log in", Denied)
    assert issubclass(SecretUnknown, SecretMissing)


@given(st.text(alphabet="ab./:@#-_ \n\0é%$;", max_size=20))
def test_a_reference_never_leaves_its_store(text: str) -> None:
    try:
        meant = parsed(text)
    except ValueError:
        return
    parts = Path(meant.path).parts
    assert not meant.path.startswith("/")
    assert not {"..", "."} & set(parts)
    assert "/".join(parts) == meant.path
    assert meant.path.isascii()
    assert meant.path.isprintable()
    assert not (meant.store and any(part.startswith(("-", ".")) for part in parts))
