"""Where the next page begins, as a text that callers send back and need not understand."""

import base64
import binascii

from starlette.exceptions import HTTPException


def cursor_of(name: str) -> str:
    """Return the cursor of what comes after that name."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def position(cursor: str) -> str:
    """Return the name again; HTTPException 422 when it was not made by us."""
    try:
        name = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise HTTPException(422, "cursor: not one of ours; take `next` of the page before as it is") from None
    return name
