"""A real Prometheus on loopback, with what it has measured before it started."""

import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

READY = "Server is ready to receive web requests"


def obstacle() -> str | None:
    """Return in one line why Prometheus cannot run here, None when it can."""
    missing = [program for program in ("prometheus", "promtool") if shutil.which(program) is None]
    return "this needs Debian's package: apt-get install prometheus" if missing else None


@contextmanager
def prometheus(
    folder: Path, measured: str = "", targets: Sequence[str] = (), port: int = 0, rules: Sequence[Path] = ()
) -> Iterator[str]:
    """Run Prometheus and yield its URL.

    ``measured`` is text in the OpenMetrics format with times, which it has scraped before; ``targets`` (address:port)
    are scraped every second from now on. ``folder`` is its own: empty, or that of one which has ended. ``port`` 0 is
    a free one. ``rules`` are files of rules; what is scraped is the job ``reconciler`` then, as they expect.
    """
    data = folder / "data"
    if measured:
        source = folder / "measured.txt"
        source.write_text(measured)
        blocks = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(source), str(data)]
        subprocess.run(blocks, check=True, capture_output=True, timeout=60)
    config = folder / "prometheus.yml"
    addresses = ", ".join(f'"{target}"' for target in targets)
    named = ", ".join(f'"{each}"' for each in rules)
    job = "reconciler" if rules else "app"
    config.write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        f"rule_files: [{named}]\n"
        f"scrape_configs: [{{job_name: {job}, static_configs: [{{targets: [{addresses}]}}]}}]\n"
    )
    port = port or _free_port()
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=10y",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if READY in line:
                    break
            else:
                raise RuntimeError("Prometheus did not start:\n" + "".join(said[-5:]))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.communicate(timeout=30)


def _free_port() -> int:
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        port: int = there.getsockname()[1]
        return port
