"""The records that a host keeps of us, read in one round trip."""

from reconciler.model.target import Host
from reconciler.ports.errors import Broken
from reconciler.ports.marks import Recorded
from reconciler.ports.shell import Script, Shell
from reconciler.providers.transaction.ground import GROUND, read_ground
from reconciler.providers.transaction.holder import Holder
from reconciler.providers.transaction.library import STATE
from reconciler.providers.transaction.marks import read_marks

# A transaction that is done and was cut off before it had its lines in the file of the unit still has them itself.
_ASK = f"""{STATE}{GROUND}
for rcl_file in "$STATE"/owned/*@*; do
    [ ! -f "$rcl_file" ] || {{ printf 'file %s\\n' "${{rcl_file##*/}}" && cat -- "$rcl_file" && echo; }} || exit 1
done
for rcl_file in "$STATE"/tx/*/owned; do
    [ -s "$rcl_file" ] && IFS= read -r rcl_line <"${{rcl_file%/*}}/outcome" || continue
    [ "$rcl_line" = 'outcome ok' ] || continue
    {{ printf 'file ' && cat -- "$rcl_file" && echo; }} || exit 1
done 2>/dev/null
"""


class HostRecords:
    """``ports.marks.Records`` over a Shell. ``holder`` is who we are to hosts."""

    def __init__(self, shell: Shell, holder: Holder) -> None:
        self._shell = shell
        self._holder = holder

    async def of(self, host: Host) -> Recorded:
        """Return the host's records; raise WorldError when it cannot be asked."""
        done = await self._shell.run(host, Script(text=_ASK))
        if done.status != 0:
            said = (done.errors.strip().splitlines() or [f"status {done.status}"])[-1]
            raise Broken(f"cannot read what {host.name} keeps of us: {said}")
        ground, rest = read_ground(done.output, self._holder.id)
        return Recorded(ground, read_marks(host.name, rest.decode(errors="replace")))
