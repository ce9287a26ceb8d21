"""A mail server on loopback, with TLS and a login, that is as strict as RFC 5321 lets it be."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from reconciler.model.channel import Email, MailSecurity
from tests.providers.tls import Authority, serving

USER, PASSWORD = "fleet", "sesame-of-mail"


@dataclass
class Mailbox:
    """A server that listens, the channel that leads to it, and what it took: to whom, over TLS or not, as whom."""

    via: Email
    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...], bool, bool]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Answers to DATA that are given first."""
    unknown: frozenset[str] = frozenset()
    """Addresses that nothing is taken for."""


class _Taking:
    """What aiosmtpd asks, by the names that it asks for."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: Any) -> str:
        if address in self._box.unknown:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._box.answers:
            return self._box.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        made = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(made, EmailMessage)
        assert server.transport is not None
        over_tls = server.transport.get_extra_info("ssl_object") is not None
        self._box.taken.append(made)
        self._box.envelopes.append(
            (str(envelope.mail_from), tuple(envelope.rcpt_tos), over_tls, bool(session.authenticated))
        )
        return "250 taken"


def _known(_: SMTP, __: Session, ___: Envelope, ____: str, said: Any) -> AuthResult:
    good = isinstance(said, LoginPassword) and (said.login, said.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


@asynccontextmanager
async def mailbox(folder: Path, security: MailSecurity) -> AsyncIterator[Mailbox]:
    """Listen; who does not log in, or not over TLS, is refused unless the server is one without both."""
    authority = Authority.make()
    shown = serving(folder, *authority.issue("127.0.0.1"))
    box = Mailbox(
        Email(
            server="127.0.0.1",
            sender="fleet@example.org",
            to=("ops@example.org", "ann@example.org"),
            security=security,
            user="" if security is MailSecurity.NONE else USER,
            password="" if security is MailSecurity.NONE else "mail/password",
            ca=None if security is MailSecurity.NONE else authority.pem,
        )
    )

    def served() -> SMTP:
        match security:
            case MailSecurity.STARTTLS:
                ways: dict[str, Any] = {"tls_context": shown, "require_starttls": True}
            case MailSecurity.TLS:
                # aiosmtpd knows of no TLS but that which STARTTLS began, and warns of what it does not see.
                ways = {"auth_require_tls": False}
            case MailSecurity.NONE:
                return SMTP(_Taking(box), hostname="127.0.0.1")
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            return SMTP(_Taking(box), hostname="127.0.0.1", authenticator=_known, auth_required=True, **ways)

    listening = asyncio.get_running_loop().create_server(
        served, "127.0.0.1", 0, ssl=shown if security is MailSecurity.TLS else None
    )
    async with await listening as server:
        box.via = replace(box.via, port=server.sockets[0].getsockname()[1])
        yield box
