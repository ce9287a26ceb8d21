"""Settings of forges and webhooks: what is right, and what is told of what is not."""

from pathlib import Path
from typing import Any

import pytest
import tomli_w

from reconciler.daemon.keeping import own_secrets, reserved_by, secrets_by
from reconciler.daemon.settings import Settings, SettingsError
from reconciler.daemon.webhooks import configured
from reconciler.model.forge import ForgeKind
from reconciler.ports.secrets import SecretMissing
from reconciler.providers.clock import SystemClock

GITHUB = {"kind": "github", "repository": "acme/fleet", "token": "forge/token"}


def loaded(tmp_path: Path, **sections: Any) -> Settings:
    file = tmp_path / "reconciler.toml"
    file.write_text(tomli_w.dumps({"git": {"url": "/fleet"}, **sections}))
    return Settings.load(file)


@pytest.mark.parametrize(
    ("forge", "api"),
    [
        (GITHUB, "https://api.github.com"),
        ({**GITHUB, "url": "https://ghe.example.net/api/v3/"}, "https://ghe.example.net/api/v3"),
        ({**GITHUB, "kind": "gitlab", "repository": "acme/ops/fleet"}, "https://gitlab.com/api/v4"),
        ({**GITHUB, "kind": "gitea", "url": "http://127.0.0.1:3000/api/v1"}, "http://127.0.0.1:3000/api/v1"),
    ],
)
def test_a_forge_is_where_the_settings_say(tmp_path: Path, forge: dict[str, Any], api: str) -> None:
    settings = loaded(tmp_path, forge=forge)
    assert settings.forge
    assert settings.forge.api == api


@pytest.mark.parametrize(
    ("forge", "told"),
    [
        ({**GITHUB, "kind": "bitbucket"}, "forge.kind"),
        ({**GITHUB, "kind": "gitea"}, "write the URL of the API"),
        ({**GITHUB, "url": "http://ghe.example.net"}, "expected https://HOST"),
        ({**GITHUB, "url": "https://u:p@ghe.example.net"}, "expected https://HOST"),
        ({**GITHUB, "repository": "fleet"}, "forge.repository"),
        ({**GITHUB, "repository": "acme/ops/fleet"}, "expected OWNER/NAME"),
        ({**GITHUB, "repository": "acme/../fleet?x"}, "forge.repository"),
        ({**GITHUB, "token": "a secret with words"}, "forge.token"),
        ({**GITHUB, "poll": "0s"}, "forge.poll"),
        ({**GITHUB, "comments": True}, "forge.comments: there is no such setting"),
    ],
)
def test_what_is_wrong_with_a_forge_is_told(tmp_path: Path, forge: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        loaded(tmp_path, forge=forge)


def test_webhooks_have_names_and_that_of_the_forge_has_none(tmp_path: Path) -> None:
    assert configured(loaded(tmp_path)) == {}
    assert configured(loaded(tmp_path, forge=GITHUB)) == {}
    named = {"mirror": {"kind": "bitbucket", "secret": "hooks/mirror"}}
    hooks = configured(loaded(tmp_path, forge={**GITHUB, "webhook_secret": "hooks/own"}, webhooks=named))
    assert {name: (hook.kind, hook.secret) for name, hook in hooks.items()} == {
        "": (ForgeKind.GITHUB, "hooks/own"),
        "mirror": (ForgeKind.BITBUCKET, "hooks/mirror"),
    }
    with pytest.raises(SettingsError, match="webhooks"):
        loaded(tmp_path, webhooks={"No Name": named["mirror"]})


def test_no_document_may_name_the_secrets_of_the_doors(tmp_path: Path) -> None:
    assert reserved_by(loaded(tmp_path)) == frozenset()
    settings = loaded(
        tmp_path,
        forge={**GITHUB, "webhook_secret": "forge/webhook"},
        webhooks={"mirror": {"kind": "gitea", "secret": "hooks/mirror"}},
        api={"proxy": {"secret": "api/proxy", "addresses": ["10.0.0.0/8"]}},
        secrets={"directory": str(tmp_path)},
        state_dir=str(tmp_path / "state"),
    )
    assert reserved_by(settings) == {"forge/token", "forge/webhook", "hooks/mirror", "api/proxy"}
    for reference in reserved_by(settings):
        (tmp_path / reference).parent.mkdir(exist_ok=True)
        (tmp_path / reference).write_text("value")
        assert own_secrets(settings).value(reference) == "value"
    secrets = secrets_by(settings.secrets, settings.state_dir, SystemClock(), reserved_by(settings))
    with pytest.raises(SecretMissing, match="api/proxy is the daemon's own; no document may name it"):
        secrets.value("api/proxy")
    secrets.close()
