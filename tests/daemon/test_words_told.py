"""What people said is in the log: refusals, waivers and tokens, loud where it is out of the ordinary."""

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from reconciler.daemon.words_told import tell_word
from reconciler.model.governance import GateKind
from reconciler.model.identity import UnitId
from reconciler.model.word import (
    AccessRefused,
    ApprovalAsked,
    ApprovalRefused,
    FactorUsed,
    Locked,
    TokenIssued,
    TokenRevoked,
    Waived,
    Word,
)

AT = datetime(2026, 11, 21, tzinfo=UTC)
SHOP = UnitId("shop", "production")


@pytest.mark.parametrize(
    ("word", "level", "said"),
    [
        (
            AccessRefused(name="eve", login="token", action="abort", unit=SHOP, reason="no role", at=AT),
            "warning",
            {"event": "access refused", "who": "eve", "unit": "shop@production", "reason": "no role"},
        ),
        (
            AccessRefused(name="", login="192.0.2.1", action="come in", unit=None, reason="no token", at=AT),
            "warning",
            {"event": "access refused", "login": "192.0.2.1"},
        ),
        (
            Waived(id="w", unit=SHOP, gates=(GateKind.WINDOW,), author="ann", reason="a fire", until=AT, at=AT),
            "warning",
            {"event": "gates waived", "gates": ["window"], "author": "ann", "reason": "a fire"},
        ),
        (
            ApprovalAsked(unit=SHOP, plan="p1", policies=("x",), at=AT),
            "info",
            {"event": "approval asked", "plan": "p1"},
        ),
        (
            ApprovalRefused(unit=SHOP, plan="p1", author="ann", reason="no", at=AT),
            "warning",
            {"event": "plan rejected", "author": "ann"},
        ),
        (
            Locked(unit=None, environment="production", author="ann", reason="audit", at=AT),
            "info",
            {"event": "locked", "environment": "production"},
        ),
        (
            TokenIssued(id="01A", name="ci", digest="d" * 64, author="ann", at=AT, until=None),
            "info",
            {"event": "token made", "token": "01A", "name": "ci", "author": "ann"},
        ),
        (TokenRevoked(id="01A", author="ann", at=AT), "info", {"event": "token revoked", "author": "ann"}),
        (FactorUsed(person="ann", step=1, at=AT), "debug", {"event": "factor_used"}),
    ],
)
def test_a_word_is_told_once(word: Word, level: str, said: dict[str, object]) -> None:
    with capture_logs() as logs:
        tell_word(word)
    (told,) = logs
    assert told["log_level"] == level
    assert {key: told[key] for key in said} == said
    assert "d" * 64 not in str(told)
