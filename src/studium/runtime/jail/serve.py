"""The nursery's own side: forks a child for every request of its parent, until that ends."""

import gc
import os
import signal
import socket
from collections.abc import Callable

from studium.runtime.jail.enter import close_to_others

LETTER = 32


def serve(work: Callable[[], None]) -> None:
    """Standard input is the socket to the parent. A child finds its job on standard input, leaves
    its answer on standard output, and is in a session of its own.
    """
    close_to_others()
    signal.signal(signal.SIGCHLD, _bury)
    # What is here now is shared by all children: a collection that touched it would copy it.
    gc.freeze()
    control = socket.socket(fileno=os.dup(0))
    while True:
        asked, pipes, _, _ = socket.recv_fds(control, LETTER, 2)
        if not asked:
            return
        nursery = os.getpid()
        pid = os.fork()
        if pid == 0:
            _live(work, nursery, control, *pipes)
        handle = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
        socket.send_fds(control, [str(pid).encode()], handle)
        for descriptor in (*pipes, *handle):
            os.close(descriptor)


def _live(
    work: Callable[[], None], nursery: int, control: socket.socket, into: int, out: int
) -> None:
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        os.dup2(into, 0)
        os.dup2(out, 1)
        os.close(into)
        os.close(out)
        if os.getppid() == nursery:
            work()
    finally:
        # What the job did to this memory shall not matter when it is taken down.
        os._exit(0)


def _bury(*_: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return
