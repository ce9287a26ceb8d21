"""The sudoers rule in the documentation is enough, on a real host."""

from reconciler.model.target import Become, Host
from reconciler.ports.shell import Script
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.docs.pages import blocks
from tests.lab.hosts import Lab
from tests.providers.secret_values import SecretValues

RULE = "/etc/sudoers.d/reconciler"


async def test_the_rule_of_the_documentation_is_all_that_a_host_needs(lab: Lab) -> None:
    (rule,) = [block.text for block in blocks() if block.text.startswith(f"# {RULE}\n")]
    machine = lab.host("web-1")
    machine.sh("rm /etc/sudoers.d/lab")
    machine.write(RULE, rule.encode(), mode="0440")
    host = Host(
        name="web-1",
        environment="production",
        address=machine.address,
        user="deploy",
        host_key=machine.host_key,
        become=Become.SUDO,
        labels={},
    )
    shell = SshShell(SshOptions(identities=(machine.client_key,), agent=False), dict, SecretValues({}))
    try:
        done = await shell.run(host, Script(text='id -un; echo "$HOME"'))
    finally:
        await shell.close()
    assert (done.status, done.output) == (0, b"root\n/home/deploy\n"), done.errors
    refused = machine.ssh("deploy", "sudo -n id")
    assert refused.returncode != 0, "the rule allows more than the shell"
