"""What the last line of a transaction means."""

import base64

import pytest

from reconciler.ports.errors import Broken, Busy, Refused, Stale, Unreachable, WorldError
from reconciler.ports.shell import Completed
from reconciler.providers.transaction.outcome import conclude


def said(word: str, reason: str) -> bytes:
    return f"outcome {word} {base64.b64encode(reason.encode()).decode()}\n".encode()


def test_ok_is_all_there_is_to_say() -> None:
    conclude("web-1", Completed(0, b"whatever a command printed\noutcome ok\n", ""))


@pytest.mark.parametrize(
    ("done", "error", "text"),
    [
        (Completed(0, said("failed", "the disk is full"), ""), Refused, "web-1: the disk is full; everything there is"),
        (Completed(0, said("busy", "another change runs"), ""), Busy, "web-1: another change runs"),
        (Completed(0, said("stale", "ctl-b has changed it"), ""), Stale, "web-1: ctl-b has changed it"),
        (Completed(0, said("fenced", "taken over"), ""), Unreachable, "web-1: taken over"),
        (Completed(0, said("stuck", "cannot go back"), ""), Broken, "web-1: cannot go back; a person must look at it"),
        (Completed(0, b"outcome failed !!!\n", ""), Refused, "web-1: no readable reason; everything there is"),
        (Completed(0, b"outcome strange\n", ""), Broken, "an outcome that makes no sense: 'outcome strange'"),
        (Completed(137, b"", "one\nKilled\n"), Unreachable, r"without an outcome \(status 137\); it said: Killed"),
        (Completed(1, b"output\n", ""), Unreachable, r"without an outcome \(status 1\); it said: nothing"),
    ],
)
def test_everything_else_is_an_error_that_says_what_is_known(
    done: Completed, error: type[WorldError], text: str
) -> None:
    with pytest.raises(error, match=text) as caught:
        conclude("web-1", done)
    assert type(caught.value) is error
