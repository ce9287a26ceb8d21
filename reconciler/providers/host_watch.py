"""The script by which a host tells, without being asked, that what is seen there is no longer the same. Pure."""

import re
from datetime import timedelta

from reconciler.providers.sh_source import compact

# Standard input ends with the connection, and then so does this. Every sixty looks it says a dot, so that a network
# that is gone is noticed by the host, too. It steps back behind everything else that runs there.
_LOOP = compact("""\
exec 3<&0 </dev/null 2>/dev/null
{ cat <&3 >/dev/null; kill $$; } &
exec 3<&-
renice -n 10 -p $$ >/dev/null || :
watch_last= watch_looks=0
while :; do
    watch_said=$(watch)
    if [ "$watch_said" != "$watch_last" ]; then
        watch_last=$watch_said
        watch_sum=$(printf %s "$watch_said" | sha256sum)
        echo "${watch_sum%% *}"
    fi
    watch_looks=$((watch_looks + 1))
    [ $((watch_looks % 60)) != 0 ] || echo .
    sleep "$watch_period"
done
""")
_DIGEST = re.compile(rb"[0-9a-f]{64}")


def script(question: str, period: timedelta) -> str:
    """Return the script that asks itself the question every period and prints the answer's sha256 when it is new."""
    return f"watch_period={period.total_seconds():g}\nwatch() (\n{question}\n)\n{_LOOP}"


def digest(line: bytes) -> str | None:
    """Return the digest that a line of the script's output is, None for one that says only that it still runs."""
    return line.strip().decode() if _DIGEST.fullmatch(line.strip()) else None
