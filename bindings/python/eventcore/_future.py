"""A submitted call."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from . import _native
from ._codec import wait_time
from ._errors import EventcoreError
from ._handle import Unique

if TYPE_CHECKING:
    from ._engine import Engine

T = TypeVar("T")


class Future(Unique, Generic[T]):
    """A call that was submitted, in the manner of `concurrent.futures.Future`. Dropping it does not cancel the call,
    but one that nobody waits for runs only when somebody commits: ask for the result before the engine is closed. It
    holds its engine alive.

    >>> future = session.submit("expire_orders", {"organization_id": organization_id})
    >>> future.result()
    {'expired': 0, 'more': False}
    """

    def __init__(self, engine: Engine, handle: int, decode: Callable[[bytes], T]) -> None:
        self._engine = engine
        self._handle = handle
        self._decode = decode
        self._lock = threading.Lock()
        self._answer: bytes | None = None
        self._error: EventcoreError | None = None
        weakref.finalize(self, _native.pending_free, handle)

    def _wait(self, timeout: float | None) -> bool:
        """Whether it is done by then. Waiting is what drives the queue when nobody else commits."""
        wait_us = wait_time(timeout)
        until = time.monotonic() + wait_us / 1_000_000
        if not self._lock.acquire(timeout=-1 if wait_us < 0 else wait_us / 1_000_000):
            return False
        try:
            if self._answer is None and self._error is None:
                left = -1 if wait_us < 0 else max(0, round((until - time.monotonic()) * 1_000_000))
                self._answer = _native.wait(self._handle, left)
        except EventcoreError as error:
            self._error = error
        finally:
            self._lock.release()
        return self._answer is not None or self._error is not None

    def result(self, timeout: float | None = None) -> T:
        """The reply, or the call's error raised; TimeoutError when it is not done in so many seconds.

        >>> session.submit("expire_orders", {"organization_id": organization_id}).result(timeout=10)["more"]
        False
        """
        if not self._wait(timeout):
            raise TimeoutError(f"not done within {timeout} s; the call goes on")
        if self._error is not None:
            raise self._error
        assert self._answer is not None
        return self._decode(self._answer)

    def exception(self, timeout: float | None = None) -> EventcoreError | None:
        """The call's error, or None when it succeeded.

        >>> nobody = "00000000-0000-0000-0000-000000000000"
        >>> session.submit("fail_payment", {"order_id": nobody}).exception().code
        'not_found'
        """
        if not self._wait(timeout):
            raise TimeoutError(f"not done within {timeout} s; the call goes on")
        return self._error

    def done(self) -> bool:
        """Whether the reply is there. Who asks runs what is queued, unless another process is writing.

        >>> future = session.submit("expire_orders", {"organization_id": organization_id})
        >>> future.result() and future.done()
        True
        """
        return self._wait(0)

    def cancel(self) -> bool:
        """A submitted call cannot be cancelled.

        >>> session.submit("expire_orders", {"organization_id": organization_id}).cancel()
        False
        """
        return False

    def cancelled(self) -> bool:
        """Never.

        >>> session.submit("expire_orders", {"organization_id": organization_id}).cancelled()
        False
        """
        return False
