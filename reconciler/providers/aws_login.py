"""Who we are to AWS: keys from the environment or the machine's secrets, or fetched for a while.

Source: AWS STS API, "AssumeRoleWithWebIdentity"; EC2 user guide, "Retrieve security credentials from instance metadata"
(IMDSv2). The variables are those of AWS's own tools.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import assert_never
from urllib.parse import quote, urlencode

from reconciler.model.secret_store import AwsEnvironment, AwsInstance, AwsKeys, AwsLogin, AwsWebIdentity
from reconciler.ports.secrets import SecretUnknown
from reconciler.providers.aws_signature import AwsKeyPair
from reconciler.providers.http import Request, Response
from reconciler.providers.secret_far import OK, Far
from reconciler.providers.secret_reading import StoreAway

_METADATA = "http://169.254.169.254"


def log_in(login: AwsLogin, region: str, far: Far, environment: Mapping[str, str]) -> AwsKeyPair:
    """Return the keys to sign with; raise SecretUnknown, SecretMissing."""
    match login:
        case AwsEnvironment():
            key, secret = (
                _variable(far, environment, f"AWS_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
            )
            return AwsKeyPair(key=key, secret=secret, session=environment.get("AWS_SESSION_TOKEN", ""))
        case AwsKeys():
            session = far.secret(login.session).strip() if login.session else ""
            return AwsKeyPair(key=login.key, secret=far.secret(login.secret).strip(), session=session)
        case AwsWebIdentity():
            return _by_token(region, far, environment)
        case AwsInstance():
            return _of_machine(far, environment)
        case _:
            assert_never(login)


def _variable(far: Far, environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise SecretUnknown(f"the store {far.name} cannot be logged in to: the environment of the daemon has no {name}")
    return value


def _by_token(region: str, far: Far, environment: Mapping[str, str]) -> AwsKeyPair:
    path = Path(_variable(far, environment, "AWS_WEB_IDENTITY_TOKEN_FILE"))
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SecretUnknown(f"the store {far.name} cannot be logged in to: cannot read the token in {path}") from None
    asked = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": _variable(far, environment, "AWS_ROLE_ARN"),
        "RoleSessionName": environment.get("AWS_ROLE_SESSION_NAME", "reconciler"),
        "WebIdentityToken": token,
    }
    url = environment.get("AWS_ENDPOINT_URL_STS") or f"https://sts.{region}.amazonaws.com"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = far.ask(Request(url=url, method="POST", headers=headers, body=urlencode(asked).encode()))
    text = _body(far, answer, "be logged in to as the role of AWS_ROLE_ARN")
    found = {name: re.search(rf"<{name}>([^<>]+)</{name}>", text) for name in ("AccessKeyId", "SecretAccessKey")}
    session, until = (re.search(rf"<{name}>([^<>]+)</{name}>", text) for name in ("SessionToken", "Expiration"))
    key, secret = found["AccessKeyId"], found["SecretAccessKey"]
    if not (key and secret and session and until):
        raise SecretUnknown(f"the store {far.name} cannot be logged in to: the answer of {url} has no keys")
    return AwsKeyPair(key=key[1], secret=secret[1], session=session[1], until=_time(until[1]))


def _of_machine(far: Far, environment: Mapping[str, str]) -> AwsKeyPair:
    base = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or _METADATA
    base = base.rstrip("/") + "/latest"
    doing = "be logged in to with the role of this machine"
    lasting = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
    token = _body(far, far.ask(Request(url=f"{base}/api/token", method="PUT", headers=lasting)), doing)
    shown = {"X-aws-ec2-metadata-token": token.strip()}
    roles = f"{base}/meta-data/iam/security-credentials/"
    role = _body(far, far.ask(Request(url=roles, headers=shown)), doing).split("\n")[0].strip()
    answer = far.ask(Request(url=roles + quote(role), headers=shown))
    _body(far, answer, doing)
    given = far.json(answer)
    texts = [given.get(name) for name in ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")]
    key, secret, session, until = (each if isinstance(each, str) else "" for each in texts)
    if not all((key, secret, session, until)):
        raise SecretUnknown(f"the store {far.name} cannot be logged in to: this machine has no keys of a role")
    return AwsKeyPair(key=key, secret=secret, session=session, until=_time(until))


def _body(far: Far, answer: Response, doing: str) -> str:
    if answer.status != OK:
        raise StoreAway(str(far.refused(answer, doing)))
    return answer.body.decode(errors="replace")


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None
