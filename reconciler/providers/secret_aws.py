"""AWS Secrets Manager.

Source: AWS Secrets Manager API reference, "GetSecretValue" and "Common error types".
"""

import base64
import binascii
import json
import threading
from collections.abc import Callable
from datetime import timedelta

from reconciler.model.secret_store import AwsStore
from reconciler.ports.clock import Clock
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.providers.aws_signature import AwsKeyPair, Scope, signed
from reconciler.providers.http import Request, Response
from reconciler.providers.secret_far import OK, Far
from reconciler.providers.secret_reading import Raw

_SERVICE = "secretsmanager"
_EARLY = timedelta(minutes=1)
_SHORTEST_ID = 32
_NOT_THERE = frozenset({"ResourceNotFoundException"})
_OLD_KEYS = frozenset(
    {"ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"}
)


class Aws:
    """Reads values. Keys are fetched when they are needed, kept until they run out, and anew once when refused."""

    def __init__(self, store: AwsStore, far: Far, clock: Clock, log_in: Callable[[], AwsKeyPair]) -> None:
        self._store = store
        self._far = far
        self._clock = clock
        self._log_in = log_in
        self._logging_in = threading.Lock()
        self._keys: AwsKeyPair | None = None

    def read(self, path: str, version: str) -> Raw:
        """Return the bytes of the value; a version is its id, or a stage such as AWSPREVIOUS."""
        keys = self._logged_in(None)
        answer = self._asked(path, version, keys)
        if _error(answer) in _OLD_KEYS:
            answer = self._asked(path, version, self._logged_in(keys))
        if _error(answer) in _NOT_THERE:
            which = f"version {version} of the secret" if version else "the secret"
            raise SecretMissing(f"{which} {self._store.prefix}{path} is not in the store {self._far.name}")
        if answer.status != OK:
            raise self._far.refused(answer, f"be asked for {path}", _error(answer))
        given = self._far.json(answer)
        text, data = given.get("SecretString"), given.get("SecretBinary")
        if isinstance(text, str):
            return text.encode(errors="surrogatepass")
        try:
            return base64.b64decode(data if isinstance(data, str) else "!", validate=True)
        except binascii.Error:
            raise SecretUnknown(f"the answer of the store {self._far.name} has no value in it") from None

    def _asked(self, path: str, version: str, keys: AwsKeyPair) -> Response:
        url = self._store.endpoint or f"https://{_SERVICE}.{self._store.region}.amazonaws.com"
        wanted = {"SecretId": self._store.prefix + path}
        if version:
            wanted["VersionId" if len(version) >= _SHORTEST_ID else "VersionStage"] = version
        body = json.dumps(wanted).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{_SERVICE}.GetSecretValue"}
        scope = Scope(region=self._store.region, service=_SERVICE, at=self._clock.now())
        request = Request(url=url + "/", method="POST", headers=headers, body=body)
        return self._far.ask(signed(request, keys, scope))

    def _logged_in(self, refused: AwsKeyPair | None) -> AwsKeyPair:
        with self._logging_in:
            keys = self._keys
            if keys is None or keys is refused or (keys.until and keys.until - _EARLY <= self._clock.now()):
                keys = self._keys = self._log_in()
            return keys


def _error(answer: Response) -> str:
    """The name of the error, without its namespace; the message is not read, for nobody knows what is in it."""
    if answer.status == OK:
        return ""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    name = said.get("__type") if isinstance(said, dict) else None
    short = name.rpartition("#")[2] if isinstance(name, str) else ""
    return short if short.isalpha() and len(short) <= 100 else ""
