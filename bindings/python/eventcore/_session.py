"""A session: a principal on an engine."""

from __future__ import annotations

import json
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict
from uuid import UUID

from . import _codec, _native
from ._errors import EventcoreError
from ._future import Future
from ._generated.commands import Commands
from ._generated.records import Records
from ._handle import Unique
from ._rows import Rows
from ._types import IdLike

if TYPE_CHECKING:
    from datetime import datetime

    from ._engine import Engine, Key, Principal

_CHANGES_PAGE = 500
_SLICE_US = 100_000  # how long a Ctrl-C may wait while changes are waited for
_TURN_S = 6.0  # a little longer than a transaction may keep the write turn


class Change(TypedDict, total=False):
    """One write that the principal may learn of.

    >>> for change in session.changes():
    ...     print(change["seq"], change["table"], change["operation"])
    ...     break
    1 organizations insert
    """

    seq: int
    table: str
    id: UUID
    operation: str
    time: datetime
    version: int
    organization_id: UUID


def _decode_change(change: dict[str, Any]) -> Change:
    decoded: Change = _codec.by_name("change", change)
    return decoded


class Session(Unique, Records, Commands):
    """Calls for one principal, made by `Engine.session`. It may move between threads and serves one call at a time.
    Where a method takes a `timeout`, it is the seconds within which the call must begin; else it is a StoreError with
    the code "deadline_exceeded", and nothing has happened. None sets no limit; 0 is one too, and no write
    begins within it.

    >>> with engine.session(ec.Principal.service("example")) as session:
    ...     session.count("events")
    1
    """

    def __init__(self, engine: Engine, principal: Principal, handle: int) -> None:
        from ._engine import quietly

        self._engine = engine
        self._principal = principal
        self._handle = handle
        self._finalizer = weakref.finalize(self, quietly, _native.session_close, handle)

    @property
    def engine(self) -> Engine:
        """The engine it belongs to.

        >>> session.engine is engine
        True
        """
        return self._engine

    @property
    def principal(self) -> Principal:
        """Who acts.

        >>> session.principal.kind
        'service'
        """
        return self._principal

    @property
    def closed(self) -> bool:
        """Whether `close` was called.

        >>> session.closed
        False
        """
        return not self._finalizer.alive

    # ---- commands ------------------------------------------------------------------------------------------------

    def call(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        key: Key | None = None,
    ) -> dict[str, Any]:
        """Runs a command by name. A repeat under the same idempotency key gets the first reply. The commands about keys
        and copies take a key, which is no argument.

        >>> session.call("quote_price", {"ticket_category_id": category_id})["currency"]
        'USD'
        """
        answer = _native.call(
            self._handle,
            _codec.text(command, "a command's name"),
            _codec.dump_arguments(command, {} if arguments is None else arguments),
            _codec.optional_text(idempotency_key, "an idempotency key"),
            _codec.time_limit(timeout, "timeout"),
            None if key is None else (key._kind, key._secret),
        )
        return _codec.decode_reply(command, answer)

    def _command(
        self,
        name: str,
        arguments: dict[str, Any],
        idempotency_key: str | None,
        timeout: float | None,
        key: Key | None = None,
    ) -> Any:
        given = {name: value for name, value in arguments.items() if value is not None}
        return self.call(name, given, idempotency_key=idempotency_key, timeout=timeout, key=key)

    def call_many(
        self,
        calls: Iterable[tuple[str, Mapping[str, Any]]],
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """Runs commands as one unit of work: all of them happen or none. `detail["position"]` of the error tells which
        was refused.

        >>> replies = session.call_many([
        ...     ("invite_user", {"organization_id": organization_id, "email": f"u{i}@example.org", "full_name": "U"})
        ...     for i in range(3)])
        >>> len(replies)
        3
        """
        given = [(name, arguments) for name, arguments in calls]
        answer = _native.call_many(
            self._handle,
            _codec.dump_calls(given),
            _codec.optional_text(idempotency_key, "an idempotency key"),
            _codec.time_limit(timeout, "timeout"),
        )
        replies = json.loads(answer)
        return [_codec.shape_reply(name, reply) for (name, _), reply in zip(given, replies, strict=True)]

    def submit(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Future[dict[str, Any]]:
        """Queues a command and answers at once; keeps many calls in flight from one thread. It runs with the next group
        that anybody commits, at the latest when its result is asked for.

        >>> futures = [session.submit("invite_user", {"organization_id": organization_id, "full_name": "V",
        ...                                           "email": f"v{i}@example.org"}) for i in range(20)]
        >>> [future.result()["user"]["full_name"] for future in futures] == ["V"] * 20
        True
        """
        handle = _native.submit(
            self._handle,
            _codec.text(command, "a command's name"),
            _codec.dump_arguments(command, {} if arguments is None else arguments),
            _codec.optional_text(idempotency_key, "an idempotency key"),
            _codec.time_limit(timeout, "timeout"),
        )
        return Future(self._engine, handle, lambda answer: _codec.decode_reply(command, answer))

    # ---- rows ----------------------------------------------------------------------------------------------------

    def delete(
        self,
        table: str,
        id: IdLike,
        *,
        if_version: int | None = None,
        organization_id: IdLike | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> None:
        """Removes a row and what goes with it.

        >>> tag = session.insert("event_tags", {"event_id": event_id, "tag_name": "indoor"})
        >>> session.delete("event_tags", tag["id"], organization_id=organization_id)
        """
        _native.row_remove(
            self._handle,
            _codec.text(table, "a table's name"),
            _codec.text(id, "an id"),
            _codec.optional_text(idempotency_key, "an idempotency key"),
            _codec.time_limit(timeout, "timeout"),
            _codec.optional_text(organization_id, "an organization's id"),
            _codec.version(if_version),
        )

    def count(
        self, table: str, *, where: Mapping[str, Any] | None = None, organization_id: IdLike | None = None
    ) -> int:
        """How many rows there are that the principal may see.

        >>> session.count("tickets", where={"status": {"in": ["valid", "used"]}, "price_paid": {"gte": "10.00"}})
        1
        """
        name = _codec.text(table, "a table's name")
        query = _codec.query(table, {"where": where, "organization_id": organization_id})
        return _native.rows_count(self._handle, name, _codec.dump(query))

    def _list(self, table: str, query: dict[str, Any]) -> Rows[Any]:
        _codec.text(table, "a table's name")
        return Rows(self, table, query)

    def _page(self, table: str, query: dict[str, Any]) -> dict[str, Any]:
        """One page as JSON has it, for `Rows`."""
        answer = _native.rows_list(self._handle, _codec.text(table, "a table's name"), _codec.dump(query))
        page: dict[str, Any] = json.loads(answer)
        return page

    def _get(self, table: str, id: IdLike, organization_id: IdLike | None) -> Any:
        answer = _native.row_get(
            self._handle,
            _codec.text(table, "a table's name"),
            _codec.text(id, "an id"),
            _codec.optional_text(organization_id, "an organization's id"),
        )
        return _codec.any_rows(table, json.loads(answer))

    def _insert(self, table: str, row: Any, many: bool, idempotency_key: str | None, timeout: float | None) -> Any:
        answer = _native.row_insert(
            self._handle,
            _codec.text(table, "a table's name"),
            _codec.dump_rows(table, row) if many else _codec.dump_row(table, row),
            many,
            _codec.optional_text(idempotency_key, "an idempotency key"),
            _codec.time_limit(timeout, "timeout"),
        )
        return _codec.any_rows(table, json.loads(answer))

    def _update(
        self,
        table: str,
        id: IdLike,
        changes: Any,
        if_version: int | None,
        organization_id: IdLike | None,
        idempotency_key: str | None,
        timeout: float | None,
    ) -> Any:
        answer = _native.row_update(
            self._handle,
            _codec.text(table, "a table's name"),
            _codec.text(id, "an id"),
            _codec.dump_row(table, changes),
            _codec.optional_text(idempotency_key, "an idempotency key"),
            _codec.time_limit(timeout, "timeout"),
            _codec.optional_text(organization_id, "an organization's id"),
            _codec.version(if_version),
        )
        return _codec.any_rows(table, json.loads(answer))

    # ---- transactions and changes --------------------------------------------------------------------------------

    def _roll_back(self) -> None:
        """A write that a Ctrl-C interrupted still runs; its end is waited for, which comes with the write turn's."""
        until = time.monotonic() + _TURN_S
        while True:
            try:
                _native.transaction_rollback(self._handle)
            except EventcoreError as error:
                if error.code == "concurrent_use" and time.monotonic() < until:
                    time.sleep(0.005)
                    continue
                # Over already: it took too long, or the session was closed; the block's own error says more.
            return

    @contextmanager
    def transaction(self) -> Iterator[Self]:
        """Calls in the block are committed together and see their own writes; an exception undoes them. It takes the
        write turn at its first write and keeps it 5 seconds at most. A refused call whose error is caught in the block
        leaves the others in place.

        >>> with session.transaction():
        ...     tag = session.insert("event_tags", {"event_id": event_id, "tag_name": "late"})
        ...     session.count("event_tags", where={"tag_name": "late"})
        1
        """
        _native.transaction_begin(self._handle)
        try:
            yield self
        except BaseException:
            self._roll_back()
            raise
        _native.transaction_commit(self._handle)

    def changes(self, since: int = 0, *, timeout: float | None = 0.0) -> Iterator[Change]:
        """The changes after number `since`, oldest first. Ends when none came for `timeout` seconds; None waits for
        ever. Go on later from the last change's `seq`.

        >>> seq = [change["seq"] for change in session.changes()][-1]
        >>> tag = session.insert("event_tags", {"event_id": event_id, "tag_name": "new"})
        >>> [(change["table"], change["operation"]) for change in session.changes(since=seq, timeout=0.1)]
        [('event_tags', 'insert')]
        """
        since, wait_us = _codec.whole(since, "since"), _codec.wait_time(timeout)
        while True:
            page = self._changes_page(since, wait_us)
            if not page["changes"]:
                return
            since = page["next"]
            yield from map(_decode_change, page["changes"])

    def _changes_page(self, since: int, wait_us: int) -> dict[str, Any]:
        until = time.monotonic() + wait_us / 1_000_000
        while True:
            left_us = _SLICE_US if wait_us < 0 else max(0, round((until - time.monotonic()) * 1_000_000))
            page: dict[str, Any] = json.loads(
                _native.changes_read(self._handle, since, _CHANGES_PAGE, min(left_us, _SLICE_US))
            )
            if page["changes"] or 0 <= wait_us and left_us <= _SLICE_US:
                return page
            since = page["next"]

    # ---- closing -------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Rolls back a transaction that is open and gives the session back. Submitted calls are not cancelled.

        >>> other = engine.session(ec.Principal.service("short"))
        >>> other.close()
        >>> other.closed
        True
        """
        if not self._finalizer.alive:
            return
        try:
            _native.session_close(self._handle)
        except EventcoreError as error:
            if error.code == "concurrent_use":
                raise  # another thread is inside: the session stays open
        self._finalizer.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<eventcore.Session of {self._principal!r}{' closed' if self.closed else ''}>"
