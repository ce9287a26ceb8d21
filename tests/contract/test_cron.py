"""Jobs of a real cron: it runs just the words that were written, and what befalls the file by hand is put right."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.ports.errors import Refused
from tests.contract.conftest import DEPLOY, PLAIN, LabWorld
from tests.contract.one_resource import OneResource, one_resource
from tests.lab.hosts import LabHost
from tests.providers.secret_values import SecretValues

pytestmark = pytest.mark.lab

WORDS = ["100%", "%", "\\%", "a\\b", "a\\\\b", "\\", "$HOME", "it's", 'say "x"', "", ";", "#", "~", "*", "à", "-x"]
PRINT = """{ for word; do printf "<%s>" "$word"; done; echo "$ODD"; } >/tmp/demo.new; mv /tmp/demo.new /tmp/demo.out"""


@pytest.fixture
async def one(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[OneResource]:
    async with one_resource(LabWorld(lab_host, DEPLOY), tmp_path, {}, SecretValues({})) as made:
        await made.says("rm -f /etc/cron.d/reconciler-* /tmp/demo.*")
        yield made


async def test_a_job_is_made_mended_and_taken_away(one: OneResource) -> None:
    resource = one.of("cron", {"name": "demo", "schedule": "@daily", "run": ["true"], "user": "deploy"})
    assert await one.fields(resource) == {"type", "content", "mode", "owner", "group"}
    await one.bring(resource)
    await one.says("echo '* * * * * root reboot' >>/etc/cron.d/reconciler-demo; chmod 0666 /etc/cron.d/reconciler-demo")
    assert await one.fields(resource) == {"content", "mode"}
    await one.bring(resource)
    await one.take_away(resource)


@pytest.mark.slow
async def test_cron_runs_just_the_words_that_were_written(one: OneResource) -> None:
    run = ["sh", "-c", PRINT, "sh", *WORDS]
    odd = "50% of 'it' \\ $c"
    written = {"name": "demo", "schedule": "* * * * *", "run": run, "user": "plain", "environment": {"ODD": odd}}
    await one.bring(one.of("cron", written))
    await one.says("systemctl is-active cron; until [ -f /tmp/demo.out ]; do sleep 0.5; done; stat -c %U /tmp/demo.out")
    assert await one.says("cat /tmp/demo.out") == "".join(f"<{word}>" for word in WORDS) + odd + "\n"
    assert await one.says("stat -c %U /tmp/demo.out") == "plain\n"


async def test_who_may_not_write_there_is_told(lab_host: LabHost, tmp_path: Path) -> None:
    async with one_resource(LabWorld(lab_host, PLAIN), tmp_path, {}, SecretValues({})) as one:
        resource = one.of("cron", {"name": "demo", "schedule": "@daily", "run": ["true"]})
        with pytest.raises(Refused, match=r"may not write in /etc/cron\.d; connect as a user who may, or with become"):
            await one.bring(resource)
