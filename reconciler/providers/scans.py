"""Programs of this machine that look for vulnerabilities in an archive and print a report.

Which programs may be run says this machine, in its settings, and not Git. They get none of our environment. Words that
Git adds can make another program of many a scanner (a plugin, a file to write), so settings may have the last word.
"""

import asyncio
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.model.provenance import Scanner
from reconciler.policy.provenance import filled, placeholders
from reconciler.ports.errors import Refused, Unreachable
from reconciler.providers.local_program import Bounds, NotRun, run

MOST = 32 * 1024 * 1024
"""The largest report, in bytes."""

_PASSED_ON = ("PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Scans:
    """``allowed`` are the programs that may be run, by the names that policies call them; ``home`` keeps their data."""

    allowed: Mapping[str, Sequence[str]]
    home: Path

    async def report(self, scanner: Scanner, files: Mapping[str, Path]) -> bytes:
        """Return what the scanner prints of these files, by the names of its placeholders.

        Raises Refused when it may not be run, Unreachable when it gave no report: it ended with a status other than 0,
        took too long, or printed too much.
        """
        program, paths = scanner.command[0], {name: str(path) for name, path in files.items()}
        command = [filled(word, paths) for word in self._line(scanner)]
        try:
            await asyncio.to_thread(self.home.mkdir, mode=0o700, parents=True, exist_ok=True)
            bounds = Bounds(folder=self.home, environment=self._environment(), limit=scanner.limit, most=MOST)
            answered = await run(command, b"", bounds)
        except (OSError, NotRun) as error:
            raise Unreachable(f"there is no scan: {error}") from error
        if answered.status != 0:
            raise Unreachable(f"{program} ended with status {answered.status}{answered.complaint}")
        return answered.output

    def wanted(self, scanner: Scanner) -> frozenset[str]:
        """Return which files the scanner is given, by the names of their placeholders; raise Refused."""
        return frozenset(name for word in self._line(scanner) for name in placeholders(word))

    def _line(self, scanner: Scanner) -> Sequence[str]:
        """The words of the settings and those of Git; where the settings say what is given, they say it all."""
        program, *words = scanner.command
        if program not in self.allowed:
            raise Refused(f"{program} may not be run here: it is not in provenance.scanners of the settings")
        line = self.allowed[program]
        if words and any(placeholders(word) for word in line):
            raise Refused(
                f"{program} takes no words from Git: provenance.scanners of the settings has all of them; "
                f"write command: [{program}]"
            )
        return [*line, *words]

    def _environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {"PATH": os.defpath, **passed, "HOME": str(self.home), "LC_ALL": "C.UTF-8"}


def unpack(plain: Path, folder: Path) -> None:
    """Unpack a plain tar that was made safe to unpack; raise Refused for one that was not."""
    folder.mkdir()
    try:
        with tarfile.open(plain, "r:") as tar:
            # Python has filters since 3.11.4; what is unpacked here was made safe before it was kept.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            tar.extractall(folder)  # noqa: S202 - see above
    except (tarfile.TarError, OSError) as error:
        raise Refused(f"the archive cannot be unpacked for a scan: {error}") from error
