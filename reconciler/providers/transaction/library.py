"""The sh functions every transaction starts with, and where our records are on a host."""

from importlib import resources

from reconciler.providers.sh_source import compact

_FILES = (
    *("lock.sh", "tell.sh", "begin.sh", "stage.sh", "edit.sh", "pack.sh", "run.sh"),
    *("accounts.sh", "switch.sh", "units.sh", "own.sh"),
)

# `id` would be a process of its own, in every look at every host.
STATE = compact("""\
rcl_is_root() {
    while read -r rcl_key rcl_real rcl_effective rcl_rest; do
        [ "$rcl_key" != Uid: ] || break
    done </proc/self/status
    [ "$rcl_effective" = 0 ]
}
if [ "${XDG_STATE_HOME:-}" ]; then STATE=$XDG_STATE_HOME/reconciler-host
elif rcl_is_root; then STATE=/var/lib/reconciler-host
else STATE=$HOME/.local/state/reconciler-host; fi
""")
"""Sets STATE, the folder of our records on a host. It is the same for looking and for changing.

It is not the daemon's own folder: the machine that the daemon runs on may be one of its hosts.
"""


def _read(*names: str) -> str:
    return compact("".join((resources.files(__package__) / "sh" / name).read_text(encoding="utf-8") for name in names))


LIBRARY = _read(*_FILES)
"""The functions that a rendered transaction calls."""

PACKAGES = _read("packages.sh", "dnf.sh")
"""The functions for packages; a transaction without any does without them, and its way back too."""
