"""What people write about stores of secrets that are asked over the network: Vault, OpenBao, AWS Secrets Manager."""

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, WithJsonSchema, model_validator

from reconciler.desired.fields import Matching, Strict
from reconciler.desired.health_fields import authorities
from reconciler.desired.urls import url_schema, web_address
from reconciler.model import secret_store as model
from reconciler.model.secret_store import LOCAL_PATTERN, OWN_TO_DAEMON, own_to_daemon


def _for_documents(reference: str) -> str:
    if own_to_daemon(reference):
        raise ValueError(OWN_TO_DAEMON)
    return reference


OwnSecret = Annotated[
    str,
    Matching(
        LOCAL_PATTERN,
        "the reference of a secret that the machine itself has, such as vault/secret-id, and not the secret itself",
        told=False,
    ),
    AfterValidator(_for_documents),
]
Prefix = Annotated[str, Matching(r"(?:[A-Za-z0-9_][A-Za-z0-9._/+=-]{0,200})?", "the beginning of all names")]
Engine = Annotated[str, Matching(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,99}", "the path something is mounted at")]
Role = Annotated[str, Matching(r"[!-~]{1,200}", "the name or id of a role, without spaces")]


def _safe(url: str) -> str:
    """Values and logins are never sent in clear, but to a process of this machine."""
    url = web_address(("https", "http"))(url)
    parts = urlsplit(url)
    if parts.scheme == "http" and not _loopback(parts.hostname or ""):
        raise ValueError("expected a URL that starts with https://; http:// is for this machine alone (127.0.0.1)")
    return url


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pem(text: str) -> str:
    return authorities(text.encode())


SafeUrl = Annotated[str, AfterValidator(_safe), WithJsonSchema(url_schema("https?"))]


class AppRoleSpec(Strict):
    """The login of a machine to Vault: an id, and another one that is secret."""

    role_id: Role
    secret_id: OwnSecret
    mount: Engine = "approle"


class JwtSpec(Strict):
    """A login to Vault with a signed token that somebody else has given to this machine."""

    role: Role
    token: OwnSecret
    mount: Engine = "jwt"


class VaultStoreSpec(Strict):
    """A key-value engine, version 2, of HashiCorp Vault or OpenBao, and one way to log in to it."""

    url: SafeUrl
    mount: Engine = "secret"
    namespace: Annotated[str, Matching(r"(?:[A-Za-z0-9_][A-Za-z0-9._/-]{0,200})?", "a namespace")] = ""
    prefix: Prefix = ""
    ca: Annotated[str, AfterValidator(_pem)] | None = None
    approle: AppRoleSpec | None = None
    jwt: JwtSpec | None = None
    token: OwnSecret | None = None

    @model_validator(mode="after")
    def _one_login(self) -> "VaultStoreSpec":
        if sum(each is not None for each in (self.approle, self.jwt, self.token)) != 1:
            raise ValueError("expected exactly one of approle, jwt or token")
        return self

    def to_model(self) -> model.StoreSource:
        """Return where it is."""
        return model.VaultStore(
            url=self.url,
            login=self._login(),
            mount=self.mount,
            namespace=self.namespace,
            prefix=self.prefix,
            ca=self.ca,
        )

    def _login(self) -> model.VaultLogin:
        if self.approle:
            its = self.approle
            return model.AppRole(role=its.role_id, secret=its.secret_id, mount=its.mount)
        if self.jwt:
            return model.JwtLogin(role=self.jwt.role, token=self.jwt.token, mount=self.jwt.mount)
        return model.TokenLogin(token=self.token or "")


class AwsKeysSpec(Strict):
    """An access key of AWS."""

    access_key_id: Annotated[str, Matching(r"[A-Z0-9]{16,128}", "the id of an access key, such as AKIA...", told=False)]
    secret_access_key: OwnSecret
    session_token: OwnSecret | None = None


class AwsStoreSpec(Strict):
    """AWS Secrets Manager in a region, and who we are there. ``endpoint`` is another address of it."""

    region: Annotated[str, Matching(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}", "a region of AWS, such as eu-central-1")]
    login: Literal["environment", "web-identity", "instance", "keys"] = "environment"
    keys: AwsKeysSpec | None = None
    endpoint: SafeUrl | None = None
    prefix: Prefix = ""

    @model_validator(mode="after")
    def _keys_or_none(self) -> "AwsStoreSpec":
        if (self.login == "keys") != (self.keys is not None):
            raise ValueError("login: keys needs keys, and keys need login: keys")
        return self

    def to_model(self) -> model.StoreSource:
        """Return where it is."""
        return model.AwsStore(region=self.region, login=self._login(), endpoint=self.endpoint or "", prefix=self.prefix)

    def _login(self) -> model.AwsLogin:
        if self.keys:
            its = self.keys
            return model.AwsKeys(key=its.access_key_id, secret=its.secret_access_key, session=its.session_token or "")
        if self.login == "web-identity":
            return model.AwsWebIdentity()
        return model.AwsInstance() if self.login == "instance" else model.AwsEnvironment()
