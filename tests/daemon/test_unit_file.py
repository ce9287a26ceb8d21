"""What the unit that we ship for systemd gives the daemon; whether systemd understands it is asked in the lab."""

from reconciler.daemon.api_settings import ApiSettings
from tests.architecture.tracked import ROOT


def test_the_connections_of_the_api_do_not_take_the_files_that_hosts_need() -> None:
    lines = (ROOT / "systemd/reconciler.service").read_text().splitlines()
    (limit,) = [int(line.partition("=")[2]) for line in lines if line.startswith("LimitNOFILE=")]
    assert limit >= 100 * ApiSettings().limits.connections
