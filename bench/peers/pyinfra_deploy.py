"""The job for pyinfra."""

import json
from pathlib import Path

from pyinfra import host
from pyinfra.operations import files

JOB = json.loads(Path("job.json").read_text())
FOLDER = f"{host.data.root}/{JOB['folder']}"

files.directory(path=FOLDER, mode=JOB["folder_mode"])
for name in JOB["files"]:
    files.template(src=f"templates/{name}.j2", dest=f"{FOLDER}/{name}", mode=JOB["mode"])
files.link(path=f"{FOLDER}/{JOB['link']}", target=JOB["to"])
