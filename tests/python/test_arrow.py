"""Rows as Arrow: types, nulls, pages, errors, and what pyarrow, polars and pandas make of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars
import pyarrow as pa
import pytest
from festival import EVENING, Festival

import eventcore as ec
from eventcore._arrow import column
from eventcore._generated.schema import TABLES


def rows_of_every_type(festival: Festival, count: int) -> ec.Session:
    session = festival.service()
    session.insert_many(
        "vendors",
        (
            {
                "organization_id": festival.organization_id,
                "name": f"Größe {i}",
                "company_name": None if i % 3 else f"{i} GmbH",
                "services_offered": ["sound", "light"] if i % 2 else None,
                "performance_rating": f"{i % 5}.25",
                "is_preferred": i % 2 == 0,
            }
            for i in range(count)
        ),
    )
    return session


def test_types_values_and_nulls(festival: Festival) -> None:
    session = rows_of_every_type(festival, 7)
    table = pa.table(session.list("vendors", order_by=["name"]))
    assert table.num_rows == 7
    kinds = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert kinds["id"] == kinds["name"] == kinds["vendor_type"] == kinds["services_offered"] == "string"
    assert kinds["performance_rating"] == "decimal128(19, 2)"
    assert kinds["is_preferred"] == "bool"
    assert kinds["version"] == "int64"
    assert kinds["created_at"] == "timestamp[us, tz=UTC]"
    assert "address" not in kinds, "long columns come when they are asked for"
    first = table.to_pylist()[1]
    assert first["name"] == "Größe 1" and first["company_name"] is None
    assert json.loads(first["services_offered"]) == ["sound", "light"]
    assert first["performance_rating"] == Decimal("1.25") and first["is_preferred"] is False
    assert first["created_at"] == EVENING + timedelta(minutes=30)
    assert table["company_name"].null_count == 4
    table.validate(full=True)


def test_money_dates_and_negative_numbers(festival: Festival) -> None:
    session = festival.service()
    session.assign_team(event_id=festival.event_id, user_id=festival.owner_id, role_type="producer",
                        start_date="1969-12-30", hourly_rate="12.5")
    table = pa.table(session.list("team_assignments"))
    row = table.to_pylist()[0]
    assert str(table.schema.field("hourly_rate").type) == "decimal128(19, 4)"
    assert (row["start_date"], row["end_date"], row["hourly_rate"]) == (date(1969, 12, 30), None, Decimal("12.5"))
    convert = column("tickets", "price_paid").convert
    assert convert is not None
    told = {"0": 0, "7": 70_000, "-0.5": -5_000, "12.50": 125_000, "0.0001": 1, "-3.0004": -30_004}
    assert {text: convert(text) for text in told} == told
    from eventcore import _native

    columns: list[list[Any]] = [[-125_000, None, 2**62], [-1, 0, None], [True, None, False], ["", None, "ö"]]
    capsule = _native.arrow_stream(
        [("d", "d:19,4", True), ("t", "tsu:UTC", True), ("b", "b", True), ("u", "u", True)],
        iter([(3, columns), None]).__next__,
    )
    taken = pa.RecordBatchReader._import_from_c_capsule(capsule).read_all()
    taken.validate(full=True)
    assert taken["d"].to_pylist() == [Decimal("-12.5000"), None, Decimal(2**62).scaleb(-4)]
    assert taken["t"].to_pylist() == [datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), datetime(1970, 1, 1, tzinfo=UTC),
                                      None]
    assert taken["b"].to_pylist() == [True, None, False]
    assert taken["u"].to_pylist() == ["", None, "ö"]


def test_pages_stream_one_by_one(festival: Festival) -> None:
    session = rows_of_every_type(festival, 1203)
    reader = pa.RecordBatchReader.from_stream(session.list("vendors", order_by=["created_at", "name"]))
    sizes = [batch.num_rows for batch in reader]
    assert sizes == [500, 500, 203]
    assert pa.table(session.list("vendors", limit=700)).num_rows == 700
    assert pa.table(session.list("vendors", where={"name": "nobody"})).num_rows == 0
    assert pa.table(session.list("vendors", where={"name": "nobody"})).column_names[0] == "id"
    named = pa.table(session.list("vendors", columns=["address", "name"], limit=3))
    assert named.column_names == ["name", "address"]
    assert "address" in pa.table(session.list("vendors", columns=["*"], limit=3)).column_names


def test_every_table_has_an_arrow_schema(festival: Festival) -> None:
    session = festival.service()
    for name in TABLES:
        pa.table(session.list(name, columns=["*"])).validate(full=True)


def test_polars_and_pandas_take_rows_as_they_are(festival: Festival) -> None:
    session = rows_of_every_type(festival, 12)
    rows = session.list("vendors", order_by=["name"])
    frame: Any = polars.DataFrame(rows)
    assert frame.shape[0] == 12 and frame["performance_rating"].sum() == Decimal("24.00")
    assert frame["created_at"].dtype == polars.Datetime("us", "UTC")
    assert rows.to_polars().equals(frame)
    table = rows.to_pandas()
    assert len(table) == 12 and int(table["is_preferred"].sum()) == 6
    assert str(table["created_at"].dt.tz) == "UTC"
    size = table["version"].sum()  # numbers of numpy go back in
    organization_id, name = table["organization_id"].iloc[0], table["name"].iloc[0]
    venue = session.insert("venues", {"organization_id": organization_id, "name": name, "address": "x",
                                      "max_capacity": size})
    assert venue["max_capacity"] == 12 and venue["name"] == "Größe 0"
    version = table["version"].iloc[0]
    assert len(session.list("vendors", limit=size).all()) == 12
    assert next(session.changes(since=size))["seq"] == 13
    assert session.update("venues", venue["id"], {"name": "Den"}, if_version=version)["version"] == 2


def test_errors_come_through_the_stream(festival: Festival) -> None:
    session = festival.service()
    closed = festival.service()
    closed.close()
    nobody = festival.engine.session(ec.Principal.user(festival.event_id))
    made: list[tuple[Callable[[], ec.Rows[Any]], type[ec.EventcoreError], str]] = [
        (lambda: session.list("no_such_table"), ec.ValidationError, "unknown_table"),
        (lambda: session.list("vendors", where={"colour": "red"}), ec.ValidationError, "unknown_column"),
        (lambda: session.list("vendors", columns=["colour"]), ec.ValidationError, "unknown_column"),
        (lambda: session.list("vendors", columns="name"), ec.ValidationError, "invalid_argument"),
        (lambda: session.list("vendors", where={"name": {"like": "A%"}}), ec.ValidationError, "invalid_filter"),
        (lambda: session.list("vendors", after="nonsense"), ec.ValidationError, "invalid_cursor"),
        (lambda: nobody.list("vendors"), ec.AccessDenied, "unauthenticated"),
        (lambda: closed.list("vendors"), ec.MisuseError, "closed"),
    ]
    readers: list[Callable[[Any], object]] = [
        pa.table, pa.RecordBatchReader.from_stream, polars.DataFrame, ec.Rows.to_pandas, ec.Rows.to_polars
    ]
    for rows, kind, code in made:
        for read in readers:
            with pytest.raises(kind) as caught:
                read(rows())
            assert caught.value.code == code


def closed_behind_its_first_page(festival: Festival, monkeypatch: pytest.MonkeyPatch) -> ec.Rows[Any]:
    """Rows of three pages whose session closes when the second is asked for."""
    session = rows_of_every_type(festival, 1203)
    page, asked = session._page, iter([False, True, True, True])

    def closing(table: str, query: dict[str, Any]) -> dict[str, Any]:
        if next(asked):
            session.close()
        return page(table, query)

    monkeypatch.setattr(session, "_page", closing)
    return session.list("vendors", order_by=["name"])


@pytest.mark.parametrize("read", [ec.Rows.to_pandas, ec.Rows.to_polars], ids=["pandas", "polars"])
def test_a_later_page_fails_as_what_it_was(
    festival: Festival, monkeypatch: pytest.MonkeyPatch, read: Callable[[ec.Rows[Any]], object]
) -> None:
    with pytest.raises(ec.MisuseError) as caught:
        read(closed_behind_its_first_page(festival, monkeypatch))
    assert caught.value.code == "closed"


def test_a_reader_of_the_stream_itself_learns_the_code(festival: Festival, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow's interface between page and page knows numbers and texts, no classes."""
    reader = pa.RecordBatchReader.from_stream(closed_behind_its_first_page(festival, monkeypatch))
    assert reader.read_next_batch().num_rows == 500
    with pytest.raises(OSError, match=r"MisuseError: the handle is closed \[closed\]"):
        reader.read_next_batch()


def test_an_unused_stream_is_freed(festival: Festival) -> None:
    session = festival.service()
    for _ in range(100):
        session.list("tickets").__arrow_c_stream__()
    reader = pa.RecordBatchReader.from_stream(session.list("tickets"))
    del reader


def test_the_package_needs_neither_arrow_nor_frames() -> None:
    check = "import sys, eventcore; print([m for m in ('pyarrow', 'pandas', 'polars', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
