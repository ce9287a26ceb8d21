"""A real Chromium, told over its debugging pipe what to open and asked what it made of it."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    *(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--remote-debugging-pipe",
        "--no-first-run",
    ),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--mute-audio"),
)


@dataclass
class Tab:
    """One page in the browser. ``requests`` are the addresses it has asked for, ``said`` what its console has."""

    to: int
    answers: Iterator[dict[str, Any]]
    session: str = ""
    requests: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _count: int = 0

    def ask(self, method: str, **words: Any) -> dict[str, Any]:
        """Ask the browser; what happens meanwhile is noted."""
        self._count += 1
        number = self._count
        asked = {"id": number, "method": method, "params": words}
        self._tell(asked | ({"sessionId": self.session} if self.session else {}))
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, url: str) -> None:
        """Open the address, and return when all of the page is there."""
        self.ask("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def value(self, script: str) -> Any:
        """Return what a script makes of the page; what the page forbids itself does not matter to it."""
        return self.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def size(self, width: int, height: int, *, mobile: bool) -> None:
        """Make the window so large."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def prefer(self, scheme: str) -> None:
        """Have the system be ``light`` or ``dark``."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self) -> bytes:
        """Return what is seen in the window, as PNG."""
        return base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"])

    def _tell(self, message: dict[str, Any]) -> None:
        os.write(self.to, json.dumps(message).encode() + b"\0")

    def _next(self) -> dict[str, Any]:
        answer = next(self.answers)
        told = answer.get("params", {})
        match answer.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Log.entryAdded":
                self.said.append(told["entry"]["text"])
            case _:
                pass
        return answer


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """Have a page in a browser of its own, with its profile in the folder, for the time of the block."""
    theirs, ours = os.pipe()
    mine, its = os.pipe()
    command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={folder}", "about:blank"]
    # The browser reads at 3 and writes at 4, and at no other number.
    script = f'exec "$@" 3<&{theirs} 4>&{its}'
    process = subprocess.Popen(
        ["bash", "-c", script, "bash", *command],
        pass_fds=(theirs, its),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(theirs)
    os.close(its)
    try:
        with os.fdopen(mine, "rb", buffering=0) as read:
            page = Tab(ours, _answers(read))
            target = page.ask("Target.createTarget", url="about:blank")["targetId"]
            page.session = page.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Network", "Runtime", "Log", "Accessibility"):
                page.ask(f"{domain}.enable")
            yield page
            page.session = ""
            page.ask("Browser.close")
    finally:
        os.close(ours)
        if process.poll() is None:
            process.kill()
        process.wait(30)


def _answers(read: Any) -> Iterator[dict[str, Any]]:
    held = b""
    while more := read.read(65536):
        *whole, held = (held + more).split(b"\0")
        for each in whole:
            yield json.loads(each)
    raise AssertionError("the browser has ended")
