"""Puts together who knows people and machines at the doors, as the settings say."""

import os
from functools import partial

from reconciler.daemon.api_settings import ApiSettings, OidcSettings, ProxySettings
from reconciler.ports.clock import Clock
from reconciler.ports.secrets import Secrets
from reconciler.providers.http import Http
from reconciler.providers.identities import KnownIdentities, Said, TrustedProxy
from reconciler.providers.peers import Peers
from reconciler.providers.tokens import Issuer, IssuerTokens


def identities(settings: ApiSettings, said: Said, secrets: Secrets, http: Http, clock: Clock) -> KnownIdentities:
    """Return who knows people and machines; without settings these are tokens of ours and the Unix socket."""
    issuer = IssuerTokens(_issuer(settings.oidc), http, clock) if settings.oidc else None
    proxy = _proxy(settings.proxy, secrets) if settings.proxy else None
    return KnownIdentities(said, clock, Peers(os.geteuid()), issuer, proxy)


def _issuer(oidc: OidcSettings) -> Issuer:
    return Issuer(
        url=oidc.issuer,
        audiences=oidc.audience,
        name_claim=oidc.name_claim,
        groups_claim=oidc.groups_claim,
        email_claim=oidc.email_claim,
        prefix=oidc.prefix,
    )


def _proxy(proxy: ProxySettings, secrets: Secrets) -> TrustedProxy:
    return TrustedProxy(
        secret=partial(secrets.value, proxy.secret),
        addresses=proxy.addresses,
        secret_header=proxy.secret_header.lower(),
        user_header=proxy.user_header.lower(),
        groups_header=proxy.groups_header.lower(),
        email_header=proxy.email_header.lower(),
    )
