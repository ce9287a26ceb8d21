"""``reconciler init``: a small working start that ``validate`` finds nothing wrong with."""

from pathlib import Path

import click

_SETTINGS = """\
# Where the journal, the mirror of the repository and our keys are kept.
state_dir = "state"

[git]
# This repository; a URL works as well. Only what is committed counts.
url = "."
branch = "main"
poll = "30s"

[ssh]
# Private keys to log in with, without passphrase. Without any: those in ~/.ssh, and the SSH agent's.
# identities = ["~/.ssh/id_ed25519"]
"""

_ENVIRONMENT = """\
# A named set of targets. Another one may come after it: spec: {after: [production]}
kind: Environment
metadata: {name: production}
"""

_HOST = """\
# A Linux host, reached over SSH. Docker Engines, Swarms, clusters and HTTP APIs are targets as well: docs/targets.md.
# Put a host of yours here:
#   address  its name or IP address
#   user     who to log in as
#   become   sudo for root's rights, none to work as the user
#   hostKey  the one key it may show: ssh-keyscan -t ed25519 ADDRESS, without the address, after checking it
kind: Host
metadata: {name: web-1, labels: {role: web}}
spec:
  environment: production
  address: web-1.example.net
  user: deploy
  become: none
  hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""

_APP = """\
# What is deployed: on every host of the environment that has the labels.
kind: App
metadata: {name: hello}
spec:
  version: "1.0.0"
  environments: {production: {}}
  targets: {hosts: {role: web}}
  resources:
    - directory: {path: ~/hello}
    - file: {path: ~/hello/greeting.txt, template: templates/greeting.txt, mode: "0644"}
"""

_TEMPLATE = "Hello from {{ app }} {{ version }} on {{ target.name }}.\n"

_POLICY = """\
# How changes travel. It governs every unit; one that asks for labels under match wins over it.
kind: RolloutPolicy
metadata: {name: default}
spec:
  strategy: {rolling: {batchSize: 25%, pause: 10s}}
  failureBudget: {total: 0, perBatch: 0}
  progressDeadline: 10m
  onFailure: revert            # revert, hold or continue
  drift: heal                  # heal, report or hold
  prune: {mode: keep, atMost: 20%}
"""

# Where people put secrets when they try things out: none of it may get into Git by ``git add .``.
_IGNORED = "/state/\n/secrets/\n"

FILES = {
    "reconciler.toml": _SETTINGS,
    ".gitignore": _IGNORED,
    "desired-state/environments.yaml": _ENVIRONMENT,
    "desired-state/hosts.yaml": _HOST,
    "desired-state/hello/app.yaml": _APP,
    "desired-state/hello/templates/greeting.txt": _TEMPLATE,
    "policies/default.yaml": _POLICY,
}
"""What is written, by path."""


_NEXT = (
    "put a host of yours into desired-state/hosts.yaml, and your key into reconciler.toml",
    "reconciler validate                every mistake, with its place",
    "git init -b main && git add . && git commit -m 'desired state'   (only what is committed counts)",
    "reconciler doctor                  whether the targets and this machine have what is needed",
    "reconciler plan                    what would be done",
    "reconciler run                     do it, and keep it so; --once does it and ends",
)


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=".")
def command(directory: Path) -> None:
    """Write a working start: desired state, policies, settings.

    DIRECTORY is where it goes (default: this one). Files that are there are
    never overwritten; when one of ours is, nothing is written.
    """
    from reconciler.cli.errors import Failure

    files = {name: text for name, text in FILES.items() if name != ".gitignore" or not (directory / name).exists()}
    there = [name for name in files if (directory / name).exists() or (directory / name).is_symlink()]
    if there:
        names = "\n".join(there)
        raise Failure(f"these files are already in {directory}, so nothing was written:\n{names}")
    try:
        for name, text in files.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text)
    except OSError as error:
        raise Failure(f"cannot write {error.filename}: {error.strerror}") from error
    _tell(directory, list(files))


def _tell(directory: Path, names: list[str]) -> None:
    for name in names:
        click.echo(f"wrote {directory / name}")
    inside = "" if directory == Path() else f" in {directory}"
    click.echo(f"\nNext{inside}:")
    for number, step in enumerate(_NEXT, 1):
        click.echo(f"  {number}. {step}")
