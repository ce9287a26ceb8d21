"""Mail: text and HTML, each notice of a rollout an answer to the first one."""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial

from reconciler.model.channel import Email, MailSecurity
from reconciler.policy.dialects import HTML, PLAIN
from reconciler.ports.channels import Delivered, Outgoing
from reconciler.ports.errors import Broken, Denied, Lost, Refused, TimedOut, Unreachable
from reconciler.providers.channels import content
from reconciler.providers.channels.aside import aside

LIMIT = timedelta(seconds=20)
"""For each answer of the server."""

WHOLE = timedelta(seconds=50)
"""For all of it: a server that says a word now and then is never late."""

_SUBJECT = 200


async def deliver(via: Email, message: Outgoing, password: str) -> Delivered:
    """Hand it to the mail server; raise as the port says. Whoever stops waiting ends the connection."""
    line = _Line()
    try:
        async with asyncio.timeout(WHOLE.total_seconds()):
            return await aside(partial(_sent, line, via, message, password), line.cut)
    except TimeoutError:
        where, seconds = f"{via.server}:{via.port}", WHOLE.total_seconds()
        raise TimedOut(f"the mail server {where} was not done with it within {seconds:g} s") from None


def mail(via: Email, message: Outgoing) -> EmailMessage:
    """Return the mail; nothing from people gets into a header but the subject, on one line."""
    made, notice = EmailMessage(), message.notice
    made["From"] = via.sender
    made["To"] = ", ".join(via.to)
    made["Subject"] = content.title(notice, _SUBJECT)
    made["Date"] = format_datetime(notice.at)
    made["Message-ID"] = own_id(via, message)
    made["Auto-Submitted"] = "auto-generated"
    made["X-Reconciler-Key"] = message.key
    if message.thread:
        made["In-Reply-To"] = message.thread
        made["References"] = message.thread
    made.set_content(f"{content.title(notice, _SUBJECT)}\n\n{content.body(message, PLAIN)}\n")
    rows = content.body(message, HTML).replace("\n", "<br>\n")
    heading = HTML.escape(content.title(notice, _SUBJECT))
    made.add_alternative(f"<html><body><h3>{heading}</h3>\n<p>{rows}</p></body></html>\n", subtype="html")
    return made


def own_id(via: Email, message: Outgoing) -> str:
    """Return the id of the mail: the same whenever it is tried, so that a mailbox shows it once."""
    key = "".join(each if each.isascii() and each.isalnum() else "-" for each in message.key)
    return f"<{key}@{via.sender.rpartition('@')[2].strip('> ') or 'localhost'}>"


def _sent(line: "_Line", via: Email, message: Outgoing, password: str) -> Delivered:
    where = f"{via.server}:{via.port}"
    with _in_words(where, via):
        left_out = _handed_over(line, via, message, password)
    return Delivered(
        thread=message.thread or own_id(via, message),
        detail=f"not for {', '.join(left_out)}" if left_out else "accepted",
    )


def _handed_over(line: "_Line", via: Email, message: Outgoing, password: str) -> Collection[str]:
    """Return those that the server takes nothing for, where it takes it for others."""
    with _server(line, via) as server:
        if via.security is MailSecurity.STARTTLS:
            server.starttls(context=_context(via))
        if via.user:
            server.login(via.user, password)
        return server.send_message(mail(via, message))


@contextmanager
def _in_words(where: str, via: Email) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise Denied(f"the mail server {where} does not know {via.user} with this password: {_said(error)}") from None
    except smtplib.SMTPNotSupportedError as error:
        raise Denied(f"the mail server {where} cannot do what the channel asks: {error}") from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        told = f"the mail server {where} takes nothing for {', '.join(error.recipients)}"
        raise (Refused if all(code >= 500 for code in codes) else Unreachable)(told) from None
    except smtplib.SMTPResponseException as error:
        told = f"the mail server {where} did not take it: {_said(error)}"
        raise (Refused if error.smtp_code >= 500 else Unreachable)(told) from None
    except ssl.SSLError as error:
        raise Broken(f"no safe connection to the mail server {where}: {error.reason or error}") from None
    except TimeoutError:
        raise TimedOut(f"the mail server {where} did not answer within {LIMIT.total_seconds():g} s") from None
    except smtplib.SMTPServerDisconnected as error:
        raise Lost(f"the mail server {where} ended the connection: {error}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(f"no answer from the mail server {where}: {error}") from None


class _Line:
    """The connection to a server, which is known here before it is made."""

    def __init__(self) -> None:
        self.server: smtplib.SMTP | None = None

    def cut(self) -> None:
        """End it, if there is one; whoever reads from it finds its end. Raise OSError when it has ended already."""
        sock = self.server.sock if self.server else None
        if sock is not None:
            # Not the method of a socket with TLS, which forgets that there was any while another thread reads.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Plain(smtplib.SMTP):
    def __init__(self, line: _Line, via: Email) -> None:
        line.server = self
        super().__init__(via.server, via.port, timeout=LIMIT.total_seconds())


class _OverTls(smtplib.SMTP_SSL):
    def __init__(self, line: _Line, via: Email) -> None:
        line.server = self
        super().__init__(via.server, via.port, timeout=LIMIT.total_seconds(), context=_context(via))


def _server(line: _Line, via: Email) -> smtplib.SMTP:
    return _OverTls(line, via) if via.security is MailSecurity.TLS else _Plain(line, via)


def _context(via: Email) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=via.ca)


def _said(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
    return f"{error.smtp_code} {' '.join(said.split())[:200]}"
