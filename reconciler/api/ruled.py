"""Has the desk rule on a request, however it came: what it may not tell is masked here, in one place."""

import re

from starlette.exceptions import HTTPException

from reconciler.api.caller import NOT_THERE, known
from reconciler.api.door import Call
from reconciler.model.access import Action
from reconciler.model.asking import Forbidden, Lock, Origin, Request, Ruling, Unlock


async def ruled(call: Call, wanted: Request) -> Ruling:
    """Return the ruling, which everybody sees from now on.

    Raises Refused, JournalUnavailable, and HTTPException where a refusal would tell of a unit that they may not read.
    """
    door = call.hall.door
    try:
        ruling = await door.doorway.desk.decide(wanted, known(call), _origin(call))
    except Forbidden:
        # The desk has written the refusal down already.
        unit = getattr(wanted, "unit", None)
        if unit is not None and not await door.doorway.desk.may(known(call), Action.READ, unit):
            raise HTTPException(404, NOT_THERE) from None
        if isinstance(wanted, Lock | Unlock) and unit is None:
            # What is missing may be the name of a unit that they may not read.
            why = f"{known(call).name} may not {wanted.verb} every unit of {wanted.environment}"
            raise HTTPException(403, f"{why}: no role bound to them allows it") from None
        raise
    call.hall.fleet.forget()
    return ruling


def _origin(call: Call) -> Origin:
    # Whoever comes through the socket is on this machine. Anybody may write anything in the place of a trace.
    trace = call.shown.headers.get("traceparent", "")
    address = "" if call.shown.peer else call.shown.address
    return Origin(id=call.id, address=address, trace=trace if _TRACE.fullmatch(trace) else "")


_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
