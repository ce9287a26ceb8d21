"""A change of packages → the words that the sh function takes. Pure."""

from collections.abc import Iterator

from reconciler.model.operation import ChangePackages
from reconciler.ports.shell import quote
from reconciler.providers.transaction.library import PACKAGES

_READ = '. "$T/packages.sh"'
_KEEP = f"tx_note packages.sh {quote(PACKAGES)}"


def keep() -> str:
    """Return the line that puts the functions for packages into the transaction's folder, for its way back."""
    return _KEEP


def back(place: int) -> str:
    """Return the line that takes the change back, whichever transaction runs it."""
    return f"{_READ}; tx_back_packages {place}"


def change(place: int, op: ChangePackages) -> str:
    """Return the line that carries it out. ``place`` numbers what it keeps."""
    words = " ".join(quote(word) for word in _words(op))
    return f"{_READ}; tx_packages {place} {op.tool.value} {'yes' if op.recommends else quote('')} {words}"


def _words(op: ChangePackages) -> Iterator[str]:
    yield from (f"install/{each.name}/{each.version or ''}/{each.at_least or ''}" for each in op.install)
    for verb, names in (("remove", op.remove), ("hold", op.hold), ("unhold", op.unhold)):
        yield from (f"{verb}/{name}" for name in names)
