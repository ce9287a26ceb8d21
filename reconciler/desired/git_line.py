"""The git command line on a bare mirror of ours, with safe settings and nothing else.

git runs with none of the machine's or the user's settings, no hooks, no prompts and only plain transports; what it
fetches is checked. The one thing it is told to trust is the repository that the settings name: it may belong to
another user.
"""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.desired.process import MOST, Place, TooMuch, plain_environment, run
from reconciler.desired.remote import Remote
from reconciler.ports.source import SourceError, TooLarge

_SAFE = (
    *("-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "core.fsmonitor=false"),
    *("-c", "i18n.logOutputEncoding=UTF-8", "-c", "gc.autoDetach=false", "-c", "core.quotePath=false"),
    *("-c", "fetch.recurseSubmodules=false", "-c", "core.filesRefLockTimeout=5000"),
    *("-c", "transfer.fsckObjects=true", "-c", "fetch.fsckObjects=true", "-c", "credential.helper="),
)
_PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8)
_ADVICE = ("Please make sure", "and the repository exists", "hint:", "Could not read from remote repository")


@dataclass(slots=True)
class GitLine:
    """git on the mirror, a folder that only we use.

    ``ssh_command`` is what ssh runs as; ``credentials`` a file in the format of ``git credential-store`` for https.
    ``limit`` bounds every call, in seconds.
    """

    remote: Remote
    mirror: Path
    ssh_command: str | None = None
    credentials: Path | None = None
    limit: float = 60.0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _prepared: bool = False

    async def fetch(self, doing: str, refspec: str) -> None:
        """Fetch from the remote, one call at a time; SourceError starts with ``doing``."""
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options")
        async with self._one_at_a_time:
            await self(doing, "fetch", *options, self.remote.url, refspec)

    async def __call__(self, doing: str, *arguments: str, given: bytes = b"", most: int = MOST) -> bytes:
        """Run git and return what it printed; SourceError starts with ``doing``.

        It is TooLarge when git prints more than ``most`` bytes.
        """
        if not self._prepared:
            await self._prepare()
        return await self._run(doing, *arguments, given=given, most=most)

    async def _prepare(self) -> None:
        """Make the mirror when there is none (git does nothing to one that is there), and say what it may trust."""
        url = self.remote.url
        try:
            self.mirror.mkdir(parents=True, exist_ok=True)
            trusted = [url, f"{url.rstrip('/')}/.git"] if Path(url).is_absolute() else []
            quoted = (each.replace("\\", "\\\\").replace('"', '\\"') for each in trusted)
            self._trust.write_text("[safe]\n" + "".join(f'\tdirectory = "{each}"\n' for each in quoted))
        except OSError as error:
            raise SourceError(f"cannot make the Git mirror {self.mirror}: {error.strerror}") from error
        await self._init()
        self._prepared = True

    async def _init(self) -> None:
        # Git does not wait for the lock of its configuration, which somebody else may hold who makes the mirror now.
        for patience in (*_PATIENCE, None):
            try:
                what = f"cannot make the Git mirror {self.mirror}"
                await self._run(what, "init", "--quiet", "--bare", "--template=", ".")
            except SourceError as error:
                if patience is None or "lock" not in str(error):
                    raise
                await asyncio.sleep(patience)
            else:
                return

    @property
    def _trust(self) -> Path:
        """A file and not an option: git does not hand options down to the process that serves a local repository."""
        return self.mirror / "reconciler.gitconfig"

    def _environment(self) -> dict[str, str]:
        return plain_environment() | {
            "GIT_DIR": str(self.mirror),
            "GIT_CONFIG_GLOBAL": str(self._trust),
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
            "GIT_SSH_COMMAND": self.ssh_command or "ssh -oBatchMode=yes -oConnectTimeout=15",
            "GIT_NO_REPLACE_OBJECTS": "1",
            **self.remote.environment,
        }

    async def _run(self, doing: str, *arguments: str, given: bytes = b"", most: int = MOST) -> bytes:
        stored = ("-c", f"credential.helper=store --file='{self.credentials}'") if self.credentials else ()
        place = Place(folder=self.mirror, environment=self._environment(), limit=self.limit, most=most)
        try:
            ended = await run(("git", *_SAFE, *stored, *self.remote.options, *arguments), given, place)
        except TimeoutError:
            raise SourceError(f"{doing}: git took longer than {self.limit:g} s") from None
        except TooMuch:
            raise TooLarge(f"{doing}: git lists more than {most // 1024 // 1024} MiB, which is no fleet") from None
        except OSError as error:
            raise SourceError(f"{doing}: cannot run git: {error.strerror}") from error
        if ended.status:
            raise SourceError(f"{doing}: {_reason(ended.errors, ended.status)}")
        return ended.output


def _reason(errors: bytes, status: int) -> str:
    """What git says that tells the cause: its first complaint, without the advice around it."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines()]
    plain = [line.removeprefix("fatal: ").removeprefix("error: ") for line in lines]
    telling = [line for line in plain if line and not line.startswith(_ADVICE)]
    return "; ".join(telling[:3]) or f"git ended with status {status}"
