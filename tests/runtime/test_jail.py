"""The jail, from inside: a child enters it and tries what a hostile file would have it do."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studium.runtime.jail import enter, landlock, seccomp

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the jail's walls are Linux's")
pytestmark = linux_only

CHILD = """
import ctypes, json, mmap, os, resource, signal, socket, sys, threading
from studium.runtime.jail import enter, kernel, landlock, seccomp
from studium.runtime.jail.enter import Cell

libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    kernel.syscall(number, *arguments)

def opened(path):
    os.close(os.open(path, os.O_RDONLY))

def allocated():
    bytearray(1 << 30)

def in_a_thread():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()

readable, writable, parent, layer = sys.argv[1:]
parent = int(parent)
TRIES = {
    "open a file": lambda: opened(readable),
    "list a folder": lambda: os.listdir("/"),
    "write a file": lambda: open(writable, "w").write("x"),
    "make a folder": lambda: os.mkdir(writable + ".d"),
    "remove a file": lambda: os.unlink(readable),
    "change a mode": lambda: os.chmod(readable, 0o777),
    "look at the parent's memory": lambda: opened(f"/proc/{parent}/mem"),
    "look at the parent's environment": lambda: opened(f"/proc/{parent}/environ"),
    "open a TCP socket": lambda: socket.socket(socket.AF_INET),
    "open a local socket": lambda: socket.socket(socket.AF_UNIX),
    "open a pair of sockets": socket.socketpair,
    "start a program": lambda: os.execv("/bin/true", ["true"]),
    "start a process": lambda: os._exit(0) if os.fork() == 0 else None,
    "start a thread": in_a_thread,
    "trace the parent": lambda: call(101, 16, parent, 0, 0),
    "read another's memory": lambda: call(310, parent, None, 0, None, 0, 0),
    "signal the parent": lambda: os.kill(parent, 0),
    "become root": lambda: os.setuid(0),
    "mount": lambda: call(165, 0, 0, 0, 0, 0),
    "make a name space": lambda: call(272, 0x10000000),
    "make a ring": lambda: call(425, 1, 0),
    "load a BPF program": lambda: call(321, 0, 0, 0),
    "make a file in memory": lambda: os.memfd_create("x"),
    "map memory as code": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    "raise its own limits": lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40)),
    "take too much memory": allocated,
}
if layer == "all":
    enter.enter(Cell(cpu_seconds=20, memory_bytes=1 << 30))
else:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock.restrict() if layer == "landlock" else seccomp.restrict(os.getpid())

def outcome(attempt):
    try:
        attempt()
    except (OSError, RuntimeError, MemoryError, ValueError) as error:
        return type(error).__name__
    return "done"

told = {name: outcome(attempt) for name, attempt in TRIES.items()}
told["compute"] = str(sum(range(1000)))
print(json.dumps(told), flush=True)
os._exit(0)
"""


def tried(tmp_path: Path, layer: str) -> dict[str, str]:
    readable = tmp_path / "readable"
    readable.write_text("secret")
    readable.chmod(0o644)
    command = [sys.executable, "-c", CHILD, str(readable), str(tmp_path / "written")]
    child = subprocess.run(
        [*command, str(os.getpid()), layer], capture_output=True, check=False, timeout=60
    )
    assert child.returncode == 0, child.stderr.decode()
    return dict(json.loads(child.stdout))


def test_every_forbidden_thing_fails_and_work_goes_on(tmp_path: Path) -> None:
    told = tried(tmp_path, "all")
    assert told.pop("compute") == "499500"
    assert not [name for name, outcome in told.items() if outcome == "done"]
    assert [each.name for each in tmp_path.iterdir()] == ["readable"]


def test_landlock_alone_keeps_it_from_files(tmp_path: Path) -> None:
    told = tried(tmp_path, "landlock")
    for name in ("open a file", "list a folder", "write a file", "remove a file"):
        assert told[name] == "PermissionError", name
    assert told["open a local socket"] == "done", "the other walls are not up"


def test_seccomp_alone_keeps_it_from_everything_but_memory(tmp_path: Path) -> None:
    told = tried(tmp_path, "seccomp")
    assert told.pop("compute") == "499500"
    assert [name for name, outcome in told.items() if outcome == "done"] == ["take too much memory"]


def test_a_crash_is_seen_as_a_crash() -> None:
    """abort(3) signals the process itself, which stays allowed."""
    code = "import os; from studium.runtime.jail.enter import *;enter(Cell(5, 1 << 30)); os.abort()"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode < 0


def test_an_inherited_descriptor_is_closed(tmp_path: Path) -> None:
    secret = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(secret, True)
    code = (
        f"import os; from studium.runtime.jail.enter import *; os.fstat({secret});"
        "enter(Cell(5, 1 << 30))\n"
        f"try:\n    os.fstat({secret})\nexcept OSError:\n    os._exit(7)"
    )
    try:
        child = subprocess.run([sys.executable, "-c", code], check=False, close_fds=False)
    finally:
        os.close(secret)
    assert child.returncode == 7


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed; what it had in the jail goes with it."""
    inmate = (
        "import os, time; from studium.runtime.jail.enter import *; enter(Cell(60, 1 << 30));"
        "os.write(1, str(os.getpid()).encode())\nwhile True: pass"
    )
    code = (
        "import os, signal, subprocess, sys;"
        f"child = subprocess.Popen([sys.executable, '-c', {inmate!r}], stdout=subprocess.PIPE);"
        "print(child.stdout.read1().decode(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    parent = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    pid = int(parent.stdout)
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists() or b"Z" in _state(pid):
            return
        time.sleep(0.02)
    raise AssertionError("it is still there")


def _state(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()[0]
    except FileNotFoundError:
        return b"Z"


def test_a_process_that_closed_itself_cannot_be_read_by_its_user() -> None:
    code = (
        "import os; from studium.runtime.jail.enter import close_to_others; close_to_others();"
        "print(os.stat(f'/proc/{os.getpid()}/mem').st_uid, flush=True)"
    )
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    prefix = as_nobody if os.geteuid() == 0 else []
    child = subprocess.run([*prefix, sys.executable, "-c", code], capture_output=True, check=False)
    assert child.stdout.strip() == b"0", "only root may open it"


@pytest.mark.parametrize(
    ("wall", "name"), [(landlock, "Landlock"), (seccomp, "seccomp")], ids=["landlock", "seccomp"]
)
def test_a_missing_wall_is_named(wall: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert enter.missing() == []
    monkeypatch.setattr(wall, "abi" if wall is landlock else "available", lambda: 0)
    assert [each for each in enter.missing() if each.startswith(name)]
