"""What people write to name an API that is asked with HTTP: HttpApi."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from reconciler.desired.documents import Metadata
from reconciler.desired.fields import Count, Matching, Period, SecretReference, Strict
from reconciler.desired.health_fields import HeaderName, HeaderValue
from reconciler.desired.target_documents import Supply
from reconciler.desired.urls import url_schema, web_address
from reconciler.desired.wait_documents import told_at
from reconciler.model import target as model

_OF_LOGIN = ("authorization", "proxy-authorization", "cookie")

Url = Annotated[str, AfterValidator(web_address(("https", "http"))), WithJsonSchema(url_schema("https?"))]
Prefix = Annotated[str, Matching(r"[!-~]{0,100} ?", "what stands before the token, such as 'Bearer '")]


class BearerSpec(Strict):
    """A token, which is a secret, after ``prefix`` in a header."""

    secret: SecretReference
    header: HeaderName = "Authorization"
    prefix: Prefix = "Bearer "


class BasicSpec(Strict):
    """A user, and a password which is a secret."""

    user: Annotated[str, Matching(r"[ -9;-~]{1,200}", "the name of a user, without ':'")]
    secret: SecretReference


class ClientCredentialsSpec(Strict):
    """OAuth 2: a token is fetched at ``tokenUrl`` by a client whose own secret is a secret."""

    token_url: Url
    client: Annotated[str, Field(min_length=1)]
    secret: SecretReference
    scopes: tuple[Annotated[str, Matching(r"[!#-\[\]-~]+", "a scope, without spaces")], ...] = ()


class AuthSpec(Strict, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """Who we are to the API: exactly one of the keys."""

    bearer: BearerSpec | None = None
    basic: BasicSpec | None = None
    client_credentials: ClientCredentialsSpec | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "AuthSpec":
        if sum(each is not None for each in (self.bearer, self.basic, self.client_credentials)) != 1:
            raise ValueError("expected exactly one of bearer, basic or clientCredentials")
        return self

    def to_model(self) -> model.ApiAuth:
        """Return the login."""
        if self.bearer:
            return model.Bearer(token=self.bearer.secret, header=self.bearer.header, prefix=self.bearer.prefix)
        if self.basic:
            return model.Basic(user=self.basic.user, password=self.basic.secret)
        assert self.client_credentials
        its = self.client_credentials
        return model.ClientCredentials(token_url=its.token_url, client=its.client, secret=its.secret, scopes=its.scopes)


class ApiTlsSpec(Strict):
    """Who may answer, and who we are: ``ca`` and ``certificate`` are PEM, ``key`` is a secret."""

    ca: str | None = None
    certificate: str | None = None
    key: SecretReference | None = None

    @model_validator(mode="after")
    def _both(self) -> "ApiTlsSpec":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a certificate needs its key, and a key its certificate: write both or neither")
        return self

    def to_model(self, supply: Supply) -> model.ApiTls:
        """Return it with the certificates in it; what the supply raises is raised."""
        return model.ApiTls(
            ca=supply.pem("tls.ca", self.ca) if self.ca else None,
            certificate=supply.pem("tls.certificate", self.certificate) if self.certificate else None,
            key=self.key,
        )


class HttpApiSpec(Strict):
    """An API that is asked with HTTP, so that what it keeps can be resources of Apps."""

    environment: str
    url: Url
    auth: AuthSpec | None = None
    tls: ApiTlsSpec | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    per_second: Count = 10
    limit: Period = timedelta(seconds=10)
    look_every: Period = timedelta(seconds=30)

    @model_validator(mode="after")
    def _fits_together(self) -> "HttpApiSpec":
        login = next((name for name in self.headers if name.lower() in _OF_LOGIN), None)
        if login:
            message = f"{login} in a header would be in Git for everybody to read; write it under auth, by reference"
            raise told_at(("headers", login), message, None)
        if self.tls and self.url.startswith("http:"):
            raise ValueError("tls is of no use with a URL that starts with http://")
        return self

    def to_model(self, metadata: Metadata, supply: Supply) -> model.HttpApi:
        """Return the target; what the supply raises is raised."""
        return model.HttpApi(
            name=metadata.name,
            environment=self.environment,
            url=self.url,
            auth=self.auth.to_model() if self.auth else model.NoAuth(),
            tls=self.tls.to_model(supply) if self.tls else model.ApiTls(),
            headers=tuple(sorted(self.headers.items())),
            per_second=self.per_second,
            limit=self.limit,
            look_every=self.look_every,
            labels=metadata.labels,
        )
