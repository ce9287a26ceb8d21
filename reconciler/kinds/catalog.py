"""All kinds, by the word people write. A new kind is a module and a line here."""

from collections.abc import Mapping

from reconciler.kinds import (
    authorized_key,
    block,
    certificate,
    command,
    container,
    cron,
    directory,
    file,
    git_checkout,
    group,
    http_resource,
    image,
    kubernetes,
    line,
    mount,
    network,
    package,
    release,
    swarm_config,
    swarm_network,
    swarm_secret,
    swarm_tasks,
    symlink,
    sysctl,
    systemd_unit,
    timer,
    user,
    volume,
)
from reconciler.kinds.prelude import PRELUDE as _PRELUDE
from reconciler.kinds.prelude_accounts import ACCOUNTS
from reconciler.kinds.prelude_checkout import CHECKOUT
from reconciler.kinds.prelude_edits import PRELUDE_EDITS
from reconciler.kinds.prelude_packages import PACKAGES
from reconciler.kinds.prelude_programs import PROGRAMS
from reconciler.ports.kind import Kind

PRELUDE = _PRELUDE + PRELUDE_EDITS + PROGRAMS + ACCOUNTS + PACKAGES + CHECKOUT

CATALOG: Mapping[str, Kind] = {
    file.NAME: file,
    directory.NAME: directory,
    symlink.NAME: symlink,
    systemd_unit.NAME: systemd_unit,
    release.NAME: release,
    git_checkout.NAME: git_checkout,
    certificate.NAME: certificate,
    cron.NAME: cron,
    timer.NAME: timer,
    package.NAME: package,
    group.NAME: group,
    user.NAME: user,
    line.NAME: line,
    block.NAME: block,
    authorized_key.NAME: authorized_key,
    command.NAME: command,
    sysctl.NAME: sysctl,
    mount.NAME: mount,
    container.NAME: container,
    image.NAME: image,
    network.NAME: network,
    volume.NAME: volume,
    kubernetes.NAME: kubernetes,
    http_resource.NAME: http_resource,
    swarm_tasks.NAME: swarm_tasks,
    swarm_config.NAME: swarm_config,
    swarm_secret.NAME: swarm_secret,
    swarm_network.NAME: swarm_network,
}
"""The kinds; mypy checks each module against the Protocol. PRELUDE is what their probes need, once a script."""
