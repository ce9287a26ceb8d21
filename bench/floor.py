"""The floor: what the job costs with no product around it. One connection a host, one sh script that checks all by
sha256 in one go, one tar stream that writes what is wrong.

    python -m bench.floor HOSTS.json PASSES      prints the seconds of each pass as JSON
"""

import asyncio
import hashlib
import io
import json
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import asyncssh

from bench import job

_ALGORITHMS = {"kex_algs": ["curve25519-sha256"], "encryption_algs": ["aes128-gcm@openssh.com"]}


async def converge(connection: asyncssh.SSHClientConnection, name: str) -> bool:
    """Bring one host to what the job says; return whether anything had to be done."""
    files = dict(job.rendered(name))
    sums = {each: hashlib.sha256(content).hexdigest() for each, content in files.items()}
    script = (
        f"cd ~/{job.FOLDER} 2>/dev/null || exit 0; sha256sum *.conf; stat -c '%a %n' . *.conf; readlink {job.LINK}\n"
    )
    seen = await connection.run("sh", input=script, check=False)
    wrong = _wrong(str(seen.stdout).splitlines(), sums)
    if not wrong:
        return False
    stream = _tar(
        {each: files[each] for each in wrong if each in files}, whole=job.FOLDER in wrong, link=job.LINK in wrong
    )
    await connection.run("cd && tar -x -p -f -", input=stream, encoding=None, check=True)
    return True


def _wrong(lines: list[str], sums: dict[str, str]) -> set[str]:
    seen = set(lines)
    wrong = {
        name for name, value in sums.items() if f"{value}  {name}" not in seen or f"{job.MODE:o} {name}" not in seen
    }
    if f"{job.FOLDER_MODE:o} ." not in seen:
        wrong.add(job.FOLDER)
    if job.TO not in seen:
        wrong.add(job.LINK)
    return wrong


def _tar(files: dict[str, bytes], *, whole: bool, link: bool) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        if whole:
            entry = tarfile.TarInfo(job.FOLDER)
            entry.type, entry.mode = tarfile.DIRTYPE, job.FOLDER_MODE
            tar.addfile(entry)
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{job.FOLDER}/{name}")
            entry.size, entry.mode = len(content), job.MODE
            tar.addfile(entry, io.BytesIO(content))
        if link:
            entry = tarfile.TarInfo(f"{job.FOLDER}/{job.LINK}")
            entry.type, entry.linkname = tarfile.SYMTYPE, job.TO
            tar.addfile(entry)
    return stream.getvalue()


async def main(fleet: dict[str, Any], passes: int) -> None:
    host_key = asyncssh.import_public_key(fleet["host_key"])
    options = asyncssh.SSHClientConnectionOptions(
        config=None,
        username=fleet["user"],
        client_keys=[fleet["key"]],
        agent_path=None,
        known_hosts=([host_key], [], []),
        **_ALGORITHMS,
    )
    handshakes = asyncio.Semaphore(20)
    kept: dict[str, asyncssh.SSHClientConnection] = {}

    async def one(name: str, address: str) -> bool:
        if name not in kept:
            async with handshakes:
                kept[name] = await asyncssh.connect(address, fleet["port"], options=options)
        return await converge(kept[name], name)

    seconds = []
    for _ in range(passes):
        began = time.perf_counter()
        await asyncio.gather(*(one(each["name"], each["address"]) for each in fleet["hosts"]))
        seconds.append(time.perf_counter() - began)
    for connection in kept.values():
        connection.close()
    print(json.dumps(seconds))


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])))
