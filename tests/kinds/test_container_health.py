"""How a container does, by what the engine says of it."""

import json
from typing import Any

import pytest

from reconciler.kinds import container_health

SUBJECT = container_health.check("shop").subject
RUNNING = {"Status": "running"}


def health(status: str, output: str = "") -> dict[str, Any]:
    return {"Status": "running", "Health": {"Status": status, "Log": [{"Output": output}]}}


@pytest.mark.parametrize(
    ("state", "restarts", "listed", "result", "said"),
    [
        (RUNNING, 0, "Up 5 minutes", "well", "shop runs"),
        (RUNNING, 0, "Up Less than a second", "coming", "shop was just started"),
        (RUNNING, 0, "Up 1 second", "coming", "shop was just started"),
        (RUNNING, 0, "Up 3 seconds", "well", "shop runs"),
        (RUNNING, 7, "Up 5 weeks", "well", "shop runs"),
        (RUNNING, 7, "Up 3 seconds", "wrong", "shop ended 3 s ago and was restarted, 7 times so far"),
        ({"Status": "created"}, 0, "Created", "coming", "shop is not started yet"),
        (
            {"Status": "restarting", "ExitCode": 1},
            2,
            "Restarting",
            "wrong",
            "shop ends again and again: exit 1, 2 restarts",
        ),
        ({"Status": "exited", "ExitCode": 0}, 0, "Exited", "wrong", "shop is exited: exit 0"),
        (
            {"Status": "exited", "ExitCode": 137, "OOMKilled": True},
            0,
            "Exited",
            "wrong",
            "shop is exited: it had no memory left",
        ),
        (
            {"Status": "exited", "ExitCode": 127, "Error": "no such file"},
            0,
            "Exited",
            "wrong",
            "shop is exited: exit 127: no such file",
        ),
        ({"Status": "paused"}, 0, "Up 1 minute (Paused)", "wrong", "shop is paused"),
        (
            health("starting"),
            0,
            "Up 9 seconds (health: starting)",
            "coming",
            "shop runs; its healthcheck has not said yet",
        ),
        (health("healthy"), 0, "Up 9 seconds (healthy)", "well", "shop runs and is healthy"),
        (health("unhealthy", "no\ndatabase"), 0, "Up 9 seconds", "wrong", "shop is unhealthy: no database"),
        (health("unhealthy"), 0, "Up 9 seconds", "wrong", "shop is unhealthy"),
    ],
)
def test_what_the_engine_says_is_well_coming_or_wrong(
    *, state: dict[str, Any], restarts: int, listed: str, result: str, said: str
) -> None:
    answer = [json.dumps({"State": state, "RestartCount": restarts}), json.dumps([{"Status": listed}])]
    judged = container_health.judged(SUBJECT, answer)
    told = "well" if judged.healthy else "coming" if judged.pending else "wrong"
    assert (told, judged.detail) == (result, said)


def test_a_container_that_is_not_there_is_wrong() -> None:
    judged = container_health.judged(SUBJECT, ["", "[]"])
    assert (judged.healthy, judged.pending, judged.detail) == (False, False, "there is no container shop")
