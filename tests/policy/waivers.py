"""Somebody breaks the glass, for tests of gates."""

from datetime import datetime

from reconciler.model.governance import GateKind
from reconciler.model.word import Waived
from tests.factory import NOW, SHOP


def waived(*gates: GateKind, until: datetime) -> Waived:
    """Return a waiver of these gates of the shop."""
    return Waived(id="w", unit=SHOP, gates=gates, author="eve", reason="it burns", until=until, at=NOW)
