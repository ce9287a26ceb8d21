"""The settings of the doors: closed unless they say so, and never open for the network without TLS."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from reconciler.daemon.api_settings import ApiSettings

OIDC = {"issuer": "https://login.example", "audience": "reconciler"}
PROXY = {"secret": "api/proxy", "addresses": ["10.0.0.0/8"]}


def test_by_itself_there_is_a_socket_in_the_state_folder_and_nothing_for_the_network() -> None:
    settings = ApiSettings()
    assert settings.socket_in(Path("/state")) == Path("/state/api.sock")
    assert (settings.tcp, settings.oidc, settings.proxy) == (None, None, None)


def test_the_socket_may_be_somewhere_else_or_nowhere() -> None:
    elsewhere = ApiSettings.model_validate({"socket": "run/api.sock"}).resolved_from(Path("/etc/reconciler"))
    assert elsewhere.socket_in(Path("/state")) == Path("/etc/reconciler/run/api.sock")
    for none in (False, "false"):
        assert ApiSettings.model_validate({"socket": none}).socket_in(Path("/state")) is None


def test_paths_are_taken_from_the_folder_of_the_settings() -> None:
    read = {"tcp": {"listen": "0.0.0.0:8443", "certificate": "tls/crt.pem", "key": "/run/key.pem"}}
    tcp = ApiSettings.model_validate(read).resolved_from(Path("/etc/reconciler")).tcp
    assert tcp is not None
    assert (tcp.certificate, tcp.key) == (Path("/etc/reconciler/tls/crt.pem"), Path("/run/key.pem"))


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("127.0.0.1:8443", "127.0.0.1", 8443), ("[::1]:80", "::1", 80), ("localhost:0", "localhost", 0)],
)
def test_the_machine_itself_may_be_listened_to_without_tls(listen: str, host: str, port: int) -> None:
    tcp = ApiSettings.model_validate({"tcp": {"listen": listen}}).tcp
    assert tcp is not None
    assert (tcp.host, tcp.port) == (host, port)


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"tcp": {"listen": "0.0.0.0:8443"}}, "without certificate and key"),
        ({"tcp": {"listen": "[::]:8443"}}, "without certificate and key"),
        ({"tcp": {"listen": "api.example:8443"}}, "without certificate and key"),
        ({"tcp": {"listen": "127.0.0.1:8443", "key": "k.pem"}}, "belong together"),
        ({"tcp": {"listen": "127.0.0.1:70000"}}, "there is no port 70000"),
        ({"tcp": {"listen": "127.0.0.1"}}, "match pattern"),
        ({"oidc": OIDC | {"issuer": "http://login.example"}}, "expected https"),
        ({"oidc": OIDC | {"issuer": "https://login.example?a=b"}}, "expected https"),
        ({"oidc": OIDC | {"issuer": "https://user:word@login.example"}}, "expected https"),
        ({"oidc": OIDC | {"audience": []}}, "at least 1 item"),
        ({"proxy": PROXY | {"addresses": []}}, "at least 1 item"),
        ({"proxy": PROXY | {"addresses": ["10.0.0.1/8"]}}, "host bits set"),
        ({"proxy": PROXY | {"user_header": "X Remote"}}, "match pattern"),
        ({"proxy": {"addresses": ["10.0.0.0/8"]}}, "Field required"),
        ({"limits": {"requests": 0}}, "greater than 0"),
        ({"metrics": "all"}, "'local' or 'open'"),
        ({"sockets": "/run/api.sock"}, "Extra inputs"),
    ],
)
def test_what_would_open_a_door_by_mistake_is_one(section: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ApiSettings.model_validate(section)


def test_an_issuer_on_this_machine_needs_no_tls_and_one_audience_is_a_list() -> None:
    oidc = ApiSettings.model_validate({"oidc": OIDC | {"issuer": "http://127.0.0.1:8080/realm"}}).oidc
    assert oidc is not None
    assert (oidc.audience, oidc.name_claim) == (("reconciler",), "sub")


def test_a_proxy_comes_from_networks_or_over_the_socket() -> None:
    proxy = ApiSettings.model_validate({"proxy": PROXY | {"addresses": ["10.0.0.0/8", "fd00::/8", "unix"]}}).proxy
    assert proxy is not None
    assert proxy.addresses == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), "unix")


def test_a_secret_written_where_its_name_belongs_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        ApiSettings.model_validate({"proxy": PROXY | {"secret": "hunter 2 !"}})
    assert "hunter" not in str([each["msg"] for each in caught.value.errors()])
