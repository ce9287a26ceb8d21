"""What we ship for systemd is understood by a real systemd, and leaves the daemon few rights."""

import re

import pytest

from tests.architecture.tracked import ROOT
from tests.lab.hosts import Lab, LabHost

EXPOSURE = 2.0
"""What ``systemd-analyze security`` may say at most; an ordinary service has 9.6."""


@pytest.fixture
def installed(lab: Lab) -> LabHost:
    host = lab.host("controller")
    host.write("/etc/systemd/system/reconciler.service", (ROOT / "systemd/reconciler.service").read_bytes())
    for part in ("sysusers.d", "tmpfiles.d"):
        host.write(f"/etc/{part}/reconciler.conf", (ROOT / "systemd" / part / "reconciler.conf").read_bytes())
    host.write("/opt/reconciler/bin/reconciler", b"#!/bin/sh\nexit 1\n", "0755")
    return host


def test_systemd_finds_no_fault_in_the_unit(installed: LabHost) -> None:
    complaints = installed.sh("systemd-sysusers 2>&1; systemd-analyze verify reconciler.service 2>&1; echo status $?")
    assert [line for line in complaints.splitlines() if "Creating" not in line] == ["status 0"]


def test_the_unit_leaves_the_daemon_few_rights(installed: LabHost) -> None:
    said = installed.sh(
        "systemd-analyze security --no-pager --offline=true /etc/systemd/system/reconciler.service; true"
    )
    exposure = re.search(r"Overall exposure level .*: ([0-9.]+)", said)
    assert exposure, said
    assert float(exposure[1]) <= EXPOSURE, said


def test_the_user_may_read_the_settings_and_alone_sees_the_state(installed: LabHost) -> None:
    installed.write("/etc/reconciler/reconciler.toml", b"", "0600")
    installed.sh("systemd-sysusers && systemd-tmpfiles --create reconciler.conf")
    seen = installed.sh("stat -c '%A %U %G' /etc/reconciler /etc/reconciler/reconciler.toml /var/lib/reconciler")
    assert seen.splitlines() == [
        "drwxr-x--- root reconciler",
        "-rw-r----- root reconciler",
        "drwx------ reconciler reconciler",
    ]
