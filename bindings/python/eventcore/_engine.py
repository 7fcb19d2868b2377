"""Opening a store: keys, principals, the engine and its clock."""

from __future__ import annotations

import json
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import starmap
from types import TracebackType
from typing import Any, NamedTuple, Self

from . import _codec, _native
from ._errors import EventcoreError
from ._handle import Unique
from ._session import Session
from ._types import IdLike

logger = logging.getLogger("eventcore")
logger.addHandler(logging.NullHandler())

_CREATE, _CREATE_NEW, _READ_ONLY, _ACCEPT_LOSS, _TEST_CLOCK = 1, 2, 4, 8, 16
_LOG_LINES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Key:
    """What opens a store. It is never shown. The engine keeps its copy in guarded memory and wipes it; Python cannot
    wipe the text or bytes it was made from.

    >>> ec.Key.passphrase("correct horse battery staple")
    Key.passphrase(...)
    """

    _kind: int
    _secret: bytes = field(repr=False)

    @classmethod
    def raw(cls, key: bytes) -> Self:
        """32 bytes from a key store.

        >>> ec.Key.raw(bytes(32))
        Key.raw(...)
        """
        if not isinstance(key, bytes | bytearray | memoryview):
            raise TypeError(f"a raw key is bytes, not {type(key).__name__}")
        return cls(1, bytes(key))

    @classmethod
    def passphrase(cls, words: str) -> Self:
        """A text that people remember, stretched with Argon2id: takes a moment and 64 MiB.

        >>> with ec.open(folder / "words.ecdb", key=ec.Key.passphrase("correct horse"), create=True) as opened:
        ...     opened.path.endswith("words.ecdb")
        True
        """
        return cls(2, _codec.text(words, "a passphrase"))

    @classmethod
    def recovery_code(cls, code: str) -> Self:
        """What `Engine.add_recovery_code` gave; opens a store, does not create one.

        >>> code = engine.add_recovery_code()
        >>> with ec.open(store_path, key=ec.Key.recovery_code(code)) as again:
        ...     again.path == engine.path
        True
        """
        return cls(3, _codec.text(code, "a recovery code"))

    def __repr__(self) -> str:
        return f"Key.{('raw', 'passphrase', 'recovery_code')[self._kind - 1]}(...)"


@dataclass(frozen=True, slots=True)
class Jwt:
    """How sessions of `Principal.jwt` are checked. The algorithm is fixed here and never taken from a token.

    - audience, issuer: compared with `aud` and `iss` when given; never empty.
    - emails_are_verified: the issuer vouches for every e-mail address it names; else `email_verified` must be true.

    >>> ec.Jwt.hs256(bytes(32), audience="box-office")
    Jwt.hs256(...)
    """

    _algorithm: int
    _key: bytes = field(repr=False)
    audience: str | None = None
    issuer: str | None = None
    emails_are_verified: bool = False

    @classmethod
    def hs256(
        cls,
        secret: bytes,
        *,
        audience: str | None = None,
        issuer: str | None = None,
        emails_are_verified: bool = False,
    ) -> Self:
        """Tokens signed with a secret of at least 32 bytes that is shared with the issuer.

        >>> jwt = ec.Jwt.hs256(bytes(32), audience="shop")
        >>> with ec.open(folder / "tokens.ecdb", key=ec.Key.raw(bytes(32)), create=True, jwt=jwt) as guarded:
        ...     guarded.path.endswith("tokens.ecdb")
        True
        """
        return cls(1, cls._bytes(secret), audience, issuer, bool(emails_are_verified))

    @classmethod
    def eddsa(
        cls,
        public_key: bytes,
        *,
        audience: str | None = None,
        issuer: str | None = None,
        emails_are_verified: bool = False,
    ) -> Self:
        """Tokens signed with Ed25519; this is the issuer's public key, 32 bytes.

        >>> ec.Jwt.eddsa(bytes(32), issuer="https://id.example").issuer
        'https://id.example'
        """
        return cls(2, cls._bytes(public_key), audience, issuer, bool(emails_are_verified))

    def __post_init__(self) -> None:  # here, where dataclasses.replace comes by too
        for value, what in ((self.audience, "an audience"), (self.issuer, "an issuer")):
            if value is None:
                continue
            if not isinstance(value, str):
                raise TypeError(f"{what} is text, not {type(value).__name__}")
            if not value:
                raise ValueError(f"{what} must not be empty: what is None is not compared")

    @staticmethod
    def _bytes(key: bytes) -> bytes:
        if not isinstance(key, bytes | bytearray | memoryview):
            raise TypeError(f"a key is bytes, not {type(key).__name__}")
        return bytes(key)

    def __repr__(self) -> str:
        return f"Jwt.{('hs256', 'eddsa')[self._algorithm - 1]}(...)"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts. Whether it is valid and what it may do is asked anew by every call.

    >>> ec.Principal.service("nightly import")
    Principal.service(...)
    """

    kind: str
    _members: dict[str, Any] = field(repr=False, hash=False)

    @classmethod
    def service(cls, reason: str, organization: IdLike | None = None) -> Self:
        """The host itself, not bound by policies; the reason is written into the audit log.

        >>> engine.session(ec.Principal.service("set-up", organization_id)).count("events")
        1
        """
        return cls("service", {"reason": reason, "organization_id": organization})

    @classmethod
    def user(cls, id: IdLike) -> Self:
        """A user, with the role and the assignments that the store holds now.

        >>> engine.session(ec.Principal.user(owner_id)).get("organizations", organization_id)["name"]
        'Aurora'
        """
        return cls("user", {"id": id})

    @classmethod
    def customer(cls, email: str, organization: IdLike | None = None) -> Self:
        """A customer whose e-mail address the host has verified.

        >>> engine.session(ec.Principal.customer("ann@example.org", organization_id)).count("tickets")
        1
        """
        return cls("customer", {"email": email, "organization_id": organization})

    @classmethod
    def sponsor(cls, id: IdLike) -> Self:
        """A sponsor, by the id of its row.

        >>> ec.Principal.sponsor(owner_id).kind
        'sponsor'
        """
        return cls("sponsor", {"id": id})

    @classmethod
    def api_key(cls, token: str) -> Self:
        """Whoever holds an API key.

        >>> ec.Principal.api_key("ec_key_...")
        Principal.api_key(...)
        """
        return cls("api_key", {"token": token})

    @classmethod
    def device(cls, token: str) -> Self:
        """A check-in device, by the token that `register_device` gave.

        >>> token = session.register_device(event_id=event_id, name="North gate")["token"]
        >>> engine.session(ec.Principal.device(token)).count("ticket_categories")
        1
        """
        return cls("device", {"token": token})

    @classmethod
    def anon(cls, organization: IdLike | None = None) -> Self:
        """Nobody in particular: sees what is public.

        >>> engine.session(ec.Principal.anon(organization_id)).list("events").one()["name"]
        'Aurora Night'
        """
        return cls("anon", {"organization_id": organization})

    @classmethod
    def jwt(cls, token: str) -> Self:
        """Whoever a signed token names.

        >>> ec.Principal.jwt("eyJ...").kind
        'jwt'
        """
        return cls("jwt", {"token": token})

    def _json(self) -> bytes:
        given = {name: value for name, value in self._members.items() if value is not None}
        return _codec.dump({"kind": self.kind, **given})

    def __repr__(self) -> str:
        return f"Principal.{self.kind}(...)"


class LogLine(NamedTuple):
    """One line of the engine's log; it holds no secrets and no personal data.

    >>> from datetime import datetime, timezone
    >>> ec.LogLine(datetime(2031, 6, 1, tzinfo=timezone.utc), "info", "opened").level
    'info'
    """

    time: datetime
    level: str
    text: str


class Clock:
    """The engine's time: the system's, or with `test_clock=True` what was set last.

    >>> from datetime import timedelta
    >>> before = engine.clock.now()
    >>> engine.clock.set(before + timedelta(minutes=1))
    >>> engine.clock.now() - before
    datetime.timedelta(seconds=60)
    """

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> datetime:
        """The time of the next call.

        >>> engine.clock.now().tzinfo
        datetime.timezone.utc
        """
        return _codec.from_microseconds(_native.clock_now(self._engine._handle))

    def set(self, now: datetime) -> None:
        """Sets the time of an engine that was opened with `test_clock=True`.

        >>> from datetime import datetime, timezone
        >>> engine.clock.set(datetime(2031, 6, 1, 18, 45, tzinfo=timezone.utc))
        """
        if not isinstance(now, datetime):
            raise TypeError(f"a time is a datetime, not {type(now).__name__}")
        _native.clock_set(self._engine._handle, _codec.to_microseconds(now))


def quietly(close: Callable[[int], None], handle: int) -> None:
    """For garbage collection and interpreter exit: nobody is left to hear of an error, nor of a parent's handle after
    a fork."""
    try:
        close(handle)
    except EventcoreError:
        pass


class Engine(Unique):
    """An open store. Close it, or use it in a `with` statement; sessions hold it alive.

    >>> with ec.open(folder / "other.ecdb", key=ec.Key.raw(bytes(32)), create=True) as other:
    ...     other.session(ec.Principal.service("look")).count("organizations")
    0
    """

    def __init__(self, handle: int, path: str) -> None:
        self._handle = handle
        self._path = path
        self._lines: deque[LogLine] = deque(maxlen=_LOG_LINES_KEPT)
        self._lines_lock = threading.Lock()
        self._finalizer = weakref.finalize(self, quietly, _native.engine_close, handle)

    @property
    def path(self) -> str:
        """Where the store lies.

        >>> engine.path == str(store_path)
        True
        """
        return self._path

    @property
    def clock(self) -> Clock:
        """The engine's time.

        >>> engine.clock.now().year
        2031
        """
        return Clock(self)

    @property
    def closed(self) -> bool:
        """Whether `close` was called.

        >>> engine.closed
        False
        """
        return not self._finalizer.alive

    def session(self, principal: Principal) -> Session:
        """A session for a principal. It serves one call at a time; open one for each thread.

        >>> with engine.session(ec.Principal.user(owner_id)) as owner:
        ...     owner.count("users", where={"role": "owner"})
        1
        """
        if not isinstance(principal, Principal):
            raise TypeError(f"a session is opened for a Principal, not for {type(principal).__name__}")
        return Session(self, principal, _native.session_open(self._handle, principal._json()))

    def stats(self) -> dict[str, int]:
        """Queue, commits, sizes, oldest reader, how far the anchor lags.

        >>> sorted(engine.stats())[:3]
        ['anchor_lag_commits', 'commits', 'disk_full']
        """
        self._pull_logs()
        told: dict[str, int] = json.loads(_native.engine_stats(self._handle))
        return told

    def logs(self) -> list[LogLine]:
        """The log lines since the last time, oldest first. They also go to `logging.getLogger("eventcore")`.

        >>> all(isinstance(line, ec.LogLine) for line in engine.logs())
        True
        """
        self._pull_logs()
        with self._lines_lock:
            taken = list(self._lines)
            self._lines.clear()
        return taken

    def add_recovery_code(self) -> str:
        """Adds a further way to open the store: a code to print and lock away, shown this once.

        >>> len(engine.add_recovery_code()) >= 52
        True
        """
        return _native.add_recovery_code(self._handle).decode()

    def close(self) -> None:
        """Writes everything into the store and closes it; calls on its sessions are errors from here on.

        >>> other = ec.open(folder / "short.ecdb", key=ec.Key.raw(bytes(32)), create=True)
        >>> other.close()
        >>> other.closed
        True
        """
        if not self._finalizer.alive:
            return
        quietly(lambda _: self._pull_logs(), 0)  # a store that stopped is closed all the same
        try:
            _native.engine_close(self._handle)
        finally:
            self._finalizer.detach()  # closed also where the last write to the store failed

    def _pull_logs(self) -> None:
        """Takes the lines that wait in the engine, hands them to logging, and keeps them for `logs`."""
        for entry in json.loads(_native.engine_logs(self._handle, _LOG_LINES_KEPT)):
            line = LogLine(datetime.fromisoformat(entry["time"]), entry["level"], entry["text"])
            logger.log(logging.getLevelNamesMapping().get(line.level.upper(), logging.INFO), "%s", line.text)
            with self._lines_lock:
                self._lines.append(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<eventcore.Engine {self._path!r}{' closed' if self.closed else ''}>"


def open(
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
) -> Engine:
    """Opens the store at `path`.

    - create: make it when it is absent; create_new: make it, refuse when it is there.
    - read_only: writes are refused.
    - accept_loss: open although commits are known to be lost; this is recorded.
    - test_clock: time stands still until `engine.clock.set` moves it.
    - cache_bytes: page cache for writing, 64 MiB when 0; as much again is shared by the connections that read.
    - busy_timeout: longest wait, in seconds, for the write turn of another process; 10 s when None, none when 0.
    - jwt: how tokens are checked; without it sessions of `Principal.jwt` are refused.

    >>> with ec.open(folder / "mine.ecdb", key=ec.Key.raw(bytes(32)), create=True) as mine:
    ...     mine.stats()["queue_length"]
    0
    """
    if key is not None and not isinstance(key, Key):
        raise TypeError(f"a key is made by Key.raw, Key.passphrase or Key.recovery_code, not {type(key).__name__}")
    if jwt is not None and not isinstance(jwt, Jwt):
        raise TypeError(f"tokens are checked by Jwt.hs256 or Jwt.eddsa, not by {type(jwt).__name__}")
    where = os.fspath(path)
    if not isinstance(where, str):
        raise TypeError(f"a path is text, not {type(where).__name__}")
    flags = (
        (_CREATE if create else 0)
        | (_CREATE_NEW if create_new else 0)
        | (_READ_ONLY if read_only else 0)
        | (_ACCEPT_LOSS if accept_loss else 0)
        | (_TEST_CLOCK if test_clock else 0)
    )
    how = (
        os.fsencode(where),
        key._secret if key else b"",
        key._kind if key else 0,
        flags,
        _codec.whole(cache_bytes, "cache_bytes"),
        _codec.time_limit(busy_timeout, "busy_timeout"),
        (jwt._algorithm, jwt._key, jwt.audience, jwt.issuer, jwt.emails_are_verified) if jwt else None,
    )
    opened: list[int] = []
    try:
        # No Python runs between the opening and the list: a Ctrl-C that came meanwhile finds the handle there.
        opened.extend(starmap(_native.open, [how]))
        engine = Engine(opened[0], where)
        engine._pull_logs()
    except BaseException:
        for handle in opened:
            quietly(_native.engine_close, handle)
        raise
    return engine


def version() -> dict[str, str]:
    """Release and the libraries inside.

    >>> sorted(ec.version())
    ['eventcore', 'libsodium', 'openssl', 'sqlcipher', 'sqlite']
    """
    told: dict[str, str] = json.loads(_native.version())
    return told


def schema() -> dict[str, Any]:
    """All tables, columns, enumerations, commands and errors.

    >>> [column["name"] for table in ec.schema()["tables"] if table["name"] == "event_tags"
    ...  for column in table["columns"]][2:4]
    ['event_id', 'tag_name']
    """
    told: dict[str, Any] = json.loads(_native.schema())
    return told


def handles_live() -> int:
    """How many handles of this process are neither closed nor freed; a leak check for tests.

    >>> ec.handles_live() > 0
    True
    """
    return _native.handles_live()
