"""The unprivileged user that an engine runs as when Studium runs as root."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("postgres", "studium", "nobody")
_READ, _ENTER = 0o444, 0o111


@dataclass(frozen=True, slots=True)
class Servant:
    uid: int
    gid: int

    def own(self, *paths: Path) -> None:
        for path in paths:
            os.chown(path, self.uid, self.gid)


def servant_for(data: Path) -> Servant | None:
    """None where Studium is not root: the engine runs as oneself. Whoever owns the data already
    goes on owning it.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owned := data.stat()).st_uid != 0:
        return Servant(owned.st_uid, owned.st_gid)
    for name in _NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Servant(entry.pw_uid, entry.pw_gid)
    return Servant(65534, 65534)


def closed_way(folder: Path) -> Path | None:
    """The first folder on the way to this one, itself included, that others cannot pass."""
    for each in (*reversed(folder.parents), folder):
        if each.is_dir() and not each.stat().st_mode & 0o001:
            return each
    return None


def open_copy(package: Path, target: Path) -> Path:
    """`target/<package>`: a copy that every user may read and run, made once, whole or not at all.

    A wheel's shared libraries lie beside its package, and its programs find them there.
    """
    if not target.exists():
        shutil.rmtree(target.parent, ignore_errors=True)  # earlier versions, unfinished copies
        target.parent.mkdir()
        draft = target.with_name("draft")
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(source, draft / source.name, symlinks=True)
        _open(target.parent, draft, *draft.rglob("*"))
        draft.rename(target)
    return target / package.name


def _open(*paths: Path) -> None:
    for path in paths:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | _READ | (_ENTER if mode & 0o100 else 0))
