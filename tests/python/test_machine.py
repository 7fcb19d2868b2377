"""A box office played at random: records and the main job through Python against a plain model of what should hold.

In a test run the plays are the same each time. EC_HYPOTHESIS=long plays more, other ones, and prints the seed;
EC_TEST_SEED=<number> plays those again.
"""

from __future__ import annotations

import os
import random
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from festival import EVENING, open_store
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

import eventcore as ec

LONG = os.environ.get("EC_HYPOTHESIS") == "long"
HOLD = timedelta(minutes=15)
PRICES = st.decimals(min_value=1, max_value=200, places=2)


@dataclass
class Category:
    event: UUID
    price: Decimal
    total: int
    taken: int = 0
    version: int | None = None  # unknown once a sale may have moved it


@dataclass
class Order:
    lines: dict[UUID, int]
    total: Decimal
    expires: datetime
    state: str = "pending"  # pending, paid, cancelled


@dataclass
class Model:
    venues: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    events: dict[UUID, str] = field(default_factory=dict)
    categories: dict[UUID, Category] = field(default_factory=dict)
    orders: dict[UUID, Order] = field(default_factory=dict)
    used: dict[UUID, bool] = field(default_factory=dict)  # tickets


class BoxOffice(RuleBasedStateMachine):
    engine: ec.Engine
    plays = 0

    venues: Bundle[UUID] = Bundle("venues")
    events: Bundle[UUID] = Bundle("events")
    categories: Bundle[UUID] = Bundle("categories")
    orders: Bundle[UUID] = Bundle("orders")
    tickets: Bundle[UUID] = Bundle("tickets")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.now = EVENING - timedelta(days=30)
        self.buyers = 0

    @initialize()
    def organization(self) -> None:
        BoxOffice.plays += 1
        self.engine.clock.set(self.now)
        setup = self.engine.session(ec.Principal.service("play"))
        name = f"Play {BoxOffice.plays}"
        made = setup.create_organization(name=name, owner={"email": "olga@example.org", "full_name": "Olga"})
        self.organization_id = made["organization"]["id"]
        self.session = self.engine.session(ec.Principal.service("play", self.organization_id))

    # ---- records ---------------------------------------------------------------------------------------------------

    @rule(target=venues, name=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1,
                                      max_size=30).filter(lambda name: not any(c.isdigit() for c in name)),
          capacity=st.integers(0, 100_000))
    def insert_venue(self, name: str, capacity: int) -> UUID:
        row = self.session.insert("venues", {"organization_id": self.organization_id, "name": name, "address": "x",
                                             "max_capacity": capacity})
        assert (row["name"], row["max_capacity"], row["version"]) == (name, capacity, 1)
        self.model.venues[row["id"]] = {"name": name, "max_capacity": capacity, "version": 1}
        return row["id"]

    @rule(venue=venues, capacity=st.integers(0, 100_000), stale=st.booleans())
    def update_venue(self, venue: UUID, capacity: int, stale: bool) -> None:
        known = self.model.venues[venue]
        if stale:
            with pytest.raises(ec.Conflict):
                self.session.update("venues", venue, {"max_capacity": capacity}, if_version=known["version"] + 1)
            return
        row = self.session.update("venues", venue, {"max_capacity": capacity}, if_version=known["version"])
        known["max_capacity"] = capacity
        known["version"] = row["version"]

    @rule(venue=consumes(venues))
    def delete_venue(self, venue: UUID) -> None:
        self.session.delete("venues", venue)
        del self.model.venues[venue]
        with pytest.raises(ec.NotFound):
            self.session.get("venues", venue)

    @rule(target=events, minutes=st.integers(0, 60), virtual=st.booleans())
    def insert_event(self, minutes: int, virtual: bool) -> UUID:
        start = self.now - timedelta(minutes=minutes)  # doors are open, so every ticket may be scanned at once
        row = self.session.insert("events", {
            "organization_id": self.organization_id, "name": f"Event {len(self.model.events)}", "status": "confirmed",
            "start_datetime": start, "end_datetime": start + timedelta(days=3), "is_virtual": virtual})
        assert row["start_datetime"] == start and row["is_virtual"] is virtual
        self.model.events[row["id"]] = row["slug"]
        return row["id"]

    @rule(target=categories, event=events, price=PRICES, total=st.integers(0, 12))
    def insert_category(self, event: UUID, price: Decimal, total: int) -> UUID:
        row = self.session.insert("ticket_categories", {"event_id": event, "name": "Place", "base_price": price,
                                                        "total_quantity": total, "max_per_order": 6})
        assert (row["base_price"], row["available_quantity"]) == (price, total)
        self.model.categories[row["id"]] = Category(event, price, total)
        return row["id"]

    @rule(category=categories, total=st.integers(0, 15))
    def change_total(self, category: UUID, total: int) -> None:
        known = self.model.categories[category]
        if total < known.taken:
            with pytest.raises(ec.RuleViolation) as caught:
                self.session.update("ticket_categories", category, {"total_quantity": total})
            assert caught.value.code == "total_too_small"
            return
        row = self.session.update("ticket_categories", category, {"total_quantity": total})
        known.total = total
        assert row["available_quantity"] == total - known.taken

    @rule(category=categories, price=PRICES)
    def change_price(self, category: UUID, price: Decimal) -> None:
        row = self.session.update("ticket_categories", category, {"base_price": str(price)})
        assert row["base_price"] == price
        self.model.categories[category].price = price

    # ---- sales -----------------------------------------------------------------------------------------------------

    def buy(self, lines: dict[UUID, int], **payment: Any) -> ec.EventcoreError | dict[str, Any]:
        """Places an order; what the model says decides whether it may succeed."""
        known = self.model.categories
        event = known[next(iter(lines))].event
        fits = all(known[one].taken + quantity <= known[one].total for one, quantity in lines.items())
        self.buyers += 1
        arguments: dict[str, Any] = {
            "event_id": event,
            "items": [{"ticket_category_id": one, "quantity": quantity} for one, quantity in lines.items()],
            "customer": {"email": f"buyer{self.buyers}@example.org", "name": "Buyer"},
            **payment,
        }
        try:
            reply = self.session.call("place_order", arguments)
        except ec.RuleViolation as error:
            assert not fits and error.code == "sold_out", error
            return error
        assert fits
        for one, quantity in lines.items():
            known[one].taken += quantity
        total = sum((known[one].price * quantity for one, quantity in lines.items()), Decimal(0))
        assert reply["order"]["total_amount"] == total
        assert sum(item["total"] for item in reply["items"]) == total
        state = "paid" if payment else "pending"
        expires = self.now + HOLD
        self.model.orders[reply["order"]["id"]] = Order(lines, total, expires, state)
        if not payment:
            assert reply["order"]["expires_at"] == expires
        return reply

    def lines_of(self, category: UUID, quantity: int, other: UUID, more: int) -> dict[UUID, int]:
        """One line, or two of the same event."""
        lines = {category: quantity}
        if other != category and self.model.categories[other].event == self.model.categories[category].event:
            lines[other] = more
        return lines

    @rule(target=orders, category=categories, quantity=st.integers(1, 6), other=categories, more=st.integers(1, 6))
    def place_order(self, category: UUID, quantity: int, other: UUID, more: int) -> Any:
        reply = self.buy(self.lines_of(category, quantity, other, more))
        if isinstance(reply, ec.EventcoreError):
            return multiple()
        assert reply["tickets"] == []
        return reply["order"]["id"]

    @rule(target=tickets, category=categories, quantity=st.integers(1, 6), other=categories, more=st.integers(1, 6))
    def sell_for_cash(self, category: UUID, quantity: int, other: UUID, more: int) -> Any:
        lines = self.lines_of(category, quantity, other, more)
        total = sum((self.model.categories[one].price * count for one, count in lines.items()), Decimal(0))
        reply = self.buy(lines, payment={"method": "cash", "amount": total})
        if isinstance(reply, ec.EventcoreError):
            return multiple()
        return self.issued(reply["tickets"], lines)

    def issued(self, tickets: list[Any], lines: dict[UUID, int]) -> Any:
        assert len(tickets) == sum(lines.values())
        for ticket in tickets:
            self.model.used[ticket["id"]] = False
        return multiple(*(ticket["id"] for ticket in tickets))

    @rule(order=orders)
    def start_payment(self, order: UUID) -> None:
        if self.model.orders[order].state == "pending":
            reply = self.session.start_payment(order_id=order, provider="bank", reference=f"pay-{order}")
            assert reply["order"]["payment_status"] in ("processing", "pending", "failed")

    @rule(target=tickets, order=orders)
    def confirm_payment(self, order: UUID) -> Any:
        known = self.model.orders[order]
        if known.state == "cancelled":
            return multiple()
        again = known.state == "paid"
        reply = self.session.confirm_payment(order_id=order, amount=known.total, currency="USD", provider="bank",
                                             reference=f"pay-{order}")
        assert reply["order"]["payment_status"] == "paid"
        known.state = "paid"
        if again:
            assert {ticket["id"] for ticket in reply["tickets"]} <= set(self.model.used)
            return multiple()
        return self.issued(reply["tickets"], known.lines)

    @rule(order=orders)
    def confirm_another_amount(self, order: UUID) -> None:
        known = self.model.orders[order]
        if known.state == "pending":
            with pytest.raises(ec.RuleViolation) as caught:
                self.session.confirm_payment(order_id=order, amount=known.total + 1, currency="USD")
            assert caught.value.code == "payment_mismatch"

    @rule(order=orders)
    def fail_payment(self, order: UUID) -> None:
        reply = self.session.fail_payment(order_id=order, provider="bank", reference=f"failed-{order}")
        paid = self.model.orders[order].state == "paid"
        assert (reply["order"]["payment_status"] == "paid") is paid

    @rule(minutes=st.integers(1, 20))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.engine.clock.set(self.now)
        due = [one for one in self.model.orders.values() if one.state == "pending" and one.expires <= self.now]
        assert self.session.expire_orders(organization_id=self.organization_id)["expired"] == len(due)
        for order in due:
            order.state = "cancelled"
            for category, quantity in order.lines.items():
                self.model.categories[category].taken -= quantity

    @rule(ticket=tickets, by_number=st.booleans())
    def check_in(self, ticket: UUID, by_number: bool) -> None:
        row = self.session.get("tickets", ticket)
        named = {"ticket_number": row["ticket_number"]} if by_number else {"code": row["qr_code_data"]}
        reply = self.session.call("check_in", {"event_id": row["event_id"], **named})
        assert reply["outcome"] == ("already_used" if self.model.used[ticket] else "admitted")
        assert (reply["previous"] is not None) is self.model.used[ticket]
        self.model.used[ticket] = True

    @rule(event=events)
    def try_to_delete_event(self, event: UUID) -> None:
        sold = any(order.state == "paid" and self.model.categories[next(iter(order.lines))].event == event
                   for order in self.model.orders.values())
        if sold:
            with pytest.raises(ec.Conflict) as caught:
                self.session.delete("events", event)
            assert caught.value.code == "has_sales"

    # ---- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    @precondition(lambda self: hasattr(self, "session"))
    def rows_are_as_the_model_has_them(self) -> None:
        rows = {row["id"]: row for row in self.session.list("ticket_categories")}
        assert rows.keys() == self.model.categories.keys()
        for id, known in self.model.categories.items():
            assert rows[id]["available_quantity"] == known.total - known.taken, (rows[id], known)
        venues = {row["id"]: row["max_capacity"] for row in self.session.list("venues")}
        assert venues == {id: known["max_capacity"] for id, known in self.model.venues.items()}
        used = self.session.count("tickets", where={"status": "used"})
        assert used == sum(self.model.used.values())
        assert self.session.count("tickets") == len(self.model.used)

    def teardown(self) -> None:
        if not hasattr(self, "session"):
            return
        for event in self.model.events:
            report = self.session.event_report(event_id=event)
            paid = [one for one in self.model.orders.values()
                    if one.state == "paid" and self.model.categories[next(iter(one.lines))].event == event]
            assert report["revenue"].get("USD", 0) == sum((one.total for one in paid), Decimal(0))
            assert report["tickets"] == sum(sum(one.lines.values()) for one in paid)
        told = self.session.verify_store(organization_id=self.organization_id, pages=False)
        assert told["ok"], told
        assert self.session.verify_audit(organization_id=self.organization_id)["ok"]


def test_the_box_office_does_what_the_model_does(capsys: pytest.CaptureFixture[str]) -> None:
    profile = settings(
        derandomize=not LONG,
        max_examples=300 if LONG else 20,
        stateful_step_count=60 if LONG else 30,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    if LONG:
        number = int(os.environ.get("EC_TEST_SEED") or random.SystemRandom().randrange(2**32))
        with capsys.disabled():
            print(f"\nseed {number}: EC_HYPOTHESIS=long EC_TEST_SEED={number} plays this again")
        seed(number)(BoxOffice)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "play.ecdb") as engine:
        BoxOffice.engine = engine
        run_state_machine_as_test(BoxOffice, settings=profile)
