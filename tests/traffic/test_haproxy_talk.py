"""What HAProxy is told, and what is understood of its answers. Captured from HAProxy 2.6 and 1.8."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.traffic import HaproxyRouter, Member, Route, Share
from reconciler.traffic import haproxy_talk as talk

ROUTER = HaproxyRouter(hosts=("lb-1",), backend="shop", members=(Member("web-1", "web-1"), Member("web-2", "web-2")))
STATES = """\
1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change
3 shop 1 web-1 192.0.2.11 {one} 1 0
3 shop 2 web-2 192.0.2.12 2 0 40 1 0
3 shop 3 sorry 192.0.2.13 2 0 1 1 0

"""
STATS = """\
# pxname,svname,qcur,qmax,scur,smax,slim,stot,status,weight,act,bck
shop,web-1,1,0,{scur},0,,0,UP,1,1,0
shop,web-2,0,0,0,0,,0,no check,1,1,0
shop,sorry,0,0,0,0,,0,no check,1,0,1
other,web-1,0,0,99,0,,0,UP,1,1,0

"""


def said(one: str = "2 0 60", scur: int = 0) -> str:
    return STATES.format(one=one) + STATS.format(scur=scur)


@pytest.mark.parametrize(
    ("one", "weight", "serving"),
    [
        ("2 0 60", 60, True),  # up
        ("1 0 60", 60, True),  # up, and slowly started
        ("0 0 60", 60, False),  # down
        ("3 0 60", 60, False),  # going away by itself
        ("2 8 60", 0, True),  # drained
        ("2 16 60", 0, True),  # drained with another that it tracks
        ("0 1 60", 0, False),  # in maintenance
        ("0 4 60", 0, False),  # in maintenance by its configuration
        ("0 32 60", 0, False),  # its name has no address
        ("2 0 0", 0, True),
    ],
)
def test_states_of_servers(one: str, weight: int, serving: bool) -> None:
    assert talk.routes(ROUTER, said(one, scur=4)) == (
        Route("web-1", weight, serving, in_flight=5),
        Route("web-2", 40, serving=True, in_flight=0),
    )


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("Can't find backend.\n\n# pxname,svname\n", "there is no backend shop"),
        (said().replace("web-2", "web-9"), "the backend shop has no server web-2"),
        (said().replace(",1,0,1\n", ",1,1,0\n"), "sends requests to sorry too, which is no target of the app"),
    ],
)
def test_other_and_missing_servers_are_named(output: str, why: str) -> None:
    with pytest.raises(talk.Missing, match=why):
        talk.routes(ROUTER, output)


@example("")
@example("# be_id\n\n# pxname,\n")
@example(STATES.format(one="x"))
@given(st.text())
def test_an_answer_that_makes_no_sense_is_told_and_nothing_else_is_raised(output: str) -> None:
    with pytest.raises((talk.Senseless, talk.Missing)):
        talk.routes(ROUTER, output)


@given(st.integers(0, 400))
def test_an_answer_that_was_cut_off_is_never_taken_for_a_whole_one(length: int) -> None:
    whole = said()
    if length < whole.index("shop,sorry"):
        with pytest.raises((talk.Senseless, talk.Missing)):
            talk.routes(ROUTER, whole[:length])


def test_who_gets_more_is_told_first_so_that_somebody_serves_at_every_moment() -> None:
    shares = [Share("web-1", 0), Share("web-2", 7)]
    assert talk.weighing(ROUTER, shares) == (
        "set server shop/web-2 weight 7",
        "set server shop/web-2 state ready",
        "set server shop/web-1 weight 0",
    )


def test_many_commands_go_in_lines_that_fit_into_haproxys_buffer() -> None:
    shares = [Share(f"a-server-with-quite-a-long-name-{number}", 100) for number in range(1000)]
    script = talk.told(ROUTER, talk.weighing(ROUTER, shares))
    assert max(map(len, script.splitlines())) < 16_000


@given(st.text())
def test_a_name_ends_no_command(name: str) -> None:
    try:
        (command,) = talk.draining(ROUTER, [name])
    except ValueError:
        return
    assert command.count(" ") == 4
    assert not set(command) & set(";\n\\'\"")


def test_what_haproxy_answers_to_commands_is_apart_from_what_it_is_asked_then() -> None:
    rest, complaints = talk.complaints("\nNo such server.\n\n-- told\n" + said())
    assert rest == said()
    assert complaints == ("No such server.",)
    with pytest.raises(talk.Senseless):
        talk.complaints("\n")
