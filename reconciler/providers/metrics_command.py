"""What a command prints on a host: a number, or JSON."""

from datetime import timedelta

from reconciler.model.analysis import CommandQuery
from reconciler.model.target import Host
from reconciler.ports.errors import Broken
from reconciler.ports.metrics import NoData, Reading
from reconciler.ports.shell import Completed, Script, Shell, quote
from reconciler.providers.metrics_answers import json_of, line, single
from reconciler.providers.metrics_http import taken

_LIMIT = timedelta(seconds=30)


async def read(shell: Shell, query: CommandQuery, host: Host | None) -> Reading:
    """Run the command on the host, with the rights of the connection; it has 30 s."""
    if host is None:
        raise Broken(f"there is no host to run {query} on: no target of the plan is a Host")
    words = " ".join(quote(word) for word in query.command)
    # In a subshell: a command that is not there must not end the shell that reports it.
    done = await shell.run(host, Script(text=f"( exec {words} ) </dev/null", limit=_LIMIT))
    return reading(done, f"{query.command[0]} on {host.name}")


def reading(done: Completed, who: str) -> Reading:
    """Return what was printed; raise Broken."""
    if done.status != 0:
        said = (done.errors.strip() or done.output.decode(errors="replace").strip()).splitlines()
        raise Broken(line(f"{who} ended with status {done.status}" + (f": {said[-1]}" if said else "")))
    printed = done.output.decode(errors="replace").strip()
    if not printed:
        return NoData(f"{who} printed nothing")
    try:
        number = float(printed)
    except ValueError:
        return taken(json_of(done.output, who), f"what {who} printed")
    return single(number)
