"""An Ansible module that brings a folder of files to what it shall be, in one go."""

import json
import os

# Modules of Ansible speak to the system as this one does.
# ruff: noqa: PTH101, PTH102, PTH105, PTH108, PTH112, PTH114, PTH115, PTH116, PTH118, PTH123, PTH211
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    names = {name: {"type": "str", "required": True} for name in ("path", "folder_mode", "mode", "link", "to")}
    module = AnsibleModule({**names, "files": {"type": "raw", "required": True}})
    given = module.params
    changed = False
    files = given["files"] if isinstance(given["files"], dict) else json.loads(given["files"])
    if not os.path.isdir(given["path"]):
        os.mkdir(given["path"])
        changed = True
    changed |= _mode(given["path"], int(given["folder_mode"], 8))
    for name, text in files.items():
        changed |= _file(os.path.join(given["path"], name), text.encode(), int(given["mode"], 8))
    link = os.path.join(given["path"], given["link"])
    if not os.path.islink(link) or os.readlink(link) != given["to"]:
        if os.path.lexists(link):
            os.unlink(link)
        os.symlink(given["to"], link)
        changed = True
    module.exit_json(changed=changed)


def _file(path: str, data: bytes, mode: int) -> bool:
    try:
        with open(path, "rb") as file:
            same = file.read() == data
    except FileNotFoundError:
        same = False
    if not same:
        with open(path + ".new", "wb") as file:
            file.write(data)
        os.chmod(path + ".new", mode)
        os.replace(path + ".new", path)
        return True
    return _mode(path, mode)


def _mode(path: str, mode: int) -> bool:
    if os.stat(path).st_mode & 0o7777 == mode:
        return False
    os.chmod(path, mode)
    return True


if __name__ == "__main__":
    main()
