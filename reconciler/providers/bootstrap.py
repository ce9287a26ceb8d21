"""How a script gets to a host: a small constant command, and everything else over its standard input.

The command reads lines up to the one that says how long the script is, then that many bytes, then hands over.
So neither the script nor a password is ever among the arguments of a process, where every user of the host could read
them; a password that sudo did not ask for is one of the lines before, and thrown away.
"""

from reconciler.model.target import Become, Host
from reconciler.ports.errors import Broken, Denied, WorldError

_BEGIN = "rcl-begin"
READY = b"rcl-ready\n"
"""What is printed right before a script starts."""

_END = "#rcl-end"

# One line and free of backslashes and exclamation marks, so that every login shell reads it alike. `dd` and not `head`:
# the latter may read ahead (busybox does), and would swallow what the script has yet to read. A script that arrives
# cut off lacks its last line and is not run.
_LOOP = (
    "HOME=$1; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C; export HOME PATH LC_ALL; "
    f'while IFS= read -r l; do case $l in "{_BEGIN} "*) '
    f's=$(dd bs="${{l#{_BEGIN} }}" count=1 iflag=fullblock 2>/dev/null); '
    f'case $s in *"{_END}") echo rcl-ready; eval "$s"; exit;; esac; exit 97;; esac; done; exit 97'
)
_SHELL = f"sh -c '{_LOOP}' sh \"$HOME\""

# sudo asks three times, and would take the lines after a wrong password for the next tries: three failures that count
# against the account, for one. So the password is tried by itself first. It is in no argument and no environment, for
# printf is part of the shell; and what sudo may remember (timestamp_timeout) does not matter.
_ASKED = (
    'IFS= read -r p; printf %s "$p" | sudo -k -S -p "" -v || exit; '
    '{ printf %s "$p"; echo; exec cat; } | sudo -k -S -p "" -- sh -c "$2" sh "$1"'
)


def command(host: Host) -> str:
    """Return the command line to ask the host's sshd for. It is the same for every script."""
    if host.become is Become.NONE:
        return f"exec {_SHELL}"
    if host.become_password is None:
        return f"exec env LC_ALL=C sudo -n -- {_SHELL}"
    return f"exec env LC_ALL=C sh -c '{_ASKED}' sh \"$HOME\" '{_LOOP}'"


def opening(text: str, password: str | None) -> bytes:
    """Return what goes to standard input before the payloads: the password if there is one, and the script."""
    script = f"{text}\n{_END}".encode()
    secret = "" if password is None else password + "\n"
    return secret.encode() + f"{_BEGIN} {len(script)}\n".encode() + script


def split_ready(output: bytes) -> bytes | None:
    """Return what the script printed, without what the login printed before it; None when the script did not start."""
    before, ready, after = output.partition(READY)
    started = ready and (not before or before.endswith(b"\n"))
    return after if started else None


def not_started(host: Host, status: int, errors: str) -> WorldError:
    """Return why the script did not start, for a person."""
    last = (errors.strip().splitlines() or [f"exit status {status}"])[-1]
    if host.become is Become.NONE:
        return Broken(f"the login of {host.user} on {host.name} did not give a shell: {last}")
    return Denied(f"cannot become root on {host.name}: {_sudo_reason(host, status, errors, last)}")


def _sudo_reason(host: Host, status: int, errors: str, last: str) -> str:
    if status == 127 and "sudo" in errors:
        return "sudo is not installed there; install it, or log in as root with become: none"
    if "password is required" in errors:
        return (
            f"sudo wants a password for {host.user}; name one in becomePassword, "
            f"or allow {host.user} to use sudo without one (NOPASSWD)"
        )
    if "incorrect password" in errors or "try again" in errors or "no password was provided" in errors:
        return f"sudo did not accept the password in the secret {host.become_password}"
    if "sudoers" in errors or "not allowed" in errors or "may not run" in errors:
        return f"{host.user} may not use sudo there; add {host.user} to the sudoers ({last})"
    return f"sudo failed: {last}"
