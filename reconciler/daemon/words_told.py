"""What people said is told to the log: what is out of the ordinary louder than the rest. No secret is in any word."""

from typing import Any

from reconciler.daemon.logs import log
from reconciler.model.word import (
    AccessRefused,
    ApprovalAsked,
    ApprovalEscalated,
    ApprovalRefused,
    Locked,
    TokenIssued,
    TokenRevoked,
    Waived,
    Word,
)


def tell_word(word: Word) -> None:
    """Tell one word."""
    match word:
        case Waived():
            gates = [each.value for each in word.gates]
            log.warning("gates waived", **_about(word.unit), gates=gates, author=word.author, reason=word.reason)
        case AccessRefused():
            known = {"who": word.name, "login": word.login}
            log.warning("access refused", **known, action=word.action, **_about(word.unit), reason=word.reason)
        case ApprovalAsked() | ApprovalEscalated():
            log.info(word.event.replace("_", " "), **_about(word.unit), plan=word.plan)
        case ApprovalRefused():
            log.warning("plan rejected", **_about(word.unit), author=word.author, reason=word.reason)
        case Locked():
            place = _about(word.unit) or {"environment": word.environment}
            log.info("locked", **place, author=word.author, reason=word.reason)
        case TokenIssued():
            log.info("token made", token=word.id, name=word.name, author=word.author)
        case TokenRevoked():
            log.info("token revoked", token=word.id, author=word.author)
        case _:
            log.debug(word.event)


def _about(unit: object | None) -> dict[str, Any]:
    return {"unit": str(unit)} if unit else {}
