"""The same API, awaited: every session has one worker thread of its own, in which its calls are made in turn.

>>> import asyncio
>>> async def tour():
...     async with await ec.aio.open(folder / "aio.ecdb", key=ec.Key.raw(bytes(32)), create=True) as engine:
...         async with await engine.session(ec.Principal.service("tour")) as session:
...             owner = {"email": "ada@example.org", "full_name": "Ada"}
...             made = await session.create_organization(name="Aurora", owner=owner)
...             return [row["name"] async for row in session.list("organizations")]
>>> asyncio.run(tour())
['Aurora']

A call whose await is cancelled goes on in the worker; repeat it under its idempotency key to learn what came of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from . import _engine, _future, _session
from ._codec import wait_time, whole
from ._engine import Clock, Engine, Jwt, Key, LogLine, Principal
from ._errors import EventcoreError
from ._generated.commands import AsyncCommands
from ._generated.records import AsyncRecords
from ._rows import AsyncRows
from ._session import Change, Session
from ._types import IdLike

T = TypeVar("T")

__all__ = ["AsyncEngine", "AsyncFuture", "AsyncRows", "AsyncSession", "open"]


class AsyncFuture(Generic[T]):
    """A submitted call: await it, or ask `done`.

    >>> async def expire(session):
    ...     future = await session.submit("expire_orders", {"organization_id": organization_id})
    ...     return await future, future.done()
    >>> in_session(expire)
    ({'expired': 0, 'more': False}, True)
    """

    def __init__(self, session: AsyncSession, future: _future.Future[T]) -> None:
        self._session = session
        self._future = future

    def __await__(self) -> Any:
        return self.result().__await__()

    async def result(self, timeout: float | None = None) -> T:
        """The reply, or the call's error raised."""
        return await self._session._run(lambda: self._future.result(timeout))

    async def exception(self, timeout: float | None = None) -> EventcoreError | None:
        """The call's error, or None when it succeeded."""
        return await self._session._run(lambda: self._future.exception(timeout))

    def done(self) -> bool:
        """Whether the reply is there."""
        return self._future.done()


class AsyncSession(AsyncRecords, AsyncCommands):
    """A session whose methods are awaited; made by `AsyncEngine.session`.

    >>> async def sell(session):
    ...     async with session.transaction():
    ...         price = await session.quote_price(ticket_category_id=category_id)
    ...         sale = await session.place_order(
    ...             event_id=event_id, items=[{"ticket_category_id": category_id, "quantity": 1}],
    ...             payment={"method": "cash", "amount": price["final_price"]})
    ...     return len(sale["tickets"]), [change["table"] async for change in session.changes()][0]
    >>> in_session(sell)
    (1, 'organizations')
    """

    def __init__(self, session: Session, worker: ThreadPoolExecutor) -> None:
        self._session = session
        self._worker = worker

    async def _run(self, function: Callable[[], T]) -> T:
        if self._session.closed:
            return function()  # answers `closed` at once; the worker is gone
        return await asyncio.wrap_future(self._worker.submit(function))

    async def _command(
        self,
        name: str,
        arguments: dict[str, Any],
        idempotency_key: str | None,
        timeout: float | None,
        key: Key | None = None,
    ) -> Any:
        return await self._run(lambda: self._session._command(name, arguments, idempotency_key, timeout, key))

    async def _record(self, method: str, *given: Any, **named: Any) -> Any:
        return await self._run(lambda: getattr(self._session, method)(*given, **named))

    def _list(self, table: str, query: dict[str, Any]) -> AsyncRows[Any]:
        return AsyncRows(self, self._session._list(table, query))

    @property
    def principal(self) -> Principal:
        """Who acts."""
        return self._session.principal

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._session.closed

    async def call(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        key: Key | None = None,
    ) -> dict[str, Any]:
        """Runs a command by name."""
        return await self._run(
            lambda: self._session.call(command, arguments, idempotency_key=idempotency_key, timeout=timeout, key=key)
        )

    async def call_many(
        self,
        calls: Iterable[tuple[str, Mapping[str, Any]]],
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """Runs commands as one unit of work."""
        return await self._run(
            lambda: self._session.call_many(calls, idempotency_key=idempotency_key, timeout=timeout)
        )

    async def submit(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> AsyncFuture[dict[str, Any]]:
        """Queues a command; await what it answers for the reply."""
        future = await self._run(
            lambda: self._session.submit(command, arguments, idempotency_key=idempotency_key, timeout=timeout)
        )
        return AsyncFuture(self, future)

    async def delete(
        self,
        table: str,
        id: IdLike,
        *,
        if_version: int | None = None,
        organization_id: IdLike | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> None:
        """Removes a row and what goes with it."""
        await self._record(
            "delete",
            table,
            id,
            if_version=if_version,
            organization_id=organization_id,
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def count(
        self, table: str, *, where: Mapping[str, Any] | None = None, organization_id: IdLike | None = None
    ) -> int:
        """How many rows there are that the principal may see."""
        return await self._run(lambda: self._session.count(table, where=where, organization_id=organization_id))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Self]:
        """Calls in the block are committed together; an exception undoes them."""
        block = self._session.transaction()
        await self._run(block.__enter__)
        try:
            yield self
        except BaseException as error:
            kind, problem, trace = type(error), error, error.__traceback__
            await asyncio.shield(self._run(lambda: _rolled_back(block, kind, problem, trace)))
            raise
        await self._run(lambda: block.__exit__(None, None, None))

    async def changes(self, since: int = 0, *, timeout: float | None = 0.0) -> AsyncIterator[Change]:
        """The changes after number `since`; ends when none came for `timeout` seconds, None waits for ever."""
        loop = asyncio.get_running_loop()
        since, limit = whole(since, "since"), wait_time(timeout) / 1_000_000
        until = None if timeout is None else loop.time() + limit
        while True:
            left = _SLICE if until is None else max(0.0, until - loop.time())
            start = since
            wait_us = round(min(left, _SLICE) * 1_000_000)
            page = await self._run(lambda: self._session._changes_page(start, wait_us))
            since = page["next"]
            for change in page["changes"]:
                yield _session._decode_change(change)
            if page["changes"] and timeout is not None:
                until = loop.time() + limit
            elif until is not None and left <= _SLICE:
                return

    async def close(self) -> None:
        """Waits for the call under way and gives the session back."""
        if not self._session.closed:
            await self._run(self._session.close)
        self._worker.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


_SLICE = 0.1  # so long may one wait for changes keep the session's thread


def _rolled_back(block: Any, kind: Any, problem: Any, trace: Any) -> None:
    try:
        block.__exit__(kind, problem, trace)
    except BaseException as error:
        if error is not problem:
            raise


class AsyncEngine:
    """An open store whose sessions are awaited; made by `eventcore.aio.open`.

    >>> async def count():
    ...     async with await ec.aio.open(store_path, key=key) as engine:
    ...         async with await engine.session(ec.Principal.user(owner_id)) as owner:
    ...             return await owner.count("users")
    >>> asyncio.run(count())
    1
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """The engine itself, for calls that do not wait."""
        return self._engine

    @property
    def clock(self) -> Clock:
        """The engine's time."""
        return self._engine.clock

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._engine.closed

    async def session(self, principal: Principal) -> AsyncSession:
        """A session with a worker thread of its own."""
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="eventcore")
        try:
            session = await asyncio.wrap_future(worker.submit(self._engine.session, principal))
        except BaseException:
            worker.shutdown(wait=False)
            raise
        return AsyncSession(session, worker)

    def add_recovery_code(self) -> str:
        """Adds a further way to open the store: a code to print and lock away, shown this once."""
        return self._engine.add_recovery_code()

    def stats(self) -> dict[str, int]:
        """Queue, commits, sizes, oldest reader, how far the anchor lags."""
        return self._engine.stats()

    def logs(self) -> list[LogLine]:
        """The log lines since the last time."""
        return self._engine.logs()

    async def close(self) -> None:
        """Closes the store; calls on its sessions are errors from here on."""
        await asyncio.to_thread(self._engine.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def open(
    path: str | os.PathLike[str],
    key: Key | None = None,
    *,
    create: bool = False,
    create_new: bool = False,
    read_only: bool = False,
    accept_loss: bool = False,
    test_clock: bool = False,
    cache_bytes: int = 0,
    busy_timeout: float | None = None,
    jwt: Jwt | None = None,
) -> AsyncEngine:
    """Opens a store; the options are those of `eventcore.open`.

    >>> async def look():
    ...     async with await ec.aio.open(folder / "new.ecdb", key=key, create=True, test_clock=True) as engine:
    ...         return engine.stats()["queue_length"]
    >>> asyncio.run(look())
    0
    """
    engine = await asyncio.to_thread(
        _engine.open,
        path,
        key,
        create=create,
        create_new=create_new,
        read_only=read_only,
        accept_loss=accept_loss,
        test_clock=test_clock,
        cache_bytes=cache_bytes,
        busy_timeout=busy_timeout,
        jwt=jwt,
    )
    return AsyncEngine(engine)
