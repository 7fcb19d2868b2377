"""What can go wrong, by who must act. See docs/reference/errors.md for each code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class EventcoreError(Exception):
    """Every failure that the engine reports.

    >>> try:
    ...     session.call("no_such_command")
    ... except EventcoreError as error:
    ...     print(error.code, error.number, error.transient, error.fields)
    unknown_command 2003 False {'no_such_command': 'there is no such command'}
    """

    code: str
    """The error's name, such as "sold_out"."""
    number: int
    """Its number; the thousands say who must act."""
    fields: dict[str, str]
    """What is wrong with which column or argument."""
    detail: dict[str, Any]
    """Further facts, such as how many places are left."""
    transient: bool
    """Whether the same call may succeed later without anybody changing anything."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "internal",
        number: int = 9001,
        fields: Mapping[str, str] | None = None,
        detail: Mapping[str, Any] | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.number = number
        self.fields = dict(fields or {})
        self.detail = dict(detail or {})
        self.transient = transient

    @property
    def message(self) -> str:
        """One line for people.

        >>> try:
        ...     session.get("venues", "00000000-0000-0000-0000-000000000000")
        ... except EventcoreError as error:
        ...     print(error.message)
        there is no such row
        """
        return str(self.args[0])

    def __str__(self) -> str:
        parts = [self.message]
        if self.fields:
            parts.append("; ".join(f"{name} {reason}" for name, reason in self.fields.items()))
        return f"{': '.join(parts)} [{self.code}]"

    def __reduce__(self) -> tuple[Any, ...]:
        state = {
            "code": self.code,
            "number": self.number,
            "fields": self.fields,
            "detail": self.detail,
            "transient": self.transient,
        }
        return _rebuild, (type(self), self.message, state)


def _rebuild(cls: type[EventcoreError], message: str, state: dict[str, Any]) -> EventcoreError:
    return cls(message, **state)


class MisuseError(EventcoreError):
    """The program holds the engine wrong: a closed handle, two threads in one session, a transaction inside another.

    >>> other = engine.session(ec.Principal.service("short"))
    >>> other.close()
    >>> other.count("venues")
    Traceback (most recent call last):
        ...
    eventcore.MisuseError: the handle is closed [closed]
    """


class ValidationError(EventcoreError):
    """What was given is not acceptable; every bad field is named at once.

    >>> try:
    ...     session.insert("venues", {"organization_id": organization_id, "name": "", "max_capacity": -5, "colour": 1})
    ... except ValidationError as error:
    ...     print(sorted(error.fields))
    ['address', 'colour', 'max_capacity']
    """


class AccessDenied(EventcoreError):
    """The principal may not do that. `Session.explain_access` tells why.

    >>> guest = engine.session(ec.Principal.anon(organization_id))
    >>> guest.insert("venues", {"organization_id": organization_id, "name": "Den", "address": "1 Lane",
    ...                         "max_capacity": 9})
    Traceback (most recent call last):
        ...
    eventcore.AccessDenied: ...
    """


class NotFound(EventcoreError):
    """There is no such row, or the principal may not see it: alike.

    >>> session.get("venues", "00000000-0000-0000-0000-000000000000")
    Traceback (most recent call last):
        ...
    eventcore.NotFound: there is no such row [not_found]
    """


class Conflict(EventcoreError):
    """The state does not allow it: a key that is taken, another version, rows that refer to this one.

    >>> venue = session.insert("venues", {"organization_id": organization_id, "name": "Barn", "address": "2 Lane",
    ...                                   "max_capacity": 90})
    >>> session.update("venues", venue["id"], {"name": "Old Barn"}, if_version=7)
    Traceback (most recent call last):
        ...
    eventcore.Conflict: the row has changed since [version_conflict]
    """


class RuleViolation(EventcoreError):
    """A business rule says no: sold out, price changed, not on sale.

    >>> try:
    ...     session.place_order(event_id=event_id, items=[{"ticket_category_id": category_id, "quantity": 8}],
    ...                         expected_total="1.00", customer={"email": "kim@example.org", "name": "Kim"})
    ... except RuleViolation as error:
    ...     print(error.code)
    price_changed
    """


class StoreError(EventcoreError):
    """The store could not be opened, read or written.

    >>> ec.open(folder / "absent.ecdb", key=ec.Key.raw(bytes(32)))
    Traceback (most recent call last):
        ...
    eventcore.StoreError: there is no such store [store_not_found]
    """


class WrongKey(StoreError):
    """This key does not open the store, which was left as it is.

    >>> ec.open(store_path, key=ec.Key.raw(bytes(32)))
    Traceback (most recent call last):
        ...
    eventcore.WrongKey: this key does not open the store [wrong_key]
    """


class StoreCorrupt(StoreError):
    """A page of the store is damaged; no data was handed out.

    >>> issubclass(StoreCorrupt, StoreError)
    True
    """


class StoreBusy(StoreError):
    """Another process holds the store too long; the same call may succeed later.

    >>> issubclass(StoreBusy, StoreError)
    True
    """


class OutcomeUnknown(StoreError):
    """A commit failed in a way that leaves its outcome open: open the store again and repeat the call with its
    idempotency key.

    >>> issubclass(OutcomeUnknown, StoreError)
    True
    """


class InternalError(EventcoreError):
    """The engine broke one of its own rules: a defect, please report it.

    >>> issubclass(InternalError, EventcoreError)
    True
    """


_BY_CODE: dict[str, type[EventcoreError]] = {
    "wrong_key": WrongKey,
    "store_corrupt": StoreCorrupt,
    "store_busy": StoreBusy,
    "outcome_unknown": OutcomeUnknown,
    "not_found": NotFound,
    "reference_not_found": NotFound,
}
_BY_THOUSANDS: dict[int, type[EventcoreError]] = {
    1: MisuseError,
    2: ValidationError,
    3: AccessDenied,
    4: Conflict,
    5: RuleViolation,
    6: StoreError,
    9: InternalError,
}


def class_of(code: str, number: int) -> type[EventcoreError]:
    """The exception class for a code; one of a newer library is told by its thousands."""
    return _BY_CODE.get(code) or _BY_THOUSANDS.get(number // 1000, EventcoreError)


def from_native(number: int, name: str, message: str, transient: bool, text: str) -> EventcoreError:
    """Called by the native module for every failure. `text` is `{}` where memory had run out."""
    told = json.loads(text)
    fields: dict[str, str] = {}
    for entry in told.get("fields") or ():
        fields.setdefault(entry["field"], entry["reason"])
    return class_of(name, number)(
        told.get("message") or message,
        code=name,
        number=number,
        fields=fields,
        detail=told.get("detail"),
        transient=transient,
    )


def invalid_json(message: str) -> ValidationError:
    """What cannot be written as JSON at all is refused before the engine sees it, with the engine's own code."""
    return ValidationError(message, code="invalid_json", number=2001)
