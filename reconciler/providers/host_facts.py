"""What a host says of itself: asked for where a resource depends on it."""

from reconciler.model.canonical import Json
from reconciler.model.target import Host
from reconciler.ports.errors import Broken
from reconciler.ports.shell import Question, Shell

# Each line is a word, a space and a value. What a host has no such file for is not said.
_QUESTION = """\
set -- $(uname -s -r -m)
printf 'kernel %s\\nrelease %s\\narchitecture %s\\n' "$1" "$2" "$3"
printf 'hostname %s\\n' "$(uname -n)"
if [ -r /etc/os-release ]; then
    ( . /etc/os-release; printf 'os %s\\nversion %s\\ncodename %s\\n' "$ID" "$VERSION_ID" "$VERSION_CODENAME" )
fi
if [ -r /proc/cpuinfo ]; then printf 'cpus %s\\n' "$(grep -c '^processor' /proc/cpuinfo)"; fi
if [ -r /proc/meminfo ]; then
    while read -r name value _; do [ "$name" != MemTotal: ] || printf 'memory %s\\n' "$value"; done </proc/meminfo
fi
if [ -d /run/systemd/system ]; then echo 'init systemd'; fi
"""
_NUMBERS = {"cpus": 1, "memory": 1024}


class HostFacts:
    """Asks hosts; one that says the same as before says only that."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._known: dict[str, tuple[Host, str, dict[str, Json]]] = {}

    async def of(self, host: Host) -> dict[str, Json]:
        """Return os, version, codename, kernel, release, architecture, hostname, cpus, memory (bytes), init.

        Raises WorldError.
        """
        before = self._known.get(host.name)
        known = before if before and before[0] == host else (host, "", {})
        reply = await self._shell.ask(host, Question(text=_QUESTION, known=known[1]))
        if reply.completed is None:
            return known[2]
        if reply.completed.status != 0:
            raise Broken(f"{host.name} cannot say what it is: {reply.completed.errors.strip()}")
        facts = read(reply.completed.output.decode(errors="replace"))
        self._known[host.name] = (host, reply.mark, facts)
        return facts


def read(answer: str) -> dict[str, Json]:
    """Return the facts that are in the lines; what is empty is not known."""
    found: dict[str, Json] = {}
    for line in answer.splitlines():
        name, _, value = line.partition(" ")
        if value:
            found[name] = int(value) * _NUMBERS[name] if name in _NUMBERS and value.isdecimal() else value
    return found
