"""Run a command and print, as one line of JSON, what it cost: itself and everything it started.

    python -m bench.measured RESULT LIMIT COMMAND...

Whatever the command leaves behind (the masters of kept SSH connections, say) becomes our child, is ended, and counts.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_SUBREAPER = 36
_DIE_WITH_PARENT = 1


def main() -> None:
    result, limit, command = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_SUBREAPER, 1, 0, 0, 0)
    prctl(_DIE_WITH_PARENT, signal.SIGTERM, 0, 0, 0)
    began = time.monotonic()
    process = subprocess.Popen(command, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: process.kill())
    signal.signal(signal.SIGALRM, lambda *_: process.kill())
    signal.setitimer(signal.ITIMER_REAL, limit)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    signal.setitimer(signal.ITIMER_REAL, 0)
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
    while left := _children():
        for child in left:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            _, _, usage = os.wait4(child, 0)
            cpu, peak = cpu + usage.ru_utime + usage.ru_stime, max(peak, usage.ru_maxrss)
    code = os.waitstatus_to_exitcode(status)
    result.write_text(json.dumps({"wall": wall, "cpu": cpu, "peak_mib": peak / 1024, "status": code}))


def _children() -> list[int]:
    text = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    return [int(word) for word in text.split()]


if __name__ == "__main__":
    main()
