"""The settings of telemetry: what is refused before anything is sent."""

import pytest
from pydantic import ValidationError

from reconciler.daemon.keeping import reserved_by
from reconciler.daemon.settings import GitSettings, Settings
from reconciler.daemon.telemetry_settings import TelemetrySettings

REFUSED = {
    "a word": ({"otlp": "collector:4318"}, "pattern"),
    "no host": ({"otlp": "http:///v1"}, "names no host"),
    "a password": ({"otlp": "https://me:secret@collector.example"}, "no password belongs here"),
    "a secret for all to read": (
        {"otlp": "http://collector.example:4318", "headers": {"authorization": "telemetry/token"}},
        "over https:// only",
    ),
    "too often": ({"every": "10ms"}, "greater than or equal"),
}


@pytest.mark.parametrize(("said", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_would_not_work_or_tell_secrets_is_refused(said: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        TelemetrySettings.model_validate(said)


@pytest.mark.parametrize("url", ["", "https://collector.example", "http://127.0.0.1:4318", "http://[::1]:4318/x"])
def test_a_collector_is_named_by_its_url(url: str) -> None:
    headers = {"authorization": "telemetry/token"} if url else {}
    assert TelemetrySettings(otlp=url, headers=headers).otlp == url


def test_no_document_may_name_the_secrets_of_the_collector() -> None:
    telemetry = TelemetrySettings(otlp="https://collector.example", headers={"authorization": "telemetry/token"})
    settings = Settings(git=GitSettings(url="repository"), telemetry=telemetry)
    assert "telemetry/token" in reserved_by(settings)
