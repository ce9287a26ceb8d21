"""All kinds, by the word people write. A new kind is a module and a line here."""

from collections.abc import Mapping

from reconciler.kinds import directory, file, release, symlink, systemd_unit
from reconciler.kinds.prelude import PRELUDE as _PRELUDE
from reconciler.kinds.prelude_edits import PRELUDE_EDITS
from reconciler.ports.kind import Kind

PRELUDE = _PRELUDE + PRELUDE_EDITS

CATALOG: Mapping[str, Kind] = {
    file.NAME: file,
    directory.NAME: directory,
    symlink.NAME: symlink,
    systemd_unit.NAME: systemd_unit,
    release.NAME: release,
}
"""The kinds; mypy checks each module against the Protocol. PRELUDE is what their probes need, once a script."""
