"""Failures: classes by code, what they tell, and wrong types refused before the engine sees them."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from festival import Festival

import eventcore as ec
from eventcore import _errors

CLASSES = {
    "misuse": ec.MisuseError,
    "invalid_input": ec.ValidationError,
    "access": ec.AccessDenied,
    "state": ec.Conflict,
    "rule": ec.RuleViolation,
    "store": ec.StoreError,
    "internal": ec.InternalError,
}
SPECIAL = {
    "not_found": ec.NotFound,
    "reference_not_found": ec.NotFound,
    "wrong_key": ec.WrongKey,
    "store_corrupt": ec.StoreCorrupt,
    "store_busy": ec.StoreBusy,
    "outcome_unknown": ec.OutcomeUnknown,
}


@pytest.mark.parametrize("error", ec.schema()["errors"], ids=lambda error: str(error["name"]))
def test_every_code_has_its_class(error: dict[str, Any]) -> None:
    made = _errors.from_native(error["number"], error["name"], error["message"], error["transient"], "{}")
    assert type(made) is SPECIAL.get(error["name"], CLASSES[error["class"]])
    assert isinstance(made, ec.EventcoreError)
    assert (made.code, made.number, made.transient) == (error["name"], error["number"], error["transient"])
    assert made.message == error["message"] and error["name"] in str(made)
    assert made.fields == {} and made.detail == {}


def test_a_code_of_a_newer_library_is_told_by_its_thousands() -> None:
    assert _errors.class_of("never_heard_of", 5999) is ec.RuleViolation
    assert _errors.class_of("never_heard_of", 7001) is ec.EventcoreError


def test_an_error_tells_fields_and_detail_and_survives_pickling(festival: Festival) -> None:
    with pytest.raises(ec.RuleViolation) as caught:
        festival.session.place_order(
            event_id=festival.event_id,
            items=[{"ticket_category_id": festival.category_id, "quantity": 1}],
            customer={"email": "kim@example.org", "name": "Kim"},
            expected_total="1.00",
        )
    error = caught.value
    assert (error.code, error.number) == ("price_changed", 5007) and error.detail
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is type(error) and str(other) == str(error)
        assert (other.code, other.fields, other.detail) == (error.code, error.fields, error.detail)


def test_all_bad_fields_are_named_at_once(festival: Festival) -> None:
    with pytest.raises(ec.ValidationError) as caught:
        festival.session.call("place_order", {"items": [{"quantity": "two"}], "event_id": "x", "colour": 1})
    assert set(caught.value.fields) == {"colour", "event_id", "items[0].quantity", "items[0].ticket_category_id"}
    assert "event_id must be a uuid" in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, Decimal("NaN"), float("inf"), float("nan"), 1j, {("a", "b"): 1}, datetime(2031, 1, 1)],
    ids=["object", "set", "NaN", "inf", "nan", "complex", "tuple key", "naive"],
)
def test_values_that_cannot_be_written_are_type_errors(festival: Festival, value: object) -> None:
    with pytest.raises(TypeError):
        festival.session.update("events", festival.event_id, {"settings": {"x": value}})


def test_values_that_are_no_json_are_invalid_json(festival: Festival) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    circular: dict[str, Any] = {}
    circular["self"] = circular
    for bad in (deep, "\ud800"):
        with pytest.raises(ec.ValidationError) as caught:
            festival.session.update("events", festival.event_id, {"settings": {"x": bad}})
        assert (caught.value.code, caught.value.number) == ("invalid_json", 2001)
    with pytest.raises(TypeError):
        festival.session.update("events", festival.event_id, {"settings": circular})
    with pytest.raises(ec.ValidationError):
        festival.session.get("ev\ud800ents", festival.event_id)


def test_wrong_types_of_names_and_options_are_type_errors(festival: Festival) -> None:
    session: Any = festival.session
    engine: Any = festival.engine
    for wrong in (None, 7, b"events", ["events"]):
        with pytest.raises(TypeError):
            session.get(wrong, festival.event_id)
        with pytest.raises(TypeError):
            session.call(wrong)
        with pytest.raises(TypeError):
            session.get("events", wrong)
    for options in ({"idempotency_key": 7}, {"timeout": "1"}, {"timeout": True}):
        with pytest.raises(TypeError):
            session.expire_orders(organization_id=festival.organization_id, **options)
    with pytest.raises(ValueError, match="timeout"):
        session.expire_orders(organization_id=festival.organization_id, timeout=-1)
    with pytest.raises(TypeError, match="Principal"):
        engine.session({"kind": "service"})
    with pytest.raises(TypeError, match="datetime"):
        engine.clock.set("2031-01-01")
    with pytest.raises(TypeError, match="Key"):
        ec.open(festival.store_path, key=bytes(32))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="bytes"):
        ec.Key.raw("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ec.Key.passphrase(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ec.open(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ec.open(7)  # type: ignore[arg-type]


def test_arguments_that_are_no_object_are_refused(festival: Festival) -> None:
    session: Any = festival.session
    for wrong in ([1], "text", 5):
        with pytest.raises((ec.ValidationError, TypeError)):
            session.call("expire_orders", wrong)
        with pytest.raises((ec.ValidationError, TypeError)):
            session.insert("venues", wrong)


def test_an_unknown_enumeration_value_comes_as_text(festival: Festival) -> None:
    from eventcore import _codec

    row = _codec.decode_row("tickets", {"status": "held_by_a_newer_release", "price_paid": "1.00"})
    assert row == {"status": "held_by_a_newer_release", "price_paid": Decimal("1.00")}


def test_a_store_that_is_none_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.ecdb"
    path.write_text("Dear Sir or Madam, " * 1000)
    with pytest.raises(ec.StoreError):
        ec.open(path, key=ec.Key.raw(bytes(32)))
    assert path.read_text().startswith("Dear Sir")
    with pytest.raises(ec.EventcoreError):
        ec.open(tmp_path / "no" / "such" / "folder.ecdb", key=ec.Key.raw(bytes(32)), create=True)
