"""Whether an archive shows what policy wants: where to look, and what to think of what is found. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from reconciler.model.content import Artifact
from reconciler.model.provenance import (
    CosignKey,
    Found,
    GpgKeys,
    MinisignKey,
    Severity,
    Signatures,
    SigningKey,
    Vulnerabilities,
    Vulnerability,
)
from reconciler.policy.signing_keys import minisign_key, short_pem

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SUFFIX = {"minisign": ".minisig", "cosign": ".sig", "gpg": ".asc"}
_SKEW = timedelta(minutes=5)
_SHOWN = 5
REPOSITORY = "repo:"


class NoPlace(Exception):
    """A URL that cannot be made for this archive. The text says why."""


def placeholders(text: str) -> frozenset[str]:
    """Return the names that stand in ``{{ }}``."""
    return frozenset(match[1] for match in _PLACE.finditer(text))


def filled(text: str, values: dict[str, str]) -> str:
    """Return the text with values in the place of their names; KeyError for one that is not there.

    What a value holds is not read again.
    """
    return _PLACE.sub(lambda match: values[match[1]], text)


def place(template: str, artifact: Artifact) -> str:
    """Return the URL of what belongs to an archive; raise NoPlace."""
    if artifact.url.startswith(REPOSITORY) and "url" in placeholders(template):
        where = "say where it is by {{ sha256 }}"
        raise NoPlace(f"the archive comes with the repository and has no URL beside which anything could be; {where}")
    return filled(template, {"url": artifact.url, "sha256": artifact.digest.removeprefix("sha256:")})


def signature_place(rule: Signatures, key: SigningKey, artifact: Artifact) -> str:
    """Return the URL of the signature by a key; raise NoPlace."""
    return place(rule.url or "{{ url }}" + _SUFFIX[key.sort], artifact)


def short(artifact: Artifact) -> str:
    """Return how people call an archive: the last part of its URL."""
    if artifact.url.startswith(REPOSITORY):
        return f"the archive {artifact.digest[7:19]} of the repository"
    return unquote(urlsplit(artifact.url).path.rpartition("/")[2]) or artifact.digest


def named(key: SigningKey) -> str:
    """Return how people call the owner of a key."""
    match key:
        case MinisignKey():
            return key.name or f"minisign {minisign_key(key.key).id}"
        case CosignKey():
            return key.name or f"cosign {short_pem(key.key)}"
        case GpgKeys():
            return key.name or "the GPG keys of the policy"


def unsigned(rule: Signatures, failures: Sequence[tuple[SigningKey, str]]) -> str | None:
    """Return what is missing, given the keys for which no good signature was found and why; None when enough is there.

    Whoever is listed twice still signs once for each.
    """
    failed = [key for key, _ in failures]
    if not failed or (not rule.everyone and len(failed) < len(rule.keys)):
        return None
    wanted = ", ".join(dict.fromkeys(named(key) for key in failed))
    whys = "; ".join(dict.fromkeys(why for _, why in failures))
    return f"{'lacks the signatures' if rule.everyone else 'is not signed by any'} of: {wanted} ({whys})"


def too_vulnerable(rule: Vulnerabilities, found: Found, now: datetime) -> str | None:
    """Return why the report does not do, None when it does."""
    if old := _age(rule, found, now):
        return old
    left = [each for each in found.vulnerabilities if not _ignored(rule, each, now)]
    worst = rule.fail_on
    if worst and (bad := [each for each in left if each.severity.rank >= worst.rank]):
        return f"has {_counted(bad)} of severity {worst} or worse: {_some(bad)}"
    counts = Counter(each.severity for each in left)
    for severity, most in rule.at_most:
        if counts[severity] > most:
            bad = [each for each in left if each.severity is severity]
            return f"has {_counted(bad)} of severity {severity}, where at most {most} may be: {_some(bad)}"
    return None


def good_until(rule: Vulnerabilities, found: Found, now: datetime) -> datetime | None:
    """Return until when the report does as it does now; None for ever.

    That is until it is too old, or the first entry ends by which something is ignored.
    """
    ends = [
        datetime(each.until.year, each.until.month, each.until.day, tzinfo=now.tzinfo) + timedelta(days=1)
        for each in rule.ignored
        if each.until >= now.date() and any(each.id in one.ids for one in found.vulnerabilities)
    ]
    if rule.max_age is not None:
        ends.append((found.made or now) + rule.max_age)
    return min(ends, default=None)


def _age(rule: Vulnerabilities, found: Found, now: datetime) -> str | None:
    if rule.max_age is None:
        return None
    if found.made is None:
        return "has a report of vulnerabilities that does not say when it was made, where policy limits its age"
    if found.made > now + _SKEW:
        return f"has a report of vulnerabilities that was made in the future, at {found.made:%Y-%m-%d %H:%M}Z"
    if now - found.made > rule.max_age:
        return f"has a report of vulnerabilities of {found.made:%Y-%m-%d %H:%M}Z, which is too old"
    return None


def _ignored(rule: Vulnerabilities, each: Vulnerability, now: datetime) -> bool:
    return any(ignored.id in each.ids and ignored.until >= now.date() for ignored in rule.ignored)


def _counted(bad: Collection[Vulnerability]) -> str:
    return "1 vulnerability" if len(bad) == 1 else f"{len(bad)} vulnerabilities"


def _some(bad: Iterable[Vulnerability]) -> str:
    names = sorted({each.ids[0] + (f" in {each.package}" if each.package else "") for each in bad})
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the worst of them; of none the worst that there is, for nobody has looked."""
    return max(severities, key=lambda each: each.rank, default=Severity.CRITICAL)
