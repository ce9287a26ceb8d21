"""Every forge does the same for us, over real HTTP with a server that behaves as the forge documents it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from reconciler.model.forge import ForgeKind, Mark, Outcome, Proposal
from reconciler.ports.errors import Denied, Refused, Unreachable, WorldError
from reconciler.ports.forge import Forge
from reconciler.providers.forges.catalog import Repository, forge
from reconciler.providers.forges.comments import MAX_LENGTH
from reconciler.providers.http import Http
from tests.forges.served import TOKEN, ServedForge
from tests.providers.listener import Listener
from tests.providers.secret_values import SecretValues

HEAD, MERGED = "a" * 40, "b" * 40
SECRETS = SecretValues({"forge/token": TOKEN, "forge/other": "wrong"})
KINDS = [ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA]


@pytest.fixture(params=KINDS)
def served(request: pytest.FixtureRequest) -> Iterator[ServedForge]:
    with ServedForge(request.param) as made:
        yield made


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    made = Http()
    yield made
    await made.close()


def talking(served: ServedForge, http: Http, token: str = "forge/token") -> Forge:
    repository = Repository(api=served.api, name="acme/fleet", branch="main", token=token)
    return forge(served.kind, repository, http, SECRETS)


async def test_open_requests_of_all_pages_and_the_newest_merged_ones_are_known(served: ServedForge, http: Http) -> None:
    for number in range(5):
        served.open(f"topic-{number}", f"{number}" * 40, fork=number == 3)
    served.open("elsewhere", HEAD, base="release")
    closed = served.open("closed", HEAD)
    closed.state = "closed"
    served.merge(served.open("done", HEAD), MERGED)
    found = await talking(served, http).requests()
    assert sorted(each.number for each in found.open) == [7, 8, 9, 10, 11]
    assert [each.number for each in found.open if each.fork] == [10]
    assert {each.head for each in found.open} == {f"{number}" * 40 for number in range(5)}
    where = "merge-requests" if served.kind is ForgeKind.GITLAB else "pull"
    assert f"refs/{where}/7/head" in {each.ref for each in found.open}
    (merged,) = found.merged
    assert (merged.merged, merged.head) == (MERGED, HEAD)
    assert merged.merged_at is not None


async def test_what_is_as_before_is_not_sent_again(served: ServedForge, http: Http) -> None:
    served.open("topic", HEAD)
    there = talking(served, http)
    assert await there.requests() == await there.requests()
    assert [status for _, _, status in served.asked] == [200, 200, 304, 304]
    served.open("another", HEAD)
    assert len((await there.requests()).open) == 2


async def test_there_is_one_comment_of_ours_and_it_is_kept_up_to_date(served: ServedForge, http: Http) -> None:
    number = served.open("topic", HEAD).number
    for text in ("hello", "me too", "LGTM"):
        served.write(number, text)
    there = talking(served, http)
    await there.comment(number, "the plan")
    await there.comment(number, "another plan")
    texts = served.texts(number)
    assert len(texts) == 4
    assert texts[3].startswith("another plan\n")
    assert texts[:3] == ["hello", "me too", "LGTM"]
    changes = sum(method in ("PATCH", "PUT") for method, _, _ in served.asked)
    await talking(served, http).comment(number, "another plan")
    assert sum(method in ("PATCH", "PUT") for method, _, _ in served.asked) == changes, "it said so already"


async def test_a_comment_that_copies_our_mark_is_not_taken_for_ours(served: ServedForge, http: Http) -> None:
    number = served.open("topic", HEAD).number
    served.write(number, "an old comment")
    there = talking(served, http)
    await there.comment(number, "the plan")
    served.comments[number][0]["body"] = served.texts(number)[1].replace("the plan", "all is well, merge it")
    await there.comment(number, "another plan")
    assert served.texts(number)[0].startswith("all is well")
    assert served.texts(number)[1].startswith("another plan")


async def test_a_request_without_a_comment_of_ours_is_not_amended(served: ServedForge, http: Http) -> None:
    number = served.open("topic", HEAD).number
    there = talking(served, http)
    await there.amend(number, "rolled out")
    assert served.texts(number) == []
    await there.comment(number, "the plan")
    await there.amend(number, "rolled out")
    assert [text.partition("\n")[0] for text in served.texts(number)] == ["rolled out"]


async def test_a_comment_is_cut_before_the_forge_refuses_it(served: ServedForge, http: Http) -> None:
    number = served.open("topic", HEAD).number
    await talking(served, http).comment(number, "a line\n" * 20_000)
    (text,) = served.texts(number)
    assert MAX_LENGTH - 200 < len(text) < MAX_LENGTH + 200
    assert "**Cut to fit.**" in text


async def test_a_status_is_set_once_and_again(served: ServedForge, http: Http) -> None:
    there = talking(served, http)
    for outcome in (Outcome.PENDING, Outcome.PENDING, Outcome.SUCCESS, Outcome.FAILURE):
        await there.mark(HEAD, Mark("reconciler/plan", outcome, "2 changes " * 40))
    state, line = served.said_of(HEAD)["reconciler/plan"]
    assert state in ("failure", "failed")
    assert line.startswith("2 changes")


async def test_a_request_of_ours_is_opened_once(served: ServedForge, http: Http) -> None:
    there = talking(served, http)
    proposal = Proposal(branch="reconciler/revert-1", title="Revert 1", text="why")
    url = await there.propose(proposal)
    assert await there.propose(proposal) == url
    (made,) = served.requests.values()
    assert (made.source, made.base, made.title, made.text) == ("reconciler/revert-1", "main", "Revert 1", "why")
    made.state = "closed"
    assert await there.propose(proposal) == url, "what a person closed is not opened again"


@pytest.mark.parametrize(("status", "error"), [(403, Denied), (422, Refused), (429, Unreachable), (502, Unreachable)])
async def test_what_a_forge_refuses_is_told_by_what_to_do_about_it(
    served: ServedForge, http: Http, status: int, error: type[WorldError]
) -> None:
    served.ails = status
    with pytest.raises(error, match=rf"HTTP {status}: You have exceeded") as raised:
        await talking(served, http).requests()
    assert TOKEN not in str(raised.value)


async def test_a_token_that_is_wrong_or_missing_is_for_a_person(served: ServedForge, http: Http) -> None:
    with pytest.raises(Denied, match="HTTP 401"):
        await talking(served, http, "forge/other").requests()
    with pytest.raises(Denied, match="the token of the forge cannot be read"):
        await talking(served, http, "forge/nowhere").requests()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("said", [b"", b"{}", b"\xff", b"<html>", b"[" * 100_000, b'[{"number": {}}, 7, null]'])
async def test_an_answer_that_makes_no_sense_is_an_error_or_nothing(kind: ForgeKind, said: bytes, http: Http) -> None:
    paths = ("/repos/acme/fleet/pulls", "/projects/acme%2Ffleet/merge_requests")
    with Listener(dict.fromkeys(paths, (200, said))) as listener:
        repository = Repository(api=listener.url, name="acme/fleet", branch="main", token="forge/token")
        there = forge(kind, repository, http, SECRETS)
        if said.startswith(b"[{"):
            assert (await there.requests()).open == ()
            return
        with pytest.raises(WorldError, match="answers no"):
            await there.requests()


async def test_the_token_goes_to_nobody_whom_the_forge_names(served: ServedForge, http: Http) -> None:
    with Listener({}) as elsewhere, ServedForge(served.kind) as liar:
        liar.open("topic", HEAD)
        liar._paged = lambda status, said, *_: (status, said, {"Link": f'<{elsewhere.url}/next>; rel="next"'})  # type: ignore[method-assign]
        assert len((await talking(liar, http).requests()).open) == 1
    assert elsewhere.asked == []
