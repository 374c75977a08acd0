"""Children that are ready to work: forked from a process that has loaded its code and seen no job.

A fresh interpreter costs a fifth of a second of processor, a fork some milliseconds. The nursery is
started with an empty environment, so none of its children holds a secret; each child gets one job
and ends.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import BinaryIO

LETTER = 32
"""Bytes of what parent and nursery tell each other; the descriptors are what matters."""


class NurseryError(Exception):
    """There is no child to be had, or it ended without an answer."""


@dataclass(frozen=True, slots=True)
class Child:
    pid: int
    handle: int | None
    """A pidfd, where the kernel has them: a pid may be somebody else's by now."""
    into: BinaryIO
    out: BinaryIO

    async def ask(self, job: bytes, most: int) -> bytes:
        """Its whole answer. Raises `NurseryError` where that is longer than `most` bytes."""
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self.out
        )
        try:
            await asyncio.to_thread(self._tell, job)
            answer = bytearray()
            while piece := await reader.read(1 << 20):
                answer += piece
                if len(answer) > most:
                    raise NurseryError
            return bytes(answer)
        finally:
            transport.close()

    def _tell(self, job: bytes) -> None:
        with contextlib.suppress(BrokenPipeError), self.into:
            self.into.write(job)

    def end(self) -> None:
        """Kills it, whatever it does. It can have started nothing."""
        with contextlib.suppress(ProcessLookupError):
            if self.handle is None:
                os.kill(self.pid, signal.SIGKILL)
            else:
                signal.pidfd_send_signal(self.handle, signal.SIGKILL)
                os.close(self.handle)


class Nursery:
    """One a process; started at the first job, and again if it was killed. It ends with its parent,
    whose end of the socket closes.
    """

    def __init__(self, module: str) -> None:
        # `-I`: neither the environment nor the working folder has a say in what is imported.
        self._command: tuple[str, ...] = (sys.executable, "-I", "-X", "utf8", "-m", module)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._turn = threading.Lock()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def child(self) -> Child:
        """Raises `NurseryError`."""
        if not self.alive:
            self._start()
        return await asyncio.to_thread(self._bear)

    def _start(self) -> None:
        if self._control:
            self._control.close()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module  # nosec B603
                self._command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )

    def _bear(self) -> Child:
        """Hands over the child's ends of two pipes; its number and handle come back."""
        if self._control is None:
            raise NurseryError
        their_in, into = os.pipe()
        out, their_out = os.pipe()
        try:
            with self._turn:
                socket.send_fds(self._control, [b"child"], [their_in, their_out])
                told, handles, _, _ = socket.recv_fds(self._control, LETTER, 1)
            if not told:
                raise NurseryError  # noqa: TRY301 - as if the socket had said so
        except (OSError, NurseryError) as error:
            os.close(into)
            os.close(out)
            raise NurseryError from error
        finally:
            os.close(their_in)
            os.close(their_out)
        handle = handles[0] if handles else None
        return Child(int(told), handle, os.fdopen(into, "wb"), os.fdopen(out, "rb", buffering=0))
