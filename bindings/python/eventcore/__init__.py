"""eventcore: an embedded engine for event management on one encrypted store.

>>> with ec.open(folder / "first.ecdb", key=ec.Key.raw(bytes(32)), create=True) as engine:
...     session = engine.session(ec.Principal.service("set-up"))
...     made = session.create_organization(name="Aurora", owner={"email": "ada@example.org", "full_name": "Ada"})
...     session.list("organizations").one()["name"]
'Aurora'

Rows and replies are dictionaries of native values (UUID, Decimal, datetime, date, enumerations); `eventcore.rows`,
`eventcore.commands` and `eventcore.enums` have their types. Failures are `EventcoreError`s. `eventcore.aio` is the
same, awaited.
"""

from . import _native
from ._engine import Clock, Engine, Jwt, Key, LogLine, Principal, handles_live, open, schema, version
from ._errors import (
    AccessDenied,
    Conflict,
    EventcoreError,
    InternalError,
    MisuseError,
    NotFound,
    OutcomeUnknown,
    RuleViolation,
    StoreBusy,
    StoreCorrupt,
    StoreError,
    ValidationError,
    WrongKey,
)
from ._future import Future
from ._generated import commands, enums, rows
from ._rows import Rows
from ._session import Change, Session

if _native.abi_version() != _native.ABI_VERSION:
    raise ImportError("eventcore._native does not fit the engine it was linked with")

from . import aio

__all__ = [
    "AccessDenied",
    "Change",
    "Clock",
    "Conflict",
    "Engine",
    "EventcoreError",
    "Future",
    "InternalError",
    "Jwt",
    "Key",
    "LogLine",
    "MisuseError",
    "NotFound",
    "OutcomeUnknown",
    "Principal",
    "Rows",
    "RuleViolation",
    "Session",
    "StoreBusy",
    "StoreCorrupt",
    "StoreError",
    "ValidationError",
    "WrongKey",
    "aio",
    "commands",
    "enums",
    "handles_live",
    "open",
    "rows",
    "schema",
    "version",
]
__version__ = version()["eventcore"]

for _name in __all__:  # tracebacks name what one imports
    _public = globals()[_name]
    if isinstance(_public, type) and _public.__module__.startswith("eventcore._"):
        _public.__module__ = "eventcore"
del _name, _public
