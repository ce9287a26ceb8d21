"""Every tool with the job written down its own way, and the command that does it."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomli_w
import yaml

from bench import job
from bench.hosts import Hosts

HERE = Path(__file__).parent
PEERS = HERE / ".venv" / "bin"


@dataclass(frozen=True, slots=True)
class Tool:
    """``prepare`` writes what the tool reads into its folder and returns the command that does the job once.

    ``forget`` makes the tool's own memory that of its first day, when the hosts are emptied.
    """

    name: str
    prepare: Callable[[Hosts, Path], list[str]]
    environment: Mapping[str, str]
    most_hosts: int
    peer: bool


def _floor(hosts: Hosts, folder: Path) -> list[str]:
    return [sys.executable, "-m", "bench.floor", str(fleet_file(hosts, folder)), "1"]


def fleet_file(hosts: Hosts, folder: Path) -> Path:
    """Write what a script needs to reach the hosts."""
    path = folder / "fleet.json"
    fleet = {"user": hosts.user, "key": str(hosts.key), "host_key": hosts.host_key, "port": hosts.port}
    path.write_text(json.dumps({**fleet, "hosts": [{"name": h.name, "address": h.address} for h in hosts.all]}))
    return path


def _reconciler(hosts: Hosts, folder: Path) -> list[str]:
    return [sys.executable, "-m", "reconciler", "run", "--once", "--config", str(repository(hosts, folder))]


def repository(hosts: Hosts, folder: Path) -> Path:
    """Write settings and a Git repository that asks for the job; return the settings' path."""
    where = folder / "repository"
    desired, templates = where / "desired-state", where / "desired-state" / "templates"
    templates.mkdir(parents=True)
    for name in job.FILES:
        (templates / name).write_text(job.template(name, "target.name"))
    (desired / "hosts.yaml").write_text(_yaml([{"kind": "Environment", "metadata": {"name": "bench"}}, *_hosts(hosts)]))
    (desired / "app.yaml").write_text(_yaml([_app()]))
    policy = {"kind": "RolloutPolicy", "metadata": {"name": "default"}, "spec": {"drift": "heal"}}
    (where / "policies").mkdir()
    (where / "policies" / "default.yaml").write_text(_yaml([policy]))
    commit(where)
    settings = {
        "state_dir": "state",
        "git": {"url": "repository"},
        "ssh": {"agent": False, "identities": [str(hosts.key)]},
        "drift": {"interval": "1h"},
        "log": {"level": "warning"},
    }
    (folder / "reconciler.toml").write_text(tomli_w.dumps(settings))
    return folder / "reconciler.toml"


def commit(repository: Path) -> None:
    """Commit all there is; the first time the repository is made."""
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false"]
    if not (repository / ".git").exists():
        subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    for words in (["add", "-A"], [*who, "commit", "-q", "-m", "the job"]):
        subprocess.run(["git", *words], cwd=repository, check=True)


def _hosts(hosts: Hosts) -> list[dict[str, object]]:
    key = " ".join(hosts.host_key.split()[:2])
    spec = {"environment": "bench", "port": hosts.port, "user": hosts.user, "hostKey": key}
    return [
        {
            "kind": "Host",
            "metadata": {"name": h.name, "labels": {"role": "job"}},
            "spec": {"address": h.address, **spec},
        }
        for h in hosts.all
    ]


def _app() -> dict[str, object]:
    at = f"~/{job.FOLDER}"
    files = [
        {"file": {"path": f"{at}/{n}", "template": f"templates/{n}", "mode": f"{job.MODE:04o}"}} for n in job.FILES
    ]
    resources = [
        {"directory": {"path": at, "mode": f"{job.FOLDER_MODE:04o}"}},
        *files,
        {"symlink": {"path": f"{at}/{job.LINK}", "to": job.TO}},
    ]
    spec = {
        "version": "1",
        "environments": {"bench": {}},
        "targets": {"hosts": {"role": "job"}},
        "resources": resources,
    }
    return {"kind": "App", "metadata": {"name": "job"}, "spec": spec}


def _yaml(documents: Sequence[Mapping[str, object]]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False)


def _pyinfra(hosts: Hosts, folder: Path) -> list[str]:
    templates(folder, "host.name")
    shared = {
        "ssh_port": hosts.port,
        "ssh_user": hosts.user,
        "ssh_key": str(hosts.key),
        "ssh_known_hosts_file": str(hosts.known_hosts),
        "ssh_strict_host_key_checking": "yes",
    }
    fleet = [(h.name, {"ssh_hostname": h.address, "root": str(h.root), **shared}) for h in hosts.all]
    (folder / "inventory.py").write_text(f"fleet = {fleet!r}\n")
    (folder / "deploy.py").write_text((HERE / "peers" / "pyinfra_deploy.py").read_text())
    (folder / "job.json").write_text(_job())
    return [str(PEERS / "pyinfra"), "-y", "--parallel", "50", "inventory.py", "deploy.py"]


def _ansible(playbook: str) -> Callable[[Hosts, Path], list[str]]:
    def prepare(hosts: Hosts, folder: Path) -> list[str]:
        templates(folder, "inventory_hostname")
        (folder / "library").mkdir(exist_ok=True)
        (folder / "library" / "bundle.py").write_text((HERE / "peers" / "ansible_bundle_module.py").read_text())
        (folder / "playbook.yaml").write_text((HERE / "peers" / playbook).read_text())
        (folder / "job.json").write_text(_job())
        known = f"-o UserKnownHostsFile={hosts.known_hosts} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes"
        every = {
            "ansible_user": hosts.user,
            "ansible_port": hosts.port,
            "ansible_ssh_private_key_file": str(hosts.key),
            "ansible_ssh_common_args": known,
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        fleet = {h.name: {"ansible_host": h.address, "root": str(h.root)} for h in hosts.all}
        (folder / "inventory.yaml").write_text(yaml.safe_dump({"all": {"hosts": fleet, "vars": every}}))
        return [str(PEERS / "ansible-playbook"), "-i", "inventory.yaml", "playbook.yaml"]

    return prepare


def templates(folder: Path, host: str) -> None:
    """Write the templates, for a tool that names the host at hand so."""
    (folder / "templates").mkdir(exist_ok=True)
    for name in job.FILES:
        (folder / "templates" / f"{name}.j2").write_text(job.template(name, host))


def _job() -> str:
    names = {
        "files": job.FILES,
        "mode": f"{job.MODE:04o}",
        "folder": job.FOLDER,
        "folder_mode": f"{job.FOLDER_MODE:04o}",
    }
    return json.dumps({**names, "link": job.LINK, "to": job.TO})


_ANSIBLE = {
    "ANSIBLE_FORKS": "50",
    "ANSIBLE_PIPELINING": "True",
    "ANSIBLE_GATHERING": "explicit",
    "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s -o PreferredAuthentications=publickey",
    "ANSIBLE_RETRY_FILES_ENABLED": "False",
    "ANSIBLE_NOCOLOR": "True",
    "ANSIBLE_DEPRECATION_WARNINGS": "False",
    "LC_ALL": "C.UTF-8",
}


def _mitogen_strategy() -> str:
    found = sorted((PEERS.parent / "lib").glob("python*/site-packages/ansible_mitogen/plugins/strategy"))
    return str(found[0]) if found else ""


_PATH = {"PYTHONPATH": str(HERE.parent)}

TOOLS = (
    Tool("floor", _floor, _PATH, 1000, peer=False),
    Tool("reconciler", _reconciler, _PATH, 1000, peer=False),
    Tool("pyinfra", _pyinfra, {}, 100, peer=True),
    Tool("ansible-bundle", _ansible("ansible_bundle.yaml"), _ANSIBLE, 100, peer=True),
    Tool(
        "ansible-mitogen",
        _ansible("ansible_idiomatic.yaml"),
        {**_ANSIBLE, "ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": _mitogen_strategy()},
        100,
        peer=True,
    ),
    Tool("ansible", _ansible("ansible_idiomatic.yaml"), _ANSIBLE, 10, peer=True),
)
