"""``sops`` for tests: the program itself is not to be had here. Form of files, words and key are as documented.

Only what the tests need: the AES-256-GCM of values, a data key encrypted with age, YAML and JSON in, JSON out. The
digest over all values (``mac``) is not looked at.
"""

import base64
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pyrage
import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VALUE = re.compile(r"ENC\[AES256_GCM,data:([^,]*),iv:([^,]+),tag:([^,]+),type:(\w+)\]")
_BEGIN, _END = "-----BEGIN AGE ENCRYPTED FILE-----\n", "\n-----END AGE ENCRYPTED FILE-----\n"


def encrypted(values: dict[str, Any], recipient: Any) -> bytes:
    """Return the YAML file that ``sops --age RECIPIENT`` would write."""
    key = os.urandom(32)
    armoured = _BEGIN + base64.encodebytes(pyrage.encrypt(key, [recipient])).decode().strip() + _END
    told = {"age": [{"recipient": str(recipient), "enc": armoured}], "version": "3.9.0"}
    return yaml.safe_dump({**_hidden(values, key, ""), "sops": told}).encode()


def install(folder: Path, python: str, root: Path) -> None:
    """Have ``sops`` in the folder; it leaves the words it was called with beside it."""
    program = folder / "sops"
    program.write_text(f"#!{python}\nimport sys\nsys.path.insert(0, {str(root)!r})\n" + _MAIN)
    program.chmod(0o755)


_MAIN = """\
from pathlib import Path
Path(__file__).with_name("sops.called").write_bytes(Path("/proc/self/cmdline").read_bytes())
from tests.providers.sops_stub import main
main()
"""


def main() -> None:
    words = sys.argv[1:]
    known = ["--decrypt", "--input-type", "yaml", "--output-type", "json", "/dev/stdin"]
    if words != known:
        sys.exit(f"unexpected words: {words}")
    document = yaml.safe_load(Path(words[-1]).read_bytes())
    identities = [pyrage.x25519.Identity.from_str(line) for line in os.environ["SOPS_AGE_KEY"].split()]
    try:
        body = document.pop("sops")["age"][0]["enc"].removeprefix(_BEGIN).removesuffix(_END)
        key = pyrage.decrypt(base64.b64decode(body), identities)
        sys.stdout.write(json.dumps(_shown(document, key, "")) + "\n")
    except (pyrage.DecryptError, InvalidTag, AttributeError, KeyError):
        sys.stderr.write("Failed to get the data key required to decrypt the SOPS file.\n")
        sys.exit(128)


def _hidden(value: Any, key: bytes, path: str) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(each, key, f"{path}{name}:") for name, each in value.items()}
    sort = {str: "str", bool: "bool", int: "int"}[type(value)]
    vector = os.urandom(32)
    sealed = AESGCM(key).encrypt(vector, str(value).encode(), path.encode())
    data, iv, tag = (base64.b64encode(each).decode() for each in (sealed[:-16], vector, sealed[-16:]))
    return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:{sort}]"


def _shown(value: Any, key: bytes, path: str) -> Any:
    if isinstance(value, dict):
        return {name: _shown(each, key, f"{path}{name}:") for name, each in value.items()}
    found = _VALUE.fullmatch(value)
    assert found
    data, iv, tag = (base64.b64decode(each) for each in found.groups()[:3])
    text = AESGCM(key).decrypt(iv, data + tag, path.encode()).decode()
    return {"str": str, "int": int, "bool": bool}[found[4]](text)


if __name__ == "__main__":
    main()
