"""The script for pipelines: what the API says when it says no, with a curl that is old, too."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import unavailable
from tests.docs.pages import blocks

SINCE = {"--fail-with-body": "7.76", "--json": "7.82", "--retry-all-errors": "7.71"}
"""Options of curl that Debian 11 or the version that the page names does not have."""


class Api(BaseHTTPRequestHandler):
    """Says yes to who has the token, no to others; ``gone`` is answered by something else than the API."""

    def do_GET(self) -> None:
        said = {"summary": {"unit": "shop@test", "inSync": True, "commit": "c0ffee", "state": "good"}}
        self._answer(200, json.dumps(said))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if "gone@test" in self.path:
            self._answer(404, "<html>no such page</html>")
        elif self.headers["Authorization"] == "Bearer good":
            self._answer(200, json.dumps({"said": "Git is looked at"}))
        else:
            self._answer(403, json.dumps({"detail": "you may not sync shop@test"}))

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as there:
        thread = threading.Thread(target=there.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{there.server_port}"
        there.shutdown()
        thread.join()


def script() -> str:
    (found,) = [block.text for block in blocks() if block.what == "ci/reconciler.sh"]
    return found


def test_the_script_asks_for_nothing_that_an_old_curl_does_not_have() -> None:
    assert [option for option in re.findall(r"--[\w-]+", script()) if option in SINCE] == []


@pytest.mark.parametrize(
    ("unit", "token", "status", "said"),
    [
        ("shop@test", "good", 0, "Git is looked at"),
        ("shop@test", "bad", 1, "you may not sync shop@test"),
        ("gone@test", "good", 1, "no such page"),
    ],
)
def test_what_the_api_says_is_shown(api: str, tmp_path: Path, unit: str, token: str, status: int, said: str) -> None:
    if not (shutil.which("jq") and shutil.which("curl")):
        unavailable("the script needs jq and curl")
    around = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "RECONCILER_URL": api, "RECONCILER_TOKEN": token}
    done = subprocess.run(
        ["sh", "-c", script(), "sh", unit, "sync"], env=around, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
