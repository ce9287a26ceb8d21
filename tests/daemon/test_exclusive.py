"""One process at a time acts on a state folder."""

import os
import subprocess
import sys

import pytest

from reconciler.daemon.exclusive import AlreadyRunning, exclusive


def test_a_second_process_is_refused_and_told_which_is_first(tmp_path):
    with exclusive(tmp_path / "state"):
        program = (
            "import sys, pathlib\nfrom reconciler.daemon.exclusive import *\n"
            "try:\n    exclusive(pathlib.Path(sys.argv[1])).__enter__()\n"
            "except AlreadyRunning as error:\n    print(error)\n"
        )
        told = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "state")], capture_output=True, text=True, check=True
        )
        assert f"process {os.getpid()} is at work on {tmp_path / 'state'}" in told.stdout


def test_the_lock_is_free_again_after_the_block_and_after_a_failure_in_it(tmp_path):
    with pytest.raises(RuntimeError), exclusive(tmp_path):
        raise RuntimeError
    with exclusive(tmp_path), pytest.raises(AlreadyRunning), exclusive(tmp_path):
        pass
    with exclusive(tmp_path):
        pass
