"""The HTTP service that rollouts in the lab deploy: `app.pl`, run by systemd, under the test's control.

``GET /`` says which version answered, on which host (headers ``X-Version``, ``X-Served-By``); ``/healthz`` is 200 or
503; ``/metrics`` has ``http_requests_total{app,version,instance_name,code}`` and a histogram
``http_request_duration_seconds`` for Prometheus. SIGTERM finishes what is under way.

What it does is read from ``/run/app/control`` at every request, see `control`: a test makes one version fail
everywhere, and another one go on well, by writing ``1.4.2:error_rate=0.5``.

    host = lab.host("web-1")
    app.install(host, app.App(version="1.4.1"))           # past reconciler, for tests of routers
    app.control(host, {"1.4.2:error_rate": "0.5"})        # what will go wrong as soon as 1.4.2 is there
    app.documents(App(version="{{ version }}"))           # resources of an App document that deploys it
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.hosts import LabHost

PROGRAM = (Path(__file__).parent / "app.pl").read_bytes()
CONTROL = "/run/app/control"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One instance of the service. ``slot`` is part of its names where two are on one host, each on its own port.

    All of it may be templates of a document.
    """

    version: str
    port: int | str = 8080
    slot: str = ""
    name: str = "%H"

    @property
    def unit(self) -> str:
        """The name of its systemd unit."""
        return f"shop{'-' + self.slot if self.slot else ''}.service"

    @property
    def folder(self) -> str:
        """Where its files are."""
        return f"/opt/shop{'-' + self.slot if self.slot else ''}"

    def unit_file(self) -> str:
        """Return the systemd unit; it does not name the version, which is in the folder's file ``version``."""
        start = f"exec /usr/bin/perl {self.folder}/app.pl port {self.port} control {CONTROL} app shop"
        start += f" name {self.name} version $$(cat {self.folder}/version)"
        return (
            "[Unit]\nDescription=the app under test\nStartLimitIntervalSec=0\n\n"
            f"[Service]\nExecStart=/bin/sh -c '{start}'\n"
            "KillSignal=SIGTERM\nTimeoutStopSec=15\n\n[Install]\nWantedBy=multi-user.target\n"
        )


def install(host: LabHost, app: App) -> None:
    """Put the app on a host, past reconciler, and have it answer; one of another version is replaced."""
    host.write(f"{app.folder}/app.pl", PROGRAM)
    host.write(f"{app.folder}/version", app.version.encode())
    host.write(f"/etc/systemd/system/{app.unit}", app.unit_file().encode())
    url = f"http://127.0.0.1:{app.port}/healthz"
    host.sh(
        f"systemctl daemon-reload && systemctl restart {app.unit} && "
        f"until curl -s -o /dev/null {url}; do systemctl -q is-active {app.unit} || exit 1; done"
    )


def control(host: LabHost, settings: Mapping[str, str]) -> None:
    """Say what the app does from now on; what is not named goes back to how it was.

    ``latency_ms`` of answers to ``/``; ``error_rate`` (0 to 1) of them are 500; ``healthy`` is ``yes`` or ``no``;
    ``starts`` is ``no`` for one that ends at once. A version and a colon before a key: for that version alone.
    """
    text = "".join(f"{key}={value}\n" for key, value in settings.items())
    host.write(f"{CONTROL}.new", text.encode())
    host.sh(f"mv {CONTROL}.new {CONTROL}")


def documents(app: App) -> list[dict[str, Any]]:
    """Return the ``resources`` of an App document that has this instance run, as plain data for YAML.

    The repository needs `PROGRAM` as ``files/app.pl`` in the folder of the document. ``version`` may be a template.
    """
    program, version, unit = f"{app.folder}/app.pl", f"{app.folder}/version", app.unit
    return [
        {"directory": {"path": app.folder}},
        {"file": {"path": program, "source": "files/app.pl"}},
        {"file": {"path": version, "content": app.version}},
        {
            "systemdUnit": {
                "name": unit,
                "content": app.unit_file(),
                "enabled": True,
                "running": True,
                "restartOn": [f"file:{program}", f"file:{version}"],
            }
        },
    ]
