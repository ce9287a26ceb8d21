"""A guarded change: the host is told, it waits, and somebody has to come over a new connection to confirm it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model.guard import Guard
from reconciler.model.operation import ChangePackages, ControlUnit, HostOperation, RunCommand
from reconciler.model.target import Host
from reconciler.ports.errors import Broken, Lost, Refused, Unreachable, WorldError
from reconciler.ports.shell import Completed, Script, Shell
from reconciler.ports.targets import Transaction
from reconciler.providers.transaction.guard import confirmation, inquiry
from reconciler.providers.transaction.outcome import Last, conclude, last
from reconciler.providers.transaction.segments import on_host

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 2.0
# The host still has to take it back, and to start again what was running, when it can be reached again.
_GRACE = 60.0
_SETTLE = 1.0
# So often we come while the script runs, in the time that the guard gives.
_VISITS = 4
_NAMED = 6


async def carry_out(shell: Shell, host: Host, script: Script, transaction: Transaction) -> None:
    """Run the script of a guarded transaction and confirm it; raise as ``Targets.apply`` does.

    A connection that is lost meanwhile or hangs, or a script that is killed, leaves it to the confirmation to find out.
    """
    began = asyncio.get_running_loop().time()
    running = asyncio.create_task(shell.run(host, script))
    try:
        await _Confirmation(shell, host, transaction, running, began).come(script.limit.total_seconds())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@dataclass
class _Confirmation:
    """Coming back to one host. ``since`` is when it was begun, ``failure`` why a connection failed, the newest."""

    shell: Shell
    host: Host
    transaction: Transaction
    running: asyncio.Task[Completed]
    since: float
    lost: WorldError | None = None
    failure: WorldError | None = None

    async def come(self, limit: float) -> None:
        """Come back until the host says how it ended; each time over a connection that is made for that alone.

        ``limit`` is how many seconds the script may take. While it runs we come now and then: what it does may have
        cut off the connection that it runs over, and nobody would hear of its end. Such a visit only asks: it may have
        come in before the change that nobody could come in after.
        """
        within = _within(self.transaction)
        loop = asyncio.get_running_loop()
        until, wait, ended = loop.time() + limit + within + _GRACE, _FIRST_WAIT, False
        await asyncio.wait({self.running}, timeout=within / _VISITS)
        while True:
            if self.running.done() and not ended:
                ended, until = True, loop.time() + within + _GRACE
                if self._settled(self.running):
                    return
                await asyncio.sleep(_settling(self.transaction))
            said = await self._once(confirmation if ended else inquiry)
            if said is not None and self._ended(said):
                return
            if said is not None and said.word == "waiting":
                ended, until = True, loop.time() + within + _GRACE
                await asyncio.sleep(_settling(self.transaction))
                continue
            if loop.time() > until:
                raise Unreachable(self._unknown(said))
            if ended:
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                await asyncio.wait({self.running}, timeout=within / _VISITS)

    def _settled(self, running: asyncio.Task[Completed]) -> bool:
        """Whether the script itself has said all there is to know; raises what it says."""
        try:
            done = running.result()
        except Lost as error:
            self.lost = error
            return False
        said = last(done)
        if said is None or said.word == "fenced":
            self.lost = Unreachable(f"the change on {self.host.name} was cut off (status {done.status})")
            return False
        if said.word != "waiting":
            conclude(self.host.name, done)
            return True
        return False

    async def _once(self, script: Callable[[str], Script]) -> Last | None:
        try:
            done = await self.shell.run_anew(self.host, script(self.transaction.id))
        except WorldError as error:
            self.failure = error
            return None
        return last(done)

    def _ended(self, said: Last) -> bool:
        """Whether it is confirmed; False when the host has yet to decide."""
        name = self.host.name
        match said.word:
            case "ok":
                return True
            case "running" | "waiting" | "taking":
                return False
            case "back":
                raise self._taken_back(said)
            case "failed":
                raise Refused(f"{name}: {said.text}; everything there is as it was")
            case "none" if not self.running.done():
                return False
            case "none":
                raise self.lost or Unreachable(f"{name} does not know of the change {self.transaction.id} any more")
            case "stuck":
                raise Broken(f"{name}: {said.text}; a person must look at it")
            case _:
                raise Broken(f"{name} said something about a change that makes no sense: {said.word[:80]!r}")

    def _taken_back(self, said: Last) -> WorldError:
        name, seconds = self.host.name, _within(self.transaction)
        if asyncio.get_running_loop().time() - self.since < seconds:
            # It waited before we came: nothing speaks against the change, only nobody was there to confirm it.
            return Unreachable(f"{name}: {said.text}")
        why = self.failure or "none was there in time"
        changed = _named(on_host(self.transaction.operations))
        return Refused(
            f"{name}: changed {changed}, and then no new connection could be made ({why}); "
            f"after {seconds:g} s the host took it back by itself, and everything there is as it was. "
            f"Look at what the change does to sshd, the firewall, the network and the account {self.host.user}"
        )

    def _unknown(self, said: Last | None) -> str:
        why = f"it says that the change is {said.word}" if said else f"{self.failure}"
        return f"{self.host.name}: nobody knows how the change {self.transaction.id} ended: {why}"


def _settling(transaction: Transaction) -> float:
    """How long to wait before we come: what is told to read its files again has not done so when the telling ends."""
    slow = any(isinstance(each, RunCommand | ControlUnit | ChangePackages) for each in transaction.operations)
    return min(_SETTLE, _within(transaction) / _VISITS) if slow else 0.0


def _within(transaction: Transaction) -> float:
    return (transaction.guard or Guard()).within.total_seconds()


def _named(operations: tuple[HostOperation, ...]) -> str:
    """What was changed, for a person: the paths, units and programs, the first few of them."""
    names = list(dict.fromkeys(name for each in operations if (name := _name(each))))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (", ".join(names[:_NAMED]) or "something") + more


def _name(operation: HostOperation) -> str:
    match operation:
        case RunCommand():
            return operation.what
        case ControlUnit():
            return operation.unit
        case ChangePackages():
            every = (*(each.name for each in operation.install), *operation.remove)
            return "packages " + ", ".join(every[:_NAMED])
        case _:
            named = getattr(operation, "path", None) or getattr(operation, "user", None)
            return str(named) if named else ""
