"""Which logins are written down."""

from datetime import timedelta

from reconciler.model.access import Identity, Login
from reconciler.model.deed import SignedIn
from reconciler.policy.sign_ins import AT_MOST_OF_ONE, EACH, REMEMBERED, Seen, came
from tests.factory import NOW

ANN = Identity(name="ann", login=Login.OIDC)


def test_who_comes_is_written_down_once_in_an_hour() -> None:
    seen, first = came({}, ANN, "198.51.100.7", NOW)
    assert first == SignedIn(name="ann", login=Login.OIDC, address="198.51.100.7")
    same, again = came(seen, ANN, "198.51.100.7", NOW + EACH - timedelta(seconds=1))
    assert (same, again) == (seen, None)
    assert came(seen, ANN, "198.51.100.7", NOW + EACH)[1] == first


def test_another_address_or_another_way_to_be_known_is_another_login() -> None:
    seen, _ = came({}, ANN, "198.51.100.7", NOW)
    assert came(seen, ANN, "198.51.100.8", NOW)[1] is not None
    assert came(seen, Identity(name="ann", login=Login.TOKEN), "198.51.100.7", NOW)[1] is not None


def test_who_has_many_addresses_does_not_fill_the_journal() -> None:
    seen: Seen = {}
    told = 0
    for number in range(2 * AT_MOST_OF_ONE):
        seen, word = came(seen, ANN, f"2001:db8::{number:x}", NOW)
        told += word is not None
    assert told == AT_MOST_OF_ONE
    assert came(seen, Identity(name="ben", login=Login.OIDC), "2001:db8::1", NOW)[1] is not None


def test_what_is_remembered_is_bounded_and_the_oldest_go() -> None:
    seen: Seen = {(f"ci-{number}", Login.TOKEN, ""): NOW for number in range(REMEMBERED)}
    seen, told = came(seen, ANN, "", NOW)
    assert told is not None
    assert REMEMBERED // 2 <= len(seen) < REMEMBERED
    assert ("ci-0", Login.TOKEN, "") not in seen
    assert (f"ci-{REMEMBERED - 1}", Login.TOKEN, "") in seen
