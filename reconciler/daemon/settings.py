"""The daemon's own settings: a TOML file, then the environment (``RECONCILER_GIT__URL`` and so on) over it."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from reconciler.daemon.api_settings import ApiSettings
from reconciler.daemon.audit_settings import AuditSettings
from reconciler.daemon.forge_settings import ForgeSettings, HookName, WebhookSettings
from reconciler.daemon.notification_settings import NotificationSettings
from reconciler.daemon.output_settings import OutputSettings
from reconciler.daemon.section import Duration, Section
from reconciler.daemon.telemetry_settings import TelemetrySettings
from reconciler.desired.remote import remote
from reconciler.policy.provenance import placeholders

DEFAULT_FILES = (Path("reconciler.toml"), Path("/etc/reconciler/reconciler.toml"))


class SettingsError(Exception):
    """The settings are wrong or not there. The text names file, key and what was expected."""


def _fingerprint(value: Any) -> Any:
    return value.replace(" ", "").upper() if isinstance(value, str) else value


Fingerprint = Annotated[str, BeforeValidator(_fingerprint), Field(pattern=r"^([0-9A-F]{40}|[0-9A-F]{64})$")]


class TrustSettings(Section):
    """Who may sign the commits that are followed; without any list everybody who may push is trusted.

    ``allowed_signers`` is a file of SSH keys in the format of ``ssh-keygen``; ``gpg_keys`` one of exported public
    keys. ``forge_keys`` are fingerprints of keys among those that sign for every committer. ``signer_policies`` are
    those in Git: enforced, or set aside by whoever has this machine, when nobody is left who could sign.
    """

    allowed_signers: Path | None = None
    gpg_keys: Path | None = None
    forge_keys: tuple[Fingerprint, ...] = ()
    signer_policies: Literal["enforce", "ignore"] = "enforce"

    @model_validator(mode="after")
    def _forges_are_listed(self) -> "TrustSettings":
        if self.forge_keys and not self.gpg_keys:
            raise ValueError("forge_keys are fingerprints of keys in gpg_keys, which is not set")
        return self


class GitSettings(Section):
    """Where commits come from. ``url`` is a local path or anything ``git fetch`` understands.

    ``ssh_command`` is what runs as ssh; ``credentials`` a file in the format of ``git credential-store``, for https.
    ``rewrites`` says what becomes of a branch that no longer contains the accepted commit.
    """

    url: str
    branch: str = "main"
    desired_state: str = "desired-state"
    policies: str = "policies"
    poll: Duration = timedelta(seconds=30)
    ssh_command: str | None = None
    credentials: Path | None = None
    rewrites: Literal["hold", "follow"] = "hold"
    trust: TrustSettings = TrustSettings()

    @field_validator("url")
    @classmethod
    def _makes_sense(cls, url: str) -> str:
        remote(url)
        return url


class SshSettings(Section):
    """How hosts are reached. Without ``identities`` the agent is asked."""

    identities: tuple[Path, ...] = ()
    agent: bool = True
    connect_timeout: Duration = timedelta(seconds=10)
    keepalive: Duration = timedelta(seconds=5)
    max_handshakes: int = Field(default=20, ge=1, le=100)


class DriftSettings(Section):
    """How often the fleet is looked at when nothing else wakes the daemon, and whether hosts watch themselves.

    ``watch`` is how often each host compares what it has with what it had, or whether it does: true is every second.
    """

    interval: Duration = timedelta(seconds=60)
    watch: bool | Annotated[Duration, Field(ge=timedelta(seconds=0.2))] = True

    @property
    def watch_period(self) -> timedelta | None:
        """How often a host looks at itself, None when it does not."""
        if isinstance(self.watch, bool):
            return timedelta(seconds=1) if self.watch else None
        return self.watch


def _whole_paths(programs: dict[str, tuple[str, ...]], example: str) -> dict[str, tuple[str, ...]]:
    if relative := next((words[0] for words in programs.values() if not words[0].startswith("/")), None):
        raise ValueError(f"a program is named by its whole path, such as {example}, not {relative!r}")
    return programs


class SecretSettings(Section):
    """Where secrets are on this machine, and what SecretStores may use of it; they can use nothing else.

    ``directory`` holds one file a reference (``shop/db`` is ``<directory>/shop/db``). ``folders`` and ``programs`` are
    by the names that SecretStores use: a path, and a program with its first arguments, which is run without a shell.
    """

    directory: Path | None = None
    folders: dict[str, Path] = Field(default_factory=dict)
    programs: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)

    @field_validator("programs")
    @classmethod
    def _is_there(cls, programs: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return _whole_paths(programs, "/usr/bin/pass")

    def resolved_from(self, folder: Path) -> "SecretSettings":
        """Return the settings with relative paths taken from the folder of the settings file."""
        directory = folder / self.directory.expanduser() if self.directory else None
        folders = {name: folder / each.expanduser() for name, each in self.folders.items()}
        return self.model_copy(update={"directory": directory, "folders": folders})


class ProvenanceSettings(Section):
    """``scanners`` are the programs that ArtifactPolicies may run, by the names that they use; no others are run.

    Each is a whole path with its first arguments, and is run without a shell. One with ``{{ archive }}``,
    ``{{ folder }}`` or ``{{ sbom }}`` in it is a whole command: Git adds no words to it.
    """

    scanners: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)

    @field_validator("scanners")
    @classmethod
    def _is_there(cls, scanners: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, line in scanners.items():
            if unknown := sorted(
                {each for word in line for each in placeholders(word)} - {"archive", "folder", "sbom"}
            ):
                raise ValueError(f"{name}: there is no {{{{ {unknown[0]} }}}}, only archive, folder and sbom")
        return _whole_paths(scanners, "/usr/bin/trivy")


class LogSettings(Section):
    """``auto`` is JSON under systemd and readable on a terminal."""

    format: Literal["auto", "json", "text"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """All settings. ``state_dir`` holds the journal, the Git mirror, the artifact cache and our keys."""

    model_config = SettingsConfigDict(
        env_prefix="RECONCILER_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    state_dir: Path = Path("/var/lib/reconciler")
    git: GitSettings
    ssh: SshSettings = SshSettings()
    drift: DriftSettings = DriftSettings()
    secrets: SecretSettings = SecretSettings()
    provenance: ProvenanceSettings = ProvenanceSettings()
    log: LogSettings = LogSettings()
    api: ApiSettings = ApiSettings()
    forge: ForgeSettings | None = None
    webhooks: dict[HookName, WebhookSettings] = {}
    audit: AuditSettings = AuditSettings()
    notifications: NotificationSettings = NotificationSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    output: OutputSettings = OutputSettings()

    @staticmethod
    def load(path: Path | None) -> "Settings":
        """Read the named file, or the first default one that exists; raise SettingsError."""
        file = path or next((each for each in DEFAULT_FILES if each.exists()), None)
        if path and not path.exists():
            raise SettingsError(f"{path}: there is no such settings file")
        try:
            loaded = _from_file(file)()
        except OSError as error:
            raise SettingsError(f"cannot read {file}: {error.strerror}") from error
        except ValidationError as error:
            raise SettingsError(_in_words(error, file)) from error
        except (ValueError, RecursionError) as error:
            # Not only TOMLDecodeError: what is no UTF-8, a number of thousands of digits, lists in lists.
            raise SettingsError(f"{file}: not TOML: {error}") from error
        try:
            return loaded.resolved_from(file.parent if file else Path())
        except (RuntimeError, ValueError) as error:
            raise SettingsError(f"{file}: a path in it leads nowhere: {error}") from error

    def resolved_from(self, folder: Path) -> "Settings":
        """Return the settings with relative paths taken from the folder of the settings file."""
        git = self.git
        if "://" not in git.url and ":" not in git.url.split("/", 1)[0]:
            git = git.model_copy(update={"url": str((folder / Path(git.url).expanduser()).resolve())})
        if git.credentials:
            git = git.model_copy(update={"credentials": folder / git.credentials.expanduser()})
        lists = {name: git.trust.__dict__[name] for name in ("allowed_signers", "gpg_keys")}
        found = {name: (folder / file.expanduser()).resolve() for name, file in lists.items() if file}
        git = git.model_copy(update={"trust": git.trust.model_copy(update=found)})
        ssh = self.ssh.model_copy(
            update={"identities": tuple(folder / each.expanduser() for each in self.ssh.identities)}
        )
        secrets = self.secrets.resolved_from(folder)
        state = (folder / self.state_dir.expanduser()).resolve()
        found_at = {"state_dir": state, "git": git, "ssh": ssh, "secrets": secrets}
        beside = {"api": self.api.resolved_from(folder), "audit": self.audit.resolved_from(folder)}
        return self.model_copy(update={**found_at, **beside})


def _from_file(file: Path | None) -> type[Settings]:
    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(  # type: ignore[override] # the sources we do not use are not named
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            **_: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
            return (*sources, TomlConfigSettingsSource(settings_cls, file)) if file else sources

    return FromFile


def _in_words(error: ValidationError, file: Path | None) -> str:
    where = (
        str(file) if file else "no settings file (reconciler.toml, /etc/reconciler/reconciler.toml; init writes one)"
    )
    lines = []
    for each in error.errors(include_url=False, include_context=False):
        key = ".".join(str(part) for part in each["loc"])
        message = {"extra_forbidden": "there is no such setting", "missing": "this setting is needed"}.get(
            each["type"], each["msg"].removeprefix("Value error, ")
        )
        lines.append(f"{where}: {key}: {message}")
    return "\n".join(lines)
