"""The bench believes no tool: whatever is not as the job says is found on the disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench import job, report


def do(root: Path) -> None:
    """Do the job by hand."""
    folder = root / job.FOLDER
    folder.mkdir(parents=True)
    folder.chmod(job.FOLDER_MODE)
    for name, content in job.rendered("h1"):
        (folder / name).write_bytes(content)
        (folder / name).chmod(job.MODE)
    (folder / job.LINK).symlink_to(job.TO)


def other_link(root: Path) -> None:
    (root / job.FOLDER / job.LINK).unlink()
    (root / job.FOLDER / job.LINK).symlink_to(job.FILES[1])


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file that drifted": (job.drift, "part-07.conf is not as it shall be"),
    "a file that is gone": (lambda root: (root / "app" / job.FILES[3]).unlink(), "part-03.conf is not as it shall be"),
    "a mode": (lambda root: (root / "app" / job.FILES[3]).chmod(0o600), "part-03.conf has the mode 600"),
    "the folder's mode": (lambda root: (root / "app").chmod(0o700), "app has the mode 700"),
    "the link": (other_link, "current.conf is not the link it shall be"),
    "something left behind": (lambda root: (root / "app" / ".part.new").touch(), ".part.new was left behind"),
    "nothing there at all": (job.forget, "app is not there"),
}


@pytest.mark.parametrize(("spoil", "told"), SPOILT.values(), ids=SPOILT.keys())
def test_what_is_not_as_the_job_says_is_found(tmp_path: Path, spoil: Callable[[Path], object], told: str) -> None:
    do(tmp_path)
    assert job.wrong(tmp_path, "h1") == []
    spoil(tmp_path)
    (wrong,) = job.wrong(tmp_path, "h1")
    assert wrong.endswith(told)


def test_a_file_is_about_4_kib_and_another_one_on_each_host() -> None:
    one, other = dict(job.rendered("h1")), dict(job.rendered("h2"))
    assert len(one) == 20
    assert all(3900 < len(content) < 4200 for content in one.values())
    assert not set(one.values()) & set(other.values())


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.99, 4.0), (0.0, 1.0), (1.0, 4.0)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert report.percentile([4.0, 1.0, 2.0, 3.0], share) == value
