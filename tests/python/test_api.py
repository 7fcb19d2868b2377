"""Every line of the surface: calls, rows, filters, pages, many, transactions, changes, submitted calls, clock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from festival import EVENING, KEY, Festival, open_store

import eventcore as ec

NOBODY = UUID(int=0)


def venue(festival: Festival, **values: object) -> dict[str, object]:
    return {
        "organization_id": festival.organization_id,
        "name": "Hall",
        "address": "1 Main Street",
        "max_capacity": 100,
        **values,
    }


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_a_command_takes_and_answers_dictionaries(festival: Festival) -> None:
    reply = festival.session.call(
        "place_order",
        {
            "event_id": festival.event_id,
            "items": [{"ticket_category_id": festival.category_id, "quantity": 2}],
            "customer": {"email": "kim@example.org", "name": "Kim"},
        },
        idempotency_key="0123456789abcdef",
    )
    assert reply["order"]["total_amount"] == Decimal("50.00")
    assert reply["order"]["payment_status"] is ec.enums.OrderPaymentStatus.PENDING
    assert isinstance(reply["order"]["id"], UUID)
    assert reply["tickets"] == []


def test_an_idempotency_key_gives_the_first_reply_again(festival: Festival) -> None:
    def order() -> UUID:
        reply = festival.session.place_order(
            event_id=festival.event_id,
            items=[{"ticket_category_id": str(festival.category_id), "quantity": 1}],
            customer={"email": "kim@example.org", "name": "Kim"},
            idempotency_key="the-very-same-key",
        )
        return reply["order"]["id"]

    assert order() == order()
    with pytest.raises(ec.Conflict) as caught:
        festival.session.expire_orders(
            organization_id=festival.organization_id, idempotency_key="the-very-same-key"
        )
    assert caught.value.code == "idempotency_mismatch"


def test_every_command_is_a_typed_method() -> None:
    for command in ec.schema()["commands"]:
        assert callable(getattr(ec.Session, command["name"]))
        assert callable(getattr(ec.aio.AsyncSession, command["name"]))


def test_many_calls_are_one_unit_of_work(festival: Festival) -> None:
    people = [
        ("invite_user", {"organization_id": festival.organization_id, "email": f"p{i}@example.org", "full_name": "P"})
        for i in range(3)
    ]
    replies = festival.session.call_many(people)
    assert [reply["user"]["email"] for reply in replies] == [f"p{i}@example.org" for i in range(3)]
    with pytest.raises(ec.Conflict) as caught:
        festival.session.call_many([("invite_user", {**people[0][1], "email": "new@example.org"}), people[1]])
    assert caught.value.detail["position"] == "1"
    assert festival.session.count("users", where={"email": "new@example.org"}) == 0


def test_explain_access_names_the_policy(festival: Festival) -> None:
    owner = festival.engine.session(ec.Principal.user(festival.owner_id))
    why = owner.explain_access("events", "update", festival.event_id)
    assert why["allowed"] is True
    guest = festival.engine.session(ec.Principal.anon(festival.organization_id))
    assert guest.explain_access("events", "update", festival.event_id)["allowed"] is False


# ---- rows ------------------------------------------------------------------------------------------------------------


def test_native_values_go_both_ways(festival: Festival) -> None:
    session = festival.service()
    row = session.insert(
        "venues",
        venue(
            festival,
            coordinates={"x": Decimal("13.4"), "y": "52.5"},
            amenities=["bar", "stage"],
            pricing_structure={"day": "100.00", "tax": 0.19},
            venue_type=ec.enums.VenueType.INDOOR,
        ),
    )
    assert row["coordinates"] == {"x": Decimal("13.4"), "y": Decimal("52.5")}
    assert row["amenities"] == ["bar", "stage"]
    assert row["venue_type"] is ec.enums.VenueType.INDOOR
    assert row["pricing_structure"] == {"day": "100.00", "tax": 0.19}
    assert row["created_at"] == EVENING + timedelta(minutes=30)

    berlin = timezone(timedelta(hours=2))
    category = session.insert(
        "ticket_categories",
        {
            "event_id": str(festival.event_id),
            "name": "Seat",
            "base_price": Decimal("12.5"),
            "total_quantity": 5,
            "sale_end_date": datetime(2031, 6, 1, 22, 0, tzinfo=berlin),
        },
    )
    assert category["base_price"] == Decimal("12.50")
    assert category["sale_end_date"] == datetime(2031, 6, 1, 20, 0, tzinfo=UTC)
    team = session.assign_team(
        event_id=festival.event_id,
        user_id=festival.owner_id,
        role_type=ec.enums.AssignmentRole.PRODUCER,
        start_date=date(2031, 5, 1),
        end_date="2031-06-02",
    )["assignment"]
    assert (team["start_date"], team["end_date"]) == (date(2031, 5, 1), date(2031, 6, 2))
    key = session.list("event_keys").one()
    assert isinstance(key["public_key"], bytes) and len(key["public_key"]) == 32
    milestone = session.insert("event_milestones", {"event_id": festival.event_id, "title": "Permit",
                                                    "due_date": EVENING})
    later = session.insert("event_milestones", {"event_id": festival.event_id, "title": "Open", "due_date": EVENING,
                                                "dependencies": [milestone["id"]]})
    assert later["dependencies"] == [milestone["id"]]


@pytest.mark.parametrize("price", [12.5, 12.0])
def test_a_float_for_money_is_a_type_error(festival: Festival, price: float) -> None:
    session = festival.service()
    row = {"event_id": festival.event_id, "name": "Seat", "base_price": price, "total_quantity": 5}
    with pytest.raises(TypeError, match="base_price is money"):
        session.insert("ticket_categories", row)
    with pytest.raises(TypeError, match="base_price is money"):
        session.insert_many("ticket_categories", [row])
    with pytest.raises(TypeError, match="base_price is money"):
        session.update("ticket_categories", festival.category_id, {"base_price": price})
    with pytest.raises(TypeError, match="price_paid is money"):
        session.count("tickets", where={"or": [{"price_paid": {"in": [price]}}]})
    with pytest.raises(TypeError, match="price_paid is money"):
        session.list("tickets", where={"not": {"price_paid": price}}).all()
    arguments = {"event_id": festival.event_id, "items": [], "payment": {"method": "cash", "amount": price}}
    with pytest.raises(TypeError, match=r"payment\.amount is money"):
        session.call("place_order", arguments)
    with pytest.raises(TypeError, match=r"\[0\]\.payment\.amount is money"):
        session.call_many([("place_order", arguments)])
    with pytest.raises(TypeError, match=r"payment\.amount is money"):
        session.submit("place_order", arguments)


def test_a_naive_datetime_is_a_type_error(festival: Festival) -> None:
    naive = datetime(2031, 6, 1)
    with pytest.raises(TypeError, match="time zone"):
        festival.session.update("events", festival.event_id, {"end_datetime": naive})
    with pytest.raises(TypeError, match="time zone"):
        festival.engine.clock.set(naive)
    with pytest.raises(TypeError, match="time zone"):
        festival.session.count("events", where={"start_datetime": {"lt": naive}})


def test_a_row_is_changed_and_removed(festival: Festival) -> None:
    session = festival.session
    row = session.insert("venues", venue(festival))
    changed = session.update("venues", row["id"], {"name": "Great Hall"}, if_version=1)
    assert (changed["name"], changed["version"]) == ("Great Hall", 2)
    with pytest.raises(ec.Conflict) as caught:
        session.delete("venues", row["id"], if_version=1)
    assert caught.value.code == "version_conflict"
    session.delete("venues", str(row["id"]), if_version=2)
    with pytest.raises(ec.NotFound):
        session.get("venues", row["id"])


def test_many_rows_are_all_or_none(festival: Festival) -> None:
    session = festival.session
    rows = session.insert_many("venues", (venue(festival, name=f"Hall {i}") for i in range(5)))
    assert [row["name"] for row in rows] == [f"Hall {i}" for i in range(5)]
    with pytest.raises(ec.ValidationError) as caught:
        session.insert_many("venues", [venue(festival, name="New"), venue(festival, max_capacity=-1)])
    assert caught.value.detail["position"] == "1"
    assert list(caught.value.fields) == ["[1].max_capacity"]
    assert session.count("venues") == 5


def test_filters_and_orders(festival: Festival) -> None:
    session = festival.service()
    session.insert_many("venues", [venue(festival, name=name, max_capacity=size, city=city) for name, size, city in (
        ("Barn", 40, "Bern"), ("Arena", 9000, "Bonn"), ("Club", 300, None), ("Dome", 300, "Bern"))])

    def names(**asked: object) -> list[str]:
        return [row["name"] for row in session.list("venues", order_by="name", where=asked)]

    assert names(name="Barn") == ["Barn"]
    assert names(max_capacity={"gte": 300, "lt": 9000}) == ["Club", "Dome"]
    assert names(max_capacity={"in": [40, 9000]}) == ["Arena", "Barn"]
    assert names(max_capacity={"not_in": [300]}) == ["Arena", "Barn"]
    assert names(name={"prefix": "A"}) == ["Arena"]
    assert names(name={"contains": "o"}) == ["Dome"]
    assert names(city={"is_null": True}) == ["Club"]
    assert names(city={"ne": "Bern"}) == ["Arena", "Club"]
    assert names(**{"or": [{"city": "Bonn"}, {"max_capacity": {"lte": 40}}]}) == ["Arena", "Barn"]
    assert names(**{"not": {"city": "Bern"}, "and": [{"max_capacity": {"gt": 300}}]}) == ["Arena"]
    ordered = session.list("venues", order_by=["-max_capacity", "name"], columns=["name"]).to_dicts()
    assert [row["name"] for row in ordered] == ["Arena", "Club", "Dome", "Barn"]
    assert ordered[0].keys() == {"name"}
    assert session.count("venues", where={"city": "Bern"}) == 2
    with pytest.raises(ec.ValidationError) as caught:
        names(colour="red", name={"like": "A%"})
    assert "colour" in caught.value.fields


def test_a_query_is_read_once_when_it_is_made(festival: Festival) -> None:
    session = festival.service()
    session.insert_many("venues", [venue(festival, name=f"Hall {i:04}") for i in range(1203)])
    hall = ["Hall 0000", "Hall 0001"]
    where: dict[str, object] = {"name": {"in": (name for name in hall)}}
    given: dict[str, Any] = {"columns": iter(["name"]), "order_by": iter(["-name"])}
    rows = session.list("venues", where=where, **given)
    where["name"] = "changed afterwards"
    for _ in range(3):
        assert [row["name"] for row in rows] == hall[::-1]
    assert rows.to_polars()["name"].to_list() == hall[::-1]

    given = {"order_by": iter(["name"]), "expand": iter(["organization_id"])}
    every = session.list("venues", where={"or": ({"name": {"prefix": one}} for one in ("Hall", "Den"))}, **given)
    assert len(every.all()) == len(every.all()) == 1203, "pages of one query"
    assert session.count("venues", where={"name": {"in": iter(hall)}}) == 2
    with pytest.raises(TypeError, match="price_paid is money"):
        session.list("tickets", where={"price_paid": {"in": iter([12.5])}})


def test_pages_follow_their_cursor(festival: Festival) -> None:
    session = festival.service()
    session.insert_many("venues", [venue(festival, name=f"Hall {i:04}") for i in range(1203)])
    everything = [row["name"] for row in session.list("venues", order_by=["name"])]
    assert everything == [f"Hall {i:04}" for i in range(1203)]
    assert len(session.list("venues", limit=1100).all()) == 1100

    first = session.list("venues", order_by=["-name"], limit=500)
    assert first.cursor is not None
    names = [row["name"] for row in first]
    second = session.list("venues", order_by=["-name"], limit=500, after=first.cursor)
    names += [row["name"] for row in second]
    third = session.list("venues", order_by=["-name"], limit=500, after=second.cursor)
    names += [row["name"] for row in third]
    assert names == everything[::-1]
    assert third.cursor is None
    assert [row["name"] for row in third] == names[1000:], "iterating again asks again"
    with pytest.raises(ec.ValidationError) as caught:
        session.list("venues", after="nonsense").all()
    assert caught.value.code == "invalid_cursor"


def test_reading_is_lazy(festival: Festival) -> None:
    session = festival.service()
    session.insert_many("venues", [venue(festival, name=f"Hall {i:04}") for i in range(600)])
    rows = iter(session.list("venues", order_by=["name"]))
    assert next(rows)["name"] == "Hall 0000"
    session.insert("venues", venue(festival, name="Zoo"))
    assert [row["name"] for row in rows][-1] == "Zoo"


def test_one_first_and_expanded_rows(festival: Festival) -> None:
    session = festival.service()
    ticket = session.list("tickets", expand=["order_id", "ticket_category_id"]).one()
    order = ticket["order"]
    assert order is not None and order["customer_email"] == "ann@example.org"
    assert isinstance(order["id"], UUID) and order["total_amount"] == Decimal("25.00")
    assert session.list("venues").first() is None
    with pytest.raises(ec.NotFound):
        session.list("venues").one()
    session.insert_many("venues", [venue(festival), venue(festival)])
    with pytest.raises(ValueError, match="more than one"):
        session.list("venues").one()
    with pytest.raises(TypeError, match="limit"):
        session.list("venues", limit=1.5)  # type: ignore[call-overload]


# ---- transactions, changes, submitted calls --------------------------------------------------------------------------


def test_a_transaction_commits_or_undoes(festival: Festival) -> None:
    session = festival.session
    with session.transaction():
        session.insert("venues", venue(festival))
        assert session.count("venues") == 1
        with pytest.raises(ec.ValidationError):
            session.insert("venues", {})
        session.invite_user(organization_id=festival.organization_id, email="t@example.org", full_name="T")
    assert session.count("venues") == 1

    with pytest.raises(KeyError):
        with session.transaction():
            session.insert("venues", venue(festival))
            raise KeyError("the program's own trouble")
    assert session.count("venues") == 1

    with pytest.raises(ec.MisuseError) as caught:
        with session.transaction(), session.transaction():
            pass
    assert caught.value.code == "transaction_open"
    assert session.count("venues") == 1


def test_changes_tell_what_was_written(festival: Festival) -> None:
    session = festival.service()
    seq = max(change["seq"] for change in session.changes())
    row = session.insert("venues", venue(festival))
    session.update("venues", row["id"], {"name": "Den"})
    session.delete("venues", row["id"])
    changes = list(session.changes(since=seq, timeout=0.3))
    assert [change["operation"] for change in changes] == ["insert", "update", "delete"]
    assert {change["id"] for change in changes} == {row["id"]}
    assert isinstance(changes[0]["time"], datetime)
    assert [change["seq"] for change in changes] == [seq + 1, seq + 2, seq + 3]
    with pytest.raises(ValueError, match="timeout"):
        next(session.changes(timeout=-1))


def test_submitted_calls_are_in_flight_together(festival: Festival) -> None:
    session = festival.session
    futures = [
        session.submit(
            "invite_user",
            {"organization_id": festival.organization_id, "email": f"s{i % 9}@example.org", "full_name": "S"},
        )
        for i in range(10)
    ]
    assert futures[0].result(timeout=30)["user"]["email"] == "s0@example.org"
    error = futures[9].exception()
    assert isinstance(error, ec.Conflict) and error.code == "already_exists"
    with pytest.raises(ec.Conflict):
        futures[9].result()
    assert all(future.done() for future in futures)
    assert [future.result()["user"]["full_name"] for future in futures[:9]] == ["S"] * 9
    with pytest.raises(ec.ValidationError):
        session.submit("invite_user", {})
    with session.transaction():
        with pytest.raises(ec.MisuseError):
            session.submit("run_maintenance")


def test_a_dropped_call_runs_with_the_next_commit(festival: Festival) -> None:
    session = festival.service()
    session.submit("invite_user", {"email": "late@example.org", "full_name": "L"})
    session.insert("venues", venue(festival))
    assert session.count("users", where={"email": "late@example.org"}) == 1


def test_a_submitted_call_may_not_be_done_yet(festival: Festival) -> None:
    future = festival.session.submit("expire_orders", {"organization_id": festival.organization_id})
    if not future.done():
        other = festival.engine.session(ec.Principal.service("other"))
        other.expire_orders(organization_id=festival.organization_id)  # whoever commits takes what waits along
    assert future.result(timeout=0) == {"expired": 0, "more": False}


FOR_EVER = [1e10, 1e300, float("inf"), 10**400]


@pytest.mark.parametrize("timeout", FOR_EVER, ids=["1e10", "1e300", "inf", "10**400"])
def test_a_very_long_time_is_for_ever(festival: Festival, timeout: float) -> None:
    session = festival.service()
    expire = "expire_orders", {"organization_id": festival.organization_id}
    assert session.submit(*expire).result(timeout) == {"expired": 0, "more": False}
    assert session.submit(*expire, timeout=timeout).exception(timeout) is None
    assert session.call(*expire, timeout=timeout)["more"] is False
    assert session.insert("venues", venue(festival), timeout=timeout)["name"] == "Hall"
    assert next(session.changes(timeout=timeout))["seq"] == 1
    with ec.open(festival.store_path, key=ec.Key.raw(KEY), busy_timeout=timeout) as other:
        assert other.session(ec.Principal.service("other")).count("events") == 1


LIMITED: dict[str, Callable[[ec.Session, Festival, float], object]] = {
    "call": lambda session, f, timeout: session.expire_orders(timeout=timeout),
    "call_many": lambda session, f, timeout: session.call_many([("expire_orders", {})], timeout=timeout),
    "submit": lambda session, f, timeout: session.submit("expire_orders", {}, timeout=timeout).result(),
    "insert": lambda session, f, timeout: session.insert("venues", venue(f), timeout=timeout),
    "insert_many": lambda session, f, timeout: session.insert_many("venues", [venue(f)], timeout=timeout),
    "update": lambda session, f, timeout: session.update("events", f.event_id, {"name": "Late"}, timeout=timeout),
    "delete": lambda session, f, timeout: session.delete("tickets", f.ticket_id, timeout=timeout),
}


@pytest.mark.parametrize("timeout", [0, 0.0, 1e-9, 4e-7])
@pytest.mark.parametrize("write", LIMITED)
def test_a_limit_of_no_time_is_a_limit(festival: Festival, write: str, timeout: float) -> None:
    """The turn to write is another session's, and nobody waits the five seconds that it may keep it."""
    session, holder = festival.service(), festival.service()
    with holder.transaction():
        holder.update("events", festival.event_id, {"description": "holds the turn"})
        with pytest.raises(ec.StoreError) as caught:
            LIMITED[write](session, festival, timeout)
    assert caught.value.code == "deadline_exceeded"


@pytest.mark.parametrize("busy_timeout", [0, 1e-9])
def test_an_engine_that_waits_for_nobody_is_busy_at_once(festival: Festival, busy_timeout: float) -> None:
    with ec.open(festival.store_path, key=ec.Key.raw(KEY), busy_timeout=busy_timeout) as impatient:
        session = impatient.session(ec.Principal.service("impatient", festival.organization_id))
        with festival.session.transaction():
            festival.session.update("events", festival.event_id, {"description": "holds the turn"})
            begun = time.monotonic()
            with pytest.raises(ec.StoreBusy):
                session.insert("venues", venue(festival))
            assert time.monotonic() - begun < 4, "ten seconds where none is said"


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [(-1, ValueError), (-1e-9, ValueError), (float("nan"), ValueError), (float("-inf"), ValueError), (True, TypeError),
     ("1", TypeError), (b"1", TypeError), (Decimal(1), TypeError), (timedelta(1), TypeError)],
    ids=str,
)
def test_a_time_that_is_none_is_refused_by_its_name(festival: Festival, wrong: Any, kind: type[Exception]) -> None:
    session = festival.service()
    future = session.submit("expire_orders", {"organization_id": festival.organization_id})
    waits: list[Callable[[], object]] = [
        lambda: next(session.changes(timeout=wrong)), lambda: future.result(wrong), lambda: future.exception(wrong)
    ]
    for use in [*waits, *(lambda write=write: write(session, festival, wrong) for write in LIMITED.values())]:
        with pytest.raises(kind, match="^timeout must be a number of seconds"):
            use()
    with pytest.raises(kind, match="^busy_timeout must be a number of seconds"):
        ec.open(festival.store_path, key=ec.Key.raw(KEY), busy_timeout=wrong)


# ---- engine ----------------------------------------------------------------------------------------------------------


def test_the_clock_moves_only_a_test_store(festival: Festival) -> None:
    later = EVENING + timedelta(hours=1, microseconds=7)
    festival.engine.clock.set(later)
    assert festival.engine.clock.now() == later
    with ec.open(festival.folder / "real.ecdb", key=ec.Key.raw(KEY), create=True) as real:
        with pytest.raises(ec.MisuseError) as caught:
            real.clock.set(later)
        assert caught.value.code == "clock_not_settable"
        assert abs(real.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_stats_are_numbers(festival: Festival) -> None:
    stats = festival.engine.stats()
    assert stats["commits"] > 0 and all(isinstance(value, int) for value in stats.values())


def test_log_lines_are_pulled_and_handed_to_logging(festival: Festival, caplog: pytest.LogCaptureFixture) -> None:
    path = festival.folder / "lossy.ecdb"
    open_store(path).close()
    older = path.read_bytes()
    with open_store(path) as engine:
        owner = {"email": "o@example.org", "full_name": "O"}
        engine.session(ec.Principal.service("write")).create_organization(name="Lost", owner=owner)
    path.write_bytes(older)
    with pytest.raises(ec.StoreError) as caught:
        open_store(path)
    assert caught.value.code == "commits_lost"
    with caplog.at_level(logging.DEBUG, "eventcore"):
        with open_store(path, accept_loss=True) as engine:
            lines = engine.logs()
    assert lines and lines[0].time.tzinfo is not None
    assert [record.message for record in caplog.records][: len(lines)] == [line.text for line in lines]
    assert engine.closed
    handlers = logging.getLogger("eventcore").handlers
    assert any(isinstance(handler, logging.NullHandler) for handler in handlers)


def test_keys_open_what_they_made(festival: Festival) -> None:
    path = festival.folder / "words.ecdb"
    with ec.open(path, key=ec.Key.passphrase("größer"), create_new=True) as engine:
        code = engine.add_recovery_code()
    with ec.open(path, key=ec.Key.passphrase("größer"), read_only=True) as engine:
        with pytest.raises(ec.StoreError) as caught:
            session = engine.session(ec.Principal.service("read"))
            session.create_organization(name="X", owner={"email": "x@example.org", "full_name": "X"})
        assert caught.value.code == "read_only"
    with ec.open(path, key=ec.Key.recovery_code(code)):
        pass
    with pytest.raises(ec.WrongKey):
        ec.open(path, key=ec.Key.passphrase("grösser"))
    with pytest.raises(ec.StoreError) as caught:
        ec.open(path, key=ec.Key.raw(KEY), create_new=True)
    assert caught.value.code == "store_exists"
    with pytest.raises(ec.ValidationError) as short:
        ec.open(path, key=ec.Key.raw(b"short"))
    assert short.value.code == "invalid_key"
    assert "größer" not in repr(ec.Key.passphrase("größer"))


def test_principals_of_later_releases_are_told_so(festival: Festival) -> None:
    for principal in (ec.Principal.api_key("ec_key_x"), ec.Principal.jwt("x.y.z")):
        with pytest.raises((ec.ValidationError, ec.AccessDenied)):
            festival.engine.session(principal).count("events")
    with pytest.raises(ec.AccessDenied):
        festival.engine.session(ec.Principal.user(uuid4())).count("events")
    assert "secret" not in repr(ec.Principal.device("secret"))
