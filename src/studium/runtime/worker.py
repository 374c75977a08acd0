"""A worker takes references from the broker and turns each into one attempt.

The claim and the acknowledgement come first; the work runs under a lease with a heartbeat, so the
broker holds nothing that the database does not, and a killed worker costs one lease.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from studium.core.errors import EngineUnavailableError
from studium.core.event import Event
from studium.core.ports import Broker, Reference
from studium.runtime import deliveries, telemetry
from studium.runtime.database import Scope
from studium.runtime.deliveries import MAX_ATTEMPTS, Claim, LeaseLostError
from studium.runtime.engines import Engines
from studium.runtime.service import Peers, Service

log = structlog.get_logger()


@dataclass(slots=True)
class Job:
    """What a handler gets beside its event: engines, peers, and transactions in the event's
    organisation.
    """

    claim: Claim
    engines: Engines
    peers: Peers
    finished: bool = False

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction that does not end the job. Slow calls belong outside of it."""
        return self.engines.courses.transaction(Scope(organisations=(self.claim.organisation_id,)))

    @asynccontextmanager
    async def finish(self) -> AsyncIterator[AsyncSession]:
        """The transaction of the effects, which also marks the delivery done.

        Raises `LeaseLostError` when somebody else holds the delivery by now.
        """
        async with self.reading() as session:
            await deliveries.complete(session, self.claim)
            yield session
        self.finished = True


Handler = Callable[[Any, Job], Awaitable[None]]
"""`(event, job)`: commutative, and safe to repeat up to `job.finish()`."""
GiveUp = Callable[[Any, AsyncSession, str], Awaitable[None]]
"""`(event, session, reason)`: says what is lost, in the transaction that buries the delivery."""


class LeavingError(Exception):
    """The worker ends: it takes nothing more."""


class Worker:
    def __init__(
        self,
        service: Service,
        engines: Engines,
        peers: Peers,
        slots: int,
        lease_seconds: float,
        attempts: int = MAX_ATTEMPTS,
    ) -> None:
        self._service = service
        self._types = {event.type_name(): event for event in service.handlers}
        self._engines = engines
        self._peers = peers
        self._free = asyncio.Semaphore(slots)
        self._lease = lease_seconds
        self._attempts = attempts
        self._work: set[asyncio.Task[None]] = set()
        self._leaving = asyncio.Event()

    async def run(self, broker: Broker, grace_seconds: float) -> None:
        """Consumes until cancelled, then finishes the work in hand within the grace time; what is
        left keeps its lease, which the sweeper finds expired.
        """
        try:
            async with broker.consume(self._service.name, self.take):
                try:
                    await asyncio.Event().wait()
                finally:
                    self._leaving.set()
        finally:
            await self._drain(grace_seconds)

    async def take(self, reference: Reference) -> None:
        """Returns, and so acknowledges, once the delivery is claimed or needs no work.

        Raises `LeavingError` when the worker ends before that: the message is not acknowledged.
        """
        await self._slot()
        claim = None
        try:
            claim = await self._claim_when_possible(reference)
        finally:
            if claim is None:
                self._free.release()
        if claim is not None:
            task = asyncio.create_task(self._attempt(claim))
            self._work.add(task)
            task.add_done_callback(self._released)

    async def _slot(self) -> None:
        """Waits for a free slot, or for the end of the worker."""
        slot = asyncio.ensure_future(self._free.acquire())
        leaving = asyncio.ensure_future(self._leaving.wait())
        await asyncio.wait({slot, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if not slot.done():
            slot.cancel()
            raise LeavingError

    def _released(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._free.release()

    async def _claim_when_possible(self, reference: Reference) -> Claim | None:
        """While the database is down nothing is acknowledged and nothing spins."""
        pause = 0.5
        while True:
            try:
                async with self._engines.courses.transaction(
                    Scope(delivery_id=reference.delivery_id)
                ) as session:
                    return await deliveries.claim(
                        session, reference.delivery_id, self._service.name, self._lease
                    )
            except EngineUnavailableError:
                log.warning("worker.paused", group=self._service.name, seconds=pause)
                await self._pause(pause)
                pause = min(pause * 2, 15.0)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), seconds)
            raise LeavingError

    async def _attempt(self, claim: Claim) -> None:
        labels = {"group": self._service.name, "event": claim.event_type, "attempt": claim.attempt}
        started = perf_counter()
        with (
            structlog.contextvars.bound_contextvars(**labels),
            telemetry.remote_span(f"{self._service.name}.{claim.event_type}", claim.traceparent),
        ):
            state = await self._outcome(claim)
        telemetry.delivery_ended(self._service.name, state, perf_counter() - started)

    async def _outcome(self, claim: Claim) -> str:
        job = Job(claim, self._engines, self._peers)
        event_type = self._types.get(claim.event_type)
        try:
            if event_type is None:
                return await self._bury(claim, None, "this worker does not know the event")
            event = event_type.model_validate(claim.payload)
            if claim.attempt > self._attempts:
                return await self._bury(claim, event, "its worker was stopped in every attempt")
            try:
                await self._under_lease(self._service.handlers[event_type](event, job), claim)
                if not job.finished:
                    async with job.finish():
                        pass
            except (LeaseLostError, asyncio.CancelledError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever a handler raises becomes a retry
                return await self._failed(claim, event, error)
        except LeaseLostError:
            log.info("worker.lease_lost")
            return "lost"
        except EngineUnavailableError as error:
            # Not even the failure could be written down: the lease will run out by itself.
            log.warning("worker.unreachable", error=str(error))
            return "lost"
        return "done"

    async def _failed(self, claim: Claim, event: Event, error: Exception) -> str:
        log.warning("worker.attempt_failed", exc_info=error)
        reason = f"{type(error).__name__}: {error}"
        if claim.attempt >= self._attempts:
            return await self._bury(claim, event, reason)
        async with self._scoped(claim) as session:
            delay = deliveries.backoff(claim.attempt)
            await deliveries.give_back(session, claim, reason, delay)
        return "retry"

    async def _bury(self, claim: Claim, event: Event | None, reason: str) -> str:
        async with self._scoped(claim) as session:
            await deliveries.bury(session, claim, reason)
            if event and (give_up := self._service.give_ups.get(type(event))):
                await give_up(event, session, reason)
        log.error("worker.gave_up", reason=reason)
        return "dead"

    def _scoped(self, claim: Claim) -> AbstractAsyncContextManager[AsyncSession]:
        return self._engines.courses.transaction(Scope(organisations=(claim.organisation_id,)))

    async def _under_lease(self, work: Awaitable[None], claim: Claim) -> None:
        """Runs the work beside its heartbeat; a lost lease ends the work."""
        task = asyncio.ensure_future(work)
        heart = asyncio.create_task(self._beat(claim))
        try:
            await asyncio.wait({task, heart}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                heart.result()
            await task
        finally:
            for each in (heart, task):
                each.cancel()
            with suppress(asyncio.CancelledError, LeaseLostError):
                await heart

    async def _beat(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            try:
                async with self._scoped(claim) as session:
                    await deliveries.extend(session, claim, self._lease)
            except EngineUnavailableError:
                # The lease may outlast the outage; fencing guards the effects if it does not.
                log.warning("worker.heartbeat_missed")

    async def _drain(self, grace_seconds: float) -> None:
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
