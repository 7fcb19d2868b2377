"""Native values to JSON and back: UUID, Decimal, datetime, date, bytes and enumerations, by the declared types.

What goes out is told by its own type (a UUID becomes text, whatever the column); the schema is asked only where the
same Python value could mean different things: a float is never money, bytes are for columns of bytes. What comes back
is told by the schema.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import index
from typing import Any, SupportsIndex
from uuid import UUID

from . import _errors
from ._generated import enums
from ._generated.schema import COMMANDS, TABLES, WORDS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FOR_EVER_S = 100 * 365 * 24 * 3600  # what is longer is cut: 64 bits of nanoseconds end at 292 years
_LOGICAL = ("and", "or", "not")

Decoder = Callable[[Any], Any]


# ---- out: Python to JSON ------------------------------------------------------------------------------------------


def time_text(value: datetime) -> str:
    """RFC 3339 in UTC; a datetime that does not say its zone is refused."""
    if value.tzinfo is None or value.utcoffset() is None:
        raise TypeError(f"a datetime needs a time zone, such as datetime.now(timezone.utc); got {value.isoformat()}")
    try:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:  # before the year 1 or after 9999 in UTC: the engine refuses it and names the column
        return value.isoformat()


def to_microseconds(value: datetime) -> int:
    time_text(value)
    if not _FIRST <= value <= _LAST:
        raise ValueError("the time is out of range: it must lie in the years 1 to 9999 in UTC")
    return (value - EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def _plain(value: Any) -> Any:
    """What json.dumps asks about everything it does not know."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} is no number that can be stored")
        return format(value, "f")
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        raise TypeError("bytes are only for columns of bytes: decode what is text")
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__index__"):  # whole numbers of numpy and the like
        return index(value)
    if isinstance(value, Iterable) and not isinstance(value, set | frozenset):
        return list(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot be given to the engine")


def dump(value: Any) -> bytes:
    """JSON text of anything that may be given to the engine."""
    try:
        return json.dumps(value, default=_plain, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError:
        raise _errors.invalid_json("the value is nested too deep") from None
    except UnicodeEncodeError:
        raise _errors.invalid_json("the text holds half of a surrogate pair, which is no Unicode") from None
    except ValueError as error:
        raise TypeError(f"cannot be written as JSON: {error}") from None


def text(value: object, what: str) -> bytes:
    """A name, an id, a key: text as it is, a UUID as text."""
    if isinstance(value, UUID):
        return str(value).encode()
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, not {type(value).__name__}")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise _errors.invalid_json(f"{what} holds half of a surrogate pair, which is no Unicode") from None


def optional_text(value: object, what: str) -> bytes | None:
    return None if value is None else text(value, what)


def _microseconds(seconds: float, what: str) -> int:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"{what} must be a number of seconds, not {type(seconds).__name__}")
    if not seconds >= 0:  # NaN too
        raise ValueError(f"{what} must be a number of seconds from 0 on")
    return round(min(seconds, _FOR_EVER_S) * 1_000_000)


def time_limit(seconds: float | None, what: str) -> int:
    """Of a call or an open, in microseconds. The engine reads 0 as none given, so no time at all is the shortest."""
    return 0 if seconds is None else max(1, _microseconds(seconds, what))


def wait_time(seconds: float | None) -> int:
    """Of a wait, in microseconds: 0 just looks, -1 waits for ever."""
    return -1 if seconds is None else _microseconds(seconds, "timeout")


def whole(number: object, what: str) -> int:
    """A whole number that the C functions can take. Checked here: what they refuse is named with all its arguments."""
    if isinstance(number, bool) or not isinstance(number, SupportsIndex):
        raise TypeError(f"{what} must be a whole number, not {type(number).__name__}")
    if not -(2**63) <= index(number) < 2**63:
        raise ValueError(f"{what} is out of range")
    return index(number)


def version(if_version: int | None) -> int:
    if if_version is None:
        return 0
    number = whole(if_version, "if_version")
    if number < 1:
        raise ValueError("if_version must be a version, from 1 on")
    return number


def no_float_for_money(kinds: Mapping[str, Any], values: object, path: str = "") -> None:
    """A float has already been rounded by somebody. `kinds` gives each name's type, nested as the values are."""
    if not isinstance(values, Mapping):
        return
    for name, value in values.items():
        kind = kinds.get(name)
        if kind is None:
            continue
        here = f"{path}{name}"
        if isinstance(kind, Mapping):
            entries = value if isinstance(value, list | tuple) else [value]
            for entry in entries:
                no_float_for_money(kind, entry, f"{here}.")
        elif kind == "money" and isinstance(value, float):
            raise TypeError(f"{here} is money: give a Decimal or a string, not the float {value!r}")


def _no_float_in_filter(kinds: Mapping[str, Any], where: object) -> None:
    if not isinstance(where, Mapping):
        return
    for name, value in where.items():
        if name in _LOGICAL:
            for entry in value if isinstance(value, list | tuple) else [value]:
                _no_float_in_filter(kinds, entry)
        elif kinds.get(name) == "money":
            operands = value.values() if isinstance(value, Mapping) else [value]
            for operand in operands:
                for one in operand if isinstance(operand, list | tuple) else [operand]:
                    no_float_for_money(kinds, {name: one})


def _row(table: str, row: object) -> object:
    """Checked, with hex for columns of bytes."""
    kinds = TABLES.get(table, {})
    no_float_for_money(kinds, row)
    if not isinstance(row, Mapping):
        return row
    return {name: _hex(value) if kinds.get(name) == "blob" else value for name, value in row.items()}


def _hex(value: object) -> object:
    return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else value


def dump_row(table: str, row: object) -> bytes:
    return dump(_row(table, row))


def dump_rows(table: str, rows: Iterable[object]) -> bytes:
    return dump([_row(table, row) for row in rows])


def dump_arguments(command: str, arguments: object) -> bytes:
    if command in COMMANDS:
        no_float_for_money(COMMANDS[command].arguments, arguments)
    return dump(arguments)


def dump_calls(calls: list[tuple[str, Any]]) -> bytes:
    for position, (command, arguments) in enumerate(calls):
        if command in COMMANDS:
            no_float_for_money(COMMANDS[command].arguments, arguments, f"[{position}].")
    return dump(calls)


def query(table: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """A query as JSON has it, read once: what an iterator gives holds for every page, however often they are read."""
    if given.get("limit") is not None:
        whole(given["limit"], "limit")
    asked: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    try:
        asked = json.loads(dump(asked))
        _no_float_in_filter(TABLES.get(table, {}), asked.get("where"))
    except RecursionError:
        raise _errors.invalid_json("the value is nested too deep") from None
    return asked


# ---- in: JSON to Python -------------------------------------------------------------------------------------------


def _point(value: Any) -> Any:
    return {axis: Decimal(number) for axis, number in value.items()}


def _uuids(value: Any) -> Any:
    return [UUID(one) for one in value]


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _enumeration(name: str) -> Decoder:
    known: dict[str, Any] = {member.value: member for member in getattr(enums, name)}
    return lambda value: known.get(value, value)


_DECODERS: dict[str, Decoder] = {
    "uuid": UUID,
    "uuid[]": _uuids,
    "money": Decimal,
    "decimal": Decimal,
    "timestamptz": _moment,
    "date": date.fromisoformat,
    "blob": bytes.fromhex,
    "point": _point,
    "base64": b64decode,
}


def decoder(kind: str) -> Decoder | None:
    """How a value of that type becomes native; None: it is already."""
    if kind.startswith("enum:"):
        return _enumeration(kind[5:])
    if kind.startswith("row:") or kind.startswith("rows:"):
        table = kind.partition(":")[2]
        return lambda value: any_rows(table, value)
    return _DECODERS.get(kind)


def _table_decoders(kinds: Mapping[str, Any]) -> dict[str, Decoder]:
    found = {name: decoder(kind) for name, kind in kinds.items()}
    return {name: one for name, one in found.items() if one is not None}


_ROWS: dict[str, dict[str, Decoder]] = {}
_WORDS: dict[str, Decoder] = _table_decoders(WORDS)


def row_decoders(table: str) -> dict[str, Decoder]:
    """Decoders of a table's columns and of what `expand` adds."""
    found = _ROWS.get(table)
    if found is None:
        found = _ROWS[table] = _table_decoders(TABLES.get(table, {}))
    return found


def decode_row(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """In place: the row is fresh from json.loads and nobody else's."""
    decoders = row_decoders(table)
    for name, value in row.items():
        if value is None:
            continue
        one = decoders.get(name)
        if one is not None:
            row[name] = one(value)
    return row


def any_rows(table: str, value: Any) -> Any:
    if isinstance(value, list):
        return [any_rows(table, one) for one in value]
    return decode_row(table, value) if isinstance(value, dict) else value


def decode_reply(command: str, text: bytes) -> dict[str, Any]:
    return shape_reply(command, json.loads(text))


def shape_reply(command: str, reply: dict[str, Any]) -> dict[str, Any]:
    shape = COMMANDS[command].reply if command in COMMANDS else {}
    for name, value in reply.items():
        table = shape.get(name)
        reply[name] = any_rows(table, value) if table else by_name(name, value)
    return reply


def by_name(name: str, value: Any) -> Any:
    """A value of a reply that is no row: told by the name it carries, left alone where it does not read so."""
    if isinstance(value, dict):  # amounts by currency carry the name outside: {"revenue": {"EUR": "12.50"}}
        return {key: by_name(name if len(key) == 3 and key.isupper() else key, one) for key, one in value.items()}
    if isinstance(value, list):
        return [by_name(name, one) for one in value]
    one = _WORDS.get(name)
    if one is None or not isinstance(value, str):
        return value
    try:
        return one(value)
    except (ValueError, ArithmeticError):
        return value
