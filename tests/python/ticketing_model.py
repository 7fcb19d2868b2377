"""What ticketing should do, once more and naively: integers of minor units, fractions, lists that are walked.

Written from the rules, and knows nothing of the engine. test_ticketing_machine.py plays both at random.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

HOLD = timedelta(minutes=15)
OFFER = timedelta(minutes=30)


DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3, "USD": 2}
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "ı": "i"})


def money(minor: int, currency: str) -> str:
    digits = DIGITS[currency]
    return f"{minor // 10**digits}.{minor % 10**digits:0{digits}}" if digits else str(minor)


def words(text: str) -> set[str]:
    """What it is found by: words without marks and case; where nobody writes blanks, each character."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(LETTERS)
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    return set(re.findall(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+", plain))


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def spread(total: int, weights: list[int]) -> list[int]:
    """Largest remainder; ties to the earlier."""
    if not sum(weights):
        return [0] * len(weights)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    shares = [int(one) for one in exact]
    by_rest = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_rest[: total - sum(shares)]:
        shares[i] += 1
    return shares


@dataclass(frozen=True)
class Rates:
    """At most one fee for each ticket, one for each order, and one tax."""

    ticket_fee: int = 0
    ticket_fee_back: bool = True
    order_percent: Fraction = Fraction(0)
    order_fee: int = 0
    tax: Fraction = Fraction(0)
    inclusive: bool = True
    on_fees: bool = False

    def settings(self, currency: str) -> dict[str, Any]:
        fees: list[dict[str, Any]] = []
        if self.ticket_fee:
            fees.append({"name": "Service", "fixed": money(self.ticket_fee, currency), "per": "ticket",
                         "refundable": self.ticket_fee_back})
        if self.order_percent or self.order_fee:
            fees.append({"name": "Booking", "fixed": money(self.order_fee, currency),
                         "percent": str(float(self.order_percent)), "per": "order"})
        taxes = [{"name": "Tax", "rate": str(float(self.tax)), "inclusive": self.inclusive, "on_fees": self.on_fees}]
        return {"fees": fees, "taxes": taxes if self.tax else []}


RATES = [
    Rates(),
    Rates(ticket_fee=100, order_percent=Fraction(5, 2), tax=Fraction(19, 100)),
    Rates(tax=Fraction(33, 400), inclusive=False),
    Rates(ticket_fee=50, ticket_fee_back=False, tax=Fraction(7, 100)),
    Rates(ticket_fee=100, order_percent=Fraction(5, 2), tax=Fraction(19, 100), on_fees=True),
    Rates(ticket_fee=75, order_fee=150, tax=Fraction(1, 10), inclusive=False, on_fees=True),
]


@dataclass
class Code:
    id: UUID
    text: str
    kind: str
    value: int  # percent, minor units or tickets
    min_quantity: int
    categories: set[UUID]  # empty: all
    max_uses: int | None
    per_user: int | None

    def discount(self, places: list[tuple[int, UUID]]) -> list[int]:
        """What it takes off each place; nothing when they are too few."""
        eligible = [i for i, (_, category) in enumerate(places) if not self.categories or category in self.categories]
        if len(eligible) < self.min_quantity:
            return [0] * len(places)
        prices = [places[i][0] for i in eligible]
        if self.kind == "percentage":
            whole = half_up(Fraction(sum(prices) * self.value, 100))
        elif self.kind == "fixed_amount":
            whole = min(self.value, sum(prices))
        else:
            ordered = sorted(prices, reverse=True)
            group = self.min_quantity + self.value
            whole = sum(sum(ordered[i * group + self.min_quantity : (i + 1) * group])
                        for i in range(len(ordered) // group))
        off = [0] * len(places)
        for i, share in zip(eligible, spread(whole, prices), strict=True):
            off[i] = share
        return off

    def fits(self, places: list[tuple[int, UUID]]) -> bool:
        eligible = sum(1 for _, category in places if not self.categories or category in self.categories)
        return eligible > 0 and eligible >= self.min_quantity


@dataclass
class Amounts:
    subtotal: int
    discount: int
    fees: int
    taxes: int
    included: int
    total: int
    prices: list[int]
    ticket_fees: list[int]


def compute(places: list[tuple[int, UUID]], code: Code | None, rates: Rates, order_fee_stays: bool = False) -> Amounts:
    off = code.discount(places) if code else [0] * len(places)
    net = [unit - share for (unit, _), share in zip(places, off, strict=True)]
    ticket_fees = [rates.ticket_fee if one > 0 else 0 for one in net]
    order_fee = half_up(rates.order_percent * sum(net) / 100)
    if sum(net) > 0 or order_fee_stays:
        order_fee += rates.order_fee
    shares = [a + b for a, b in zip(ticket_fees, spread(order_fee, net), strict=True)]
    fees = sum(ticket_fees) + order_fee
    base = [n + f for n, f in zip(net, shares, strict=True)] if rates.on_fees else net
    whole = sum(net) + (fees if rates.on_fees else 0)
    taxes = half_up(whole * rates.tax / (1 + rates.tax) if rates.inclusive else whole * rates.tax)
    included = taxes if rates.inclusive else 0
    added = spread(taxes - included, base)
    subtotal = sum(unit for unit, _ in places)
    total = subtotal - sum(off) + fees + taxes - included
    prices = [n + f + t for n, f, t in zip(net, shares, added, strict=True)]
    return Amounts(subtotal, sum(off), fees, taxes, included, total, prices, ticket_fees)


@dataclass
class Event:
    id: UUID
    rates: Rates
    reentry: bool
    anonymous_cap: int | None
    currency: str
    cancelled: bool = False


@dataclass
class Category:
    id: UUID
    event: Event
    price: int
    total: int
    max_per_order: int
    transferable: bool
    refundable: bool
    withheld: int = 0
    active: bool = True


@dataclass
class Ticket:
    id: UUID
    order: Order
    category: Category
    place: int  # of the order's places
    number: str
    codes: list[str]
    price: int
    name: str
    email: str
    status: str = "valid"
    moves: list[str] = field(default_factory=list)  # admitted scans not undone: in, out

    @property
    def words(self) -> set[str]:
        return words(self.name) | words(self.email) | words(self.number)


@dataclass
class Order:
    id: UUID
    event: Event
    lines: list[tuple[Category, int]]
    places: list[tuple[int, UUID]]  # unit price and category
    code: Code | None
    name: str
    email: str
    amounts: Amounts
    rates: Rates
    expires: datetime | None
    status: str = "active"
    attempt: str = "pending"
    intent: str | None = None  # of the attempt that is open
    stripe: dict[str, str] = field(default_factory=dict)  # intents there: open, failed, succeeded
    disputed: set[str] = field(default_factory=set)
    lost_lines: bool = False  # with a category that was deleted
    paid: bool = False
    reason: str | None = None
    paid_in: int = 0
    refunded: int = 0
    charged: int = 0
    due: int = 0
    references: dict[str, str] = field(default_factory=dict)  # of payments, and whose they are
    tickets: list[Ticket] = field(default_factory=list)
    returned: set[int] = field(default_factory=set)  # places that a refund names

    @property
    def total(self) -> int:
        return self.amounts.total

    @property
    def currency(self) -> str:
        return self.event.currency

    @property
    def out(self) -> int:
        return self.refunded + self.charged

    @property
    def sold(self) -> bool:
        return self.paid or self.paid_in > 0

    @property
    def waits(self) -> bool:
        return self.status == "active" and not self.paid

    @property
    def payment_status(self) -> str:
        if not self.paid_in:
            return "paid" if self.paid else self.attempt
        return "paid" if not self.out else "partially_refunded" if self.out < self.paid_in else "refunded"

    @property
    def order_status(self) -> str:
        return "refunded" if self.status == "cancelled" and self.out and not self.due else self.status

    def taken(self, category: Category) -> int:
        if self.waits:
            return sum(quantity for one, quantity in self.lines if one is category)
        return sum(1 for one in self.tickets if one.category is category and one.status in ("valid", "used"))

    def cancel(self, reason: str) -> None:
        self.status, self.reason = "cancelled", reason
        for ticket in self.tickets:
            if ticket.status == "valid":
                ticket.status = "cancelled"

    def cancel_when_empty(self) -> None:
        if not any(one.status in ("valid", "used") for one in self.tickets):
            self.cancel("empty")

    def return_everything(self) -> int:
        back = self.paid_in - self.out - self.due
        self.due += back
        if self.paid_in:  # else no refund names the places
            self.returned |= set(range(len(self.places)))
        return back

    def return_places(self, places: set[int]) -> int:
        back = self.worth(places)
        self.returned |= places
        self.due += back
        return back

    def worth(self, places: set[int]) -> int:
        gone = self.returned | places
        remaining = [place for i, place in enumerate(self.places) if i not in gone]
        stays = compute(remaining, self.code, self.rates, self.amounts.fees > 0).total
        if not self.rates.ticket_fee_back:
            stays += sum(self.amounts.ticket_fees[i] for i in gone)
        return max(0, self.paid_in - self.out - self.due - stays)


@dataclass
class Entry:
    id: UUID
    category: Category
    quantity: int
    name: str
    email: str
    status: str = "waiting"
    order: Order | None = None


@dataclass
class Model:
    events: list[Event] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def tickets(self) -> list[Ticket]:
        return [ticket for order in self.orders for ticket in order.tickets]

    def available(self, category: Category) -> int:
        return category.total - category.withheld - sum(order.taken(category) for order in self.orders)

    def waited_for(self, category: Category) -> int:
        return sum(one.quantity for one in self.entries if one.category is category and one.status == "waiting")

    def left(self, category: Category) -> int:
        """For all who have no offer."""
        return self.available(category) - self.waited_for(category)

    def uses(self, code: Code) -> int:
        return sum(1 for one in self.orders if one.code is code and (one.status == "active" or one.paid))

    def uses_of(self, code: Code, email: str) -> int:
        return sum(1 for one in self.orders if one.code is code and one.email.lower() == email.lower()
                   and (one.status == "active" or one.paid))

    def due_orders(self, now: datetime, event: Event | None = None) -> list[Order]:
        return [one for one in self.orders if one.waits and one.expires is not None and one.expires <= now
                and event in (None, one.event)]

    def expire(self, orders: list[Order]) -> None:
        for order in orders:
            self.cancel(order, "expired")

    def cancel(self, order: Order, reason: str) -> None:
        order.cancel(reason)
        for entry in self.entries:
            if entry.order is order and entry.status == "offered":
                entry.status = "expired" if reason == "expired" else "withdrawn"

    def to_be_had(self, order: Order) -> bool:
        """May an order that expired come back?"""
        return not order.event.cancelled and all(
            category.active and quantity <= self.left(category) for category, quantity in order.lines)

    def settle(self, order: Order) -> bool:
        """A payment over the whole order; says whether it bought the places."""
        late = (order.order_status == "cancelled" and order.reason == "expired" and not order.paid
                and not order.lost_lines)
        order.paid_in += order.total
        if order.waits or late and self.to_be_had(order):
            order.status, order.reason, order.paid = "active", None, True
            for entry in self.entries:
                if entry.order is order:
                    entry.status = "accepted"
            return True
        order.due += order.total
        return False

    def give_back(self, order: Order, amount: int) -> None:
        """By the provider, because it was promised or of its own accord. Refunds of all that was paid end the order;
        what a bank took counts to none of it."""
        unasked = amount > order.due
        order.due -= min(amount, order.due)
        order.refunded += amount
        if not unasked or order.refunded < order.paid_in:
            return
        valid = [one for one in order.tickets if one.status == "valid"]
        order.returned |= {one.place for one in valid}
        if any(one.status == "used" for one in order.tickets):
            for ticket in valid:
                ticket.status = "cancelled"
        elif order.status == "active":
            self.cancel(order, "refunded")

    def charge_back(self, order: Order, amount: int) -> None:
        order.charged += amount
        order.due = min(order.due, order.paid_in - order.out)

    def delete(self, category: Category) -> None:
        """With its entries on the waiting list and the lines of orders that nobody paid."""
        self.categories.remove(category)
        self.entries = [one for one in self.entries if one.category is not category]
        for order in self.orders:
            order.lost_lines |= any(one is category for one, _ in order.lines)

    def holds_ticket(self, email: str, event: Event) -> bool:
        """As its holder, or as its buyer while it was not passed on."""
        def own(ticket: Ticket) -> bool:
            passed_on = any(one.place == ticket.place and one.status == "transferred" for one in ticket.order.tickets)
            return email.lower() == (ticket.email if passed_on else ticket.order.email).lower()

        return any(own(one) for one in self.tickets if one.order.event is event and one.status in ("valid", "used"))

    def refusal(self, now: datetime, who: str, email: str, lines: list[tuple[Category, int]], code: Code | None,
                anonymous: bool, wrong_total: bool, wrong_payment: bool) -> str | None:
        """Why an order is refused, the first reason in the order of the rules. Due orders have expired before."""
        event = lines[0][0].event
        known = who == "service" or not anonymous and self.holds_ticket(who, event)
        if event.cancelled:
            return "event_not_on_sale" if known else "not_found"
        if not all(category.active for category, _ in lines):
            return "category_inactive" if known else "not_found"
        if any(quantity > category.max_per_order for category, quantity in lines):
            return "invalid_quantity"
        unpaid = [one for one in self.orders if one.waits]
        for category, quantity in lines:
            held = sum(one.taken(category) for one in unpaid if one.email.lower() == email.lower())
            if email and held + quantity > category.max_per_order:
                return "hold_limit"
        if anonymous and event.anonymous_cap is not None:
            held = sum(quantity for one in unpaid if one.event is event for _, quantity in one.lines)
            if held + sum(quantity for _, quantity in lines) > event.anonymous_cap:
                return "hold_limit"
        places = places_of(lines)
        if code is not None:
            exhausted = code.max_uses is not None and self.uses(code) >= code.max_uses
            often = code.per_user is not None and bool(email) and self.uses_of(code, email) >= code.per_user
            if exhausted or often or not code.fits(places):
                return "discount_not_applicable"
        if wrong_total:
            return "price_changed"
        if any(quantity > self.left(category) for category, quantity in lines):
            return "sold_out"
        return "payment_mismatch" if wrong_payment else None


def places_of(lines: list[tuple[Category, int]]) -> list[tuple[int, UUID]]:
    return [(category.price, category.id) for category, quantity in lines for _ in range(quantity)]
