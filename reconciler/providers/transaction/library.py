"""The sh functions every transaction starts with, and where our records are on a host."""

from importlib import resources

from reconciler.providers.sh_source import compact

_FILES = ("begin.sh", "stage.sh", "switch.sh", "units.sh")

STATE = compact("""\
if [ "${XDG_STATE_HOME:-}" ]; then STATE=$XDG_STATE_HOME/reconciler
elif [ "$(id -u)" = 0 ]; then STATE=/var/lib/reconciler
else STATE=$HOME/.local/state/reconciler; fi
""")
"""Sets STATE, the folder of our records on a host. It is the same for looking and for changing."""

LIBRARY = compact("".join((resources.files(__package__) / "sh" / name).read_text(encoding="utf-8") for name in _FILES))
"""The functions that a rendered transaction calls."""
