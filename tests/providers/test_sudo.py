"""The rights of root on a real host: with a password, by the real sudo."""

from collections.abc import Callable

import pytest

from reconciler.model.target import Become, Host
from reconciler.ports.errors import Denied
from reconciler.ports.shell import Completed, Script
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.lab.hosts import CAREFUL_PASSWORD, Lab, LabHost
from tests.providers.secret_values import SecretValues

FAILURES = "journalctl -q -o cat SYSLOG_IDENTIFIER=sudo | grep -o '[0-9]* incorrect password attempt' || true"
ALONE = "for each in /proc/[0-9]*; do tr '\\0' ' ' <$each/cmdline; tr '\\0' ' ' <$each/environ; done 2>&1; id -un"


def there(host: LabHost, user: str = "careful") -> Host:
    return Host(
        name=host.name,
        environment="testing",
        address=host.address,
        user=user,
        host_key=host.host_key,
        labels={},
        become=Become.SUDO,
        become_password="root",
    )


@pytest.fixture
def asked(lab: Lab) -> Callable[[Host, str, Script], object]:
    async def ask(host: Host, password: str, script: Script) -> Completed:
        options = SshOptions(identities=(lab.client_key,), agent=False)
        shell = SshShell(options, dict, SecretValues({"root": password}))
        try:
            return await shell.run(host, script)
        finally:
            await shell.close()

    return ask


async def test_a_password_gives_root_and_is_seen_by_nobody(lab: Lab, asked: Callable) -> None:
    host = lab.host("web-1")
    for settings in ("", "Defaults timestamp_timeout=0\n"):
        host.write("/etc/sudoers.d/settings", settings.encode(), "0440")
        done = await asked(there(host), CAREFUL_PASSWORD, Script(text=f"cat; {ALONE}", payloads=(b"payload\n",)))
        assert done.output.startswith(b"payload\n")
        assert done.output.endswith(b"root\n")
        assert CAREFUL_PASSWORD.encode() not in done.output
        assert (done.status, done.errors) == (0, "")
    assert host.sh(FAILURES) == ""


async def test_a_wrong_password_counts_once(lab: Lab, asked: Callable) -> None:
    host = lab.host("web-1")
    with pytest.raises(Denied, match="sudo did not accept the password in the secret root"):
        await asked(there(host), "wrong", Script(text="touch /ran\ntrue\ntrue"))
    assert host.sh(FAILURES).strip() == "1 incorrect password attempt"
    assert host.sh("ls /ran 2>/dev/null || true") == ""


async def test_a_password_that_is_not_asked_for_does_no_harm(lab: Lab, asked: Callable) -> None:
    done = await asked(there(lab.host("web-1"), "deploy"), "anything", Script(text="id -un"))
    assert (done.output, done.errors) == (b"root\n", "")


async def test_a_user_without_the_right_is_told(lab: Lab, asked: Callable) -> None:
    with pytest.raises(Denied, match="plain may not use sudo there"):
        await asked(there(lab.host("web-1"), "plain"), "anything", Script(text="true"))
