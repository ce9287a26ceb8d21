"""Performs the acts of a story on its stage, and writes down what came of each."""

import difflib
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, assert_never

from tests.lab.engine import LabError
from tests.stories.controller import Controller
from tests.stories.redact import redact
from tests.stories.stage import Stage
from tests.stories.story import HERE, Act, Befall, ByHand, Commit, Daemon, Expect, Run, Story, Until

THE_END = Run(run="plan --detailed-exitcode")
"""Every story ends with it: nothing is left to do."""


def perform(story: Story, stage: Stage) -> Iterator[str]:
    """Yield the transcript, redacted, act by act; AssertionError when an act did not go as the story says."""
    yield f"# {story.title}\n"
    for act in (*story.acts, THE_END):
        yield redact("\n".join(_told(act, stage)) + "\n", stage.commits, stage.names)


def _told(act: Act, stage: Stage) -> Iterator[str]:
    match act:
        case Commit():
            stage.commit(act)
            yield f"\n== commit {stage.commits[-1]}: {act.message}"
        case Run():
            yield from _run(act, stage)
        case ByHand():
            yield f"\n== by hand on {act.host}: {act.sh.strip()}"
            stage.sh(act.host, act.sh)
        case Befall():
            yield f"\n== {act.host}: {act.what}"
            getattr(stage.hosts[act.host], act.what)()
        case Daemon():
            yield f"\n== daemon{_whose(act.controller)}: {act.what}"
            getattr(stage.controllers[act.controller], act.what)()
        case Until():
            yield from _until(act, stage)
        case Expect():
            yield f"\n== on {act.host}, {act.sh.strip()} prints {act.prints.strip()!r}"
            seen = _printed(stage, act.host, act.sh)
            assert seen == act.prints.strip(), f"on {act.host}, {act.sh} prints {seen!r}"
        case _:
            assert_never(act)


def _run(act: Run, stage: Stage) -> Iterator[str]:
    controller = stage.controllers[act.controller]
    done = controller.run(*shlex.split(act.words))
    assert done.returncode == act.exit, (
        f"reconciler {act.words}: status {done.returncode}, not {act.exit}\n{done.stdout}\n{controller.log()}"
    )
    yield f"\n$ reconciler {act.words}{_whose(act.controller)}"
    yield done.stdout.rstrip("\n")
    if done.returncode:
        yield f"[status {done.returncode}]"


def _until(act: Until, stage: Stage) -> Iterator[str]:
    controller = stage.controllers[act.controller]
    if act.subject in (HERE, *stage.hosts):
        yield f"\n== until on {act.subject}, {act.sh.strip()} prints {act.prints.strip()!r}"
        seen = _level(lambda: _printed(stage, act.subject, act.sh), lambda now: now == act.prints.strip(), act.within)
    else:
        values = ", ".join(f"{key} {value}" for key, value in act.values.items())
        yield f"\n== until {act.subject} has {values}{_whose(act.controller)}"
        seen = _level(lambda: _standing(controller, act.subject), lambda now: _fits(act.values, now), act.within)
    if seen is not None:
        raise AssertionError(
            f"not within {act.within} s: until {act.subject} ...; last seen: {seen}\n{controller.log()}"
        )


def _whose(controller: str) -> str:
    return "" if controller == "state" else f"  ({controller})"


def _level(look: Callable[[], Any], is_there: Callable[[Any], bool], within: int) -> Any:
    """Look until it is there; return None then, and what was seen last when it is not there in time."""
    deadline = time.monotonic() + within  # noqa: TID251 - a story happens in the real world
    pace = threading.Event()
    while not is_there(seen := look()):
        if time.monotonic() > deadline:  # noqa: TID251
            return seen
        pace.wait(0.5)
    return None


def _printed(stage: Stage, host: str, command: str) -> str:
    try:
        return stage.sh(host, command).strip()
    except LabError as error:
        return str(error)


def _standing(controller: Controller, subject: str) -> Any:
    fleet = controller.status()
    if subject == "fleet":
        return fleet
    return next((unit for unit in fleet.get("units", []) if unit["unit"] == subject), {"unit": "not known"})


def _fits(wanted: Any, seen: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(seen, dict) and all(_fits(value, seen.get(key)) for key, value in wanted.items())
    return bool(wanted == seen)


def difference(golden: str, seen: str) -> str:
    """Return how a transcript differs from its golden one."""
    return "\n".join(difflib.unified_diff(golden.splitlines(), seen.splitlines(), "golden", "seen", lineterm=""))
