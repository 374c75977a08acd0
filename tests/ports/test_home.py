"""The folder of one machine: who holds it, who may see into it, where root's data goes."""

import os
import resource
from pathlib import Path

import pytest

from studium.adapters.embedded.home import (
    SYSTEM_HOME,
    FolderInUseError,
    Home,
    NoPermissionError,
    held,
    resolve,
)

as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root's folders are closed to its servants"
)


def test_a_folder_has_one_holder_and_says_who(folder: Path) -> None:
    with held(Home(folder), "http://127.0.0.1:8000"):
        with pytest.raises(FolderInUseError) as refused, held(Home(folder), "elsewhere"):
            pass
        assert f"process {os.getpid()} at http://127.0.0.1:8000" in refused.value.detail
    with held(Home(folder), "http://127.0.0.1:8001"):
        pass


def test_a_disk_that_takes_nothing_is_said_in_words(folder: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(NoPermissionError, match="too large"), held(Home(folder), "here"):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_secret_is_made_once(folder: Path) -> None:
    first = Home(folder).secret("valkey")
    assert len(first) >= 32
    assert Home(folder).secret("valkey") == first
    assert Home(folder).secret("other") != first


@as_root
def test_a_strict_umask_leaves_a_way_for_the_engines(roomy: Path) -> None:
    before = os.umask(0o077)
    try:
        home = Home(roomy / "new" / "data")
        with held(home, "here"):
            assert resolve(home.folder).folder == home.folder
    finally:
        os.umask(before)


@as_root
@pytest.mark.parametrize("way", ["parent", "folder", "link"])
def test_every_closed_way_sends_the_data_of_root_elsewhere(roomy: Path, way: str) -> None:
    closed = roomy / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o700)
    (roomy / "link").symlink_to(closed / "inside")
    wished = {"parent": closed / "data", "folder": closed, "link": roomy / "link" / "data"}[way]
    home = resolve(wished)
    assert home.folder == SYSTEM_HOME
    assert home.remark is not None
    assert str(closed) in home.remark
    assert str(SYSTEM_HOME) in home.remark


def test_a_file_in_the_way_is_no_folder_and_is_left_alone(folder: Path) -> None:
    in_the_way = folder / "file"
    in_the_way.write_text("kept")
    for wished in (in_the_way, in_the_way / "data"):
        with pytest.raises(NoPermissionError, match="STUDIUM_HOME"), held(resolve(wished), "here"):
            pass
    assert in_the_way.read_text() == "kept"
