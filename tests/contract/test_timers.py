"""Timers on a real systemd: what runs is what was written, and what befalls them by hand is put right."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.ports.errors import Refused
from tests.contract.conftest import DEPLOY, PLAIN, LabWorld
from tests.contract.one_resource import OneResource, one_resource
from tests.lab.hosts import LabHost
from tests.providers.secret_values import SecretValues

pytestmark = pytest.mark.lab

WORDS = [
    "100%",
    "%h",
    "$HOME",
    "${HOME}",
    "$$",
    'say "a\\b"',
    "it's",
    "",
    ";",
    "two\nlines",
    "\ttab",
    "à",
    "\\x41",
    "-x",
]
PRINT = 'for word; do printf "<%s>" "$word"; done >"$OUT"; printf "%s" "$ODD" >>"$OUT"; pwd >>"$OUT"'


@pytest.fixture(params=["system", "user"])
def scope(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def one(scope: str, lab_host: LabHost, tmp_path: Path) -> AsyncIterator[OneResource]:
    world = LabWorld(lab_host, DEPLOY if scope == "system" else PLAIN)
    async with one_resource(world, tmp_path, {}, SecretValues({})) as made:
        yield made


def written(scope: str, **more: object) -> dict[str, object]:
    return {"name": "demo-backup", "schedule": "daily", "run": ["true"], "scope": scope, **more}


async def test_a_timer_is_made_changed_mended_and_taken_away(one: OneResource, scope: str) -> None:
    ctl = f"systemctl --{scope}"
    resource = one.of("timer", written(scope))
    assert await one.fields(resource) == {"service", "timer", "enabled", "running"}
    await one.bring(resource)
    assert (
        await one.says(f"{ctl} is-active demo-backup.timer; {ctl} is-enabled demo-backup.timer") == "active\nenabled\n"
    )

    later = one.of("timer", written(scope, schedule="Mon *-*-* 04:30:00", run=["sleep", "0"]))
    assert await one.fields(later) == {"service", "timer"}
    await one.bring(later)
    shown = await one.says(f"{ctl} show -p TimersCalendar demo-backup.timer")
    assert "Mon *-*-* 04:30:00" in shown

    await one.says(f"{ctl} disable --now demo-backup.timer 2>&1")
    assert await one.fields(later) == {"enabled", "running"}
    await one.bring(later)

    file = await one.says(f"{ctl} show -p FragmentPath --value demo-backup.service")
    await one.says(f"echo '# by hand' >>{file}")
    assert await one.fields(later) == {"service", "reload_pending"}
    await one.bring(later)
    await one.says(f"rm {file}")
    await one.bring(later)
    await one.take_away(later)
    assert await one.says(f"{ctl} list-unit-files --no-legend 'demo*' || true") == ""


async def test_the_program_gets_just_the_words_that_were_written(one: OneResource, scope: str) -> None:
    out = "/run/demo.out" if scope == "system" else "/home/plain/demo.out"
    run = ["sh", "-c", PRINT, "sh", *WORDS]
    odd = 'a "b" $c %d \\e'
    resource = one.of("timer", written(scope, run=run, environment={"OUT": out, "ODD": odd}, directory="/usr/share"))
    await one.bring(resource)
    await one.says(f"systemctl --{scope} start demo-backup.service")
    assert await one.says(f"cat {out}") == "".join(f"<{word}>" for word in WORDS) + odd + "/usr/share\n"


async def test_a_schedule_that_only_systemd_knows_to_be_wrong_changes_nothing(one: OneResource, scope: str) -> None:
    resource = one.of("timer", written(scope, schedule="*-*-* 00:00:00 Europe/Nowhere"))
    with pytest.raises(Refused, match=r"cannot start demo-backup\.timer"):
        await one.bring(resource)
    assert await one.fields(resource) == {"service", "timer", "enabled", "running"}


async def test_a_timer_runs_again_and_again(one: OneResource, scope: str) -> None:
    out = "/run/demo.runs" if scope == "system" else "/home/plain/demo.runs"
    resource = one.of("timer", written(scope, schedule=None, every="1s", run=["sh", "-c", f"echo run >>{out}"]))
    await one.bring(resource)
    wait = f"until [ $(grep -c run {out} 2>/dev/null || echo 0) -ge 2 ]; do sleep 0.1; done"
    assert await one.says(f"{wait}; echo twice") == "twice\n"
    await one.take_away(resource)
