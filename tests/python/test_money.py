"""Prices, orders and refunds: the engine's amounts against models/money.py, cart by cart, to the last minor unit.

EC_RANDOM_CARTS=<count> compares more carts, EC_TEST_SEED=<number> other ones.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from festival import Festival
from models import money

CARTS = int(os.environ.get("EC_RANDOM_CARTS", "20000"))
SEED = int(os.environ.get("EC_TEST_SEED", "20261122"))
PROGRAM = Path(os.environ["EC_BUILD_DIR"]) / "bin" / "random_carts"

QUOTES = 200
PAGE = Path(os.environ["EC_SOURCE_DIR"]) / "docs" / "money.md"


def read(text: str) -> Any:
    return json.loads(text, parse_int=money.Number, parse_float=money.Number)


def made_by_the_engine(seed: int, count: int) -> Iterator[tuple[int, str]]:
    with subprocess.Popen([PROGRAM, str(seed), str(count)], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        yield from enumerate(program.stdout)
    assert program.returncode == 0


def priced(quote: dict[str, Any], with_numbers: dict[str, Any], unit: int) -> None:
    rules = [
        money.PriceRule(
            order=rule["order"],
            percentage=rule["percentage"],
            adjustment=rule["adjustment"],
            priority=rule["priority"],
            min_price=rule["min_price"],
            max_price=rule["max_price"],
            conditions=as_written["conditions"],
        )
        for rule, as_written in zip(quote["rules"], with_numbers["rules"], strict=True)
    ]
    price, steps = money.quote_price(quote["base"], unit, rules, with_numbers["factors"])
    told = [(order, Fraction(a) * money.SCALE, Fraction(b) * money.SCALE) for order, a, b in quote["steps"]]
    assert steps == told
    assert price == quote["price"]


def terms_of(told: list[Any] | None) -> money.Terms | None:
    if told is None:
        return None
    kind, value, min_quantity, categories = told
    return money.Terms(kind, value, min_quantity, frozenset(categories))


def ordered(cart: dict[str, Any], lines: list[money.Line], rates: money.Rates) -> money.Order:
    order = money.compute_order(lines, terms_of(cart["terms"]), rates, cart["unit"])
    told = cart["order"]
    assert [
        [t.discount, t.net, t.fees, t.taxes, t.taxes_included, t.price_paid] for t in order.tickets
    ] == told["tickets"]
    assert order.fee_amounts == told["fees"]
    assert order.tax_amounts == told["taxes"]
    sums = [order.subtotal, order.discount, order.fees, order.taxes, order.taxes_included, order.total]
    assert sums == told["sums"]
    start = 0
    for line, amounts in zip(lines, told["lines"], strict=True):
        of = order.tickets[start : start + line.quantity]
        start += line.quantity
        assert amounts == [
            line.quantity * line.unit_price,
            sum(t.discount for t in of),
            sum(t.fees for t in of),
            sum(t.taxes for t in of),
            sum(t.taxes_included for t in of),
            sum(t.price_paid for t in of),
        ]
    return order


def returned(cart: dict[str, Any], lines: list[money.Line], rates: money.Rates, order: money.Order) -> None:
    unit, terms = cart["unit"], terms_of(cart["terms"])
    kept = [True] * len(order.tickets)
    given_back = 0
    for step in cart["returns"]:
        for ticket in step["tickets"]:
            kept[ticket] = False
        after = money.total_after_return(lines, kept, terms, rates, unit)
        assert after == step["after"]
        amount = money.refund(order.total, given_back, 0, after)
        assert amount == step["refund"]
        prices = [order.tickets[ticket].price_paid for ticket in step["tickets"]]
        assert money.refund_shares(amount, prices, unit) == step["shares"]
        given_back += amount


def compare(text: str) -> dict[str, Any]:
    cart = json.loads(text)
    assert cart["unit"] == money.UNITS[cart["currency"]]
    with_numbers = read(text)
    for quote, as_written in zip(cart["quotes"], with_numbers["quotes"], strict=True):
        priced(quote, as_written, cart["unit"])
    prices = [quote["price"] for quote in cart["quotes"]]
    lines = [money.Line(category, quantity, prices[category]) for category, quantity in cart["items"]]
    rates = money.Rates.of(cart["settings"])
    order = ordered(cart, lines, rates)
    returned(cart, lines, rates, order)
    return dict(cart)


def test_the_engine_and_the_model_agree_on_random_carts() -> None:
    seen: set[str] = set()
    count = 0
    for number, text in made_by_the_engine(SEED, CARTS):
        try:
            cart = compare(text)
        except AssertionError as error:
            pytest.fail(f"cart {number}: random_carts {SEED} 1 {number}\n{text}{error}")
        count += 1
        seen.add(cart["currency"])
        if cart["terms"] is not None:
            seen.add(cart["terms"][0])
    assert count == CARTS
    assert seen == {*money.UNITS, "percentage", "fixed_amount", "buy_x_get_y"}


# --- what is quoted is charged

AMOUNTS = ("subtotal", "discount_amount", "fees", "taxes", "taxes_included", "total")
DIGITS = {"JPY": 0, "EUR": 2, "USD": 2, "KWD": 3}


def some_settings(draw: random.Random, currency: str) -> dict[str, Any]:
    on_fees = draw.random() < 0.5
    taxes = [
        {"name": f"T{i}", "rate": f"0.{draw.randrange(3000):04}", "inclusive": draw.random() < 0.5, "on_fees": on_fees}
        for i in range(draw.randrange(3))
    ]
    fees = [
        {
            "name": f"F{i}",
            "fixed": str(Decimal(draw.randrange(3000)).scaleb(-DIGITS[currency])),
            "percent": f"{draw.randrange(1200) / 100:.2f}",
            "per": draw.choice(["ticket", "order"]),
        }
        for i in range(draw.randrange(3))
    ]
    return {"taxes": taxes, "fees": fees}


def some_rules(draw: random.Random, currency: str) -> list[dict[str, Any]]:
    return [
        {
            "rule_name": f"rule {place}",
            "conditions": draw.choice([{}, {"member": True}, {"weekday": {"min": 1, "max": 7}}]),
            "price_adjustment_type": kind,
            "adjustment_value": f"{draw.randrange(-400_000, 400_000) / 10_000:.4f}"
            if kind == "percentage"
            else str(Decimal(draw.randrange(-900, 900)).scaleb(-DIGITS[currency])),
            "priority": draw.randrange(4),
        }
        for place, kind in enumerate(draw.choices(["percentage", "fixed_amount"], k=draw.randrange(4)))
    ]


def some_event(festival: Festival, draw: random.Random, number: int) -> tuple[Any, str, list[Any]]:
    """An event of its own with rates, and categories with price rules, in one currency."""
    session, currency = festival.session, draw.choice(sorted(money.UNITS))
    start = festival.engine.clock.now()
    event = session.insert(
        "events",
        {
            "organization_id": festival.organization_id,
            "name": f"Night {number}",
            "status": "confirmed",
            "start_datetime": start,
            "end_datetime": start.replace(year=start.year + 1),
            "settings": some_settings(draw, currency),
        },
    )
    categories = []
    for place in range(1 + draw.randrange(3)):
        price = Decimal(draw.randrange(20_000)).scaleb(-DIGITS[currency])
        values = {"event_id": event["id"], "name": f"Area {place}", "base_price": price, "currency": currency}
        category = session.insert("ticket_categories", values | {"total_quantity": 10_000, "max_per_order": 9})
        for rule in some_rules(draw, currency):
            session.insert("dynamic_pricing_rules", rule | {"ticket_category_id": category["id"]})
        categories.append(category["id"])
    return event["id"], currency, categories


def amounts_of(row: Any) -> list[Decimal]:
    return [row["total_amount"] if name == "total" and name not in row else row[name] for name in AMOUNTS]


def test_what_is_quoted_is_charged(festival: Festival) -> None:
    """Carts of random events, with price rules, fees and taxes: quoted, ordered at that total, and paid."""
    draw = random.Random(SEED)
    charged = 0
    for number in range(QUOTES // 5):
        event_id, currency, categories = some_event(festival, draw, number)
        for cart in range(5):
            wanted: dict[str, Any] = {
                "event_id": event_id,
                "items": [
                    {"ticket_category_id": category, "quantity": 1 + draw.randrange(9)}
                    for category in draw.sample(categories, 1 + draw.randrange(len(categories)))
                ],
                "customer": {"email": f"buyer{number}-{cart}@example.org", "name": "Bo"},
                "factors": draw.choice([{}, {"member": True}, {"member": False}]),
            }
            quote = festival.session.quote_order(**wanted)
            sale = festival.session.place_order(**wanted, expected_total=quote["order"]["total_amount"])
            assert amounts_of(sale["order"]) == amounts_of(quote["order"])
            assert sale["order"]["currency"] == currency
            assert [amounts_of(item) for item in sale["items"]] == [amounts_of(item) for item in quote["items"]]
            assert [item["unit_price"] for item in sale["items"]] == [item["unit_price"] for item in quote["items"]]
            total = sale["order"]["total_amount"]
            if total > 0:
                paid = festival.session.confirm_payment(
                    order_id=sale["order"]["id"], amount=total, currency=currency, reference=f"{number}-{cart}"
                )
                assert amounts_of(paid["order"]) == amounts_of(quote["order"])
                tickets = paid["tickets"]
            else:
                tickets = sale["tickets"]
            assert sum(ticket["price_paid"] for ticket in tickets) == total
            charged += 1
    assert charged == QUOTES


# --- the page


def vectors() -> list[dict[str, Any]]:
    """The JSON lines of the page's block of vectors."""
    page = PAGE.read_text(encoding="utf-8")
    block = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert block is not None
    return [json.loads(line) for line in block[1].splitlines()]


def scaled(amount: str) -> int:
    return int(Decimal(amount) * money.SCALE)


def printed(amount: int, currency: str) -> str:
    return str((Decimal(amount) / money.SCALE).quantize(Decimal(1).scaleb(-DIGITS[currency])))


def compute_vector(vector: dict[str, Any]) -> dict[str, Any]:
    currency = vector["currency"]
    unit = money.UNITS[currency]
    lines = [money.Line(place, quantity, scaled(price)) for place, (quantity, price) in enumerate(vector["lines"])]
    terms = None
    if "code" in vector:
        code = vector["code"]
        terms = money.Terms(code["type"], scaled(code["value"]), code["min_quantity"], frozenset())
    rates = money.Rates.of(vector)
    order = money.compute_order(lines, terms, rates, unit)
    kept = [place not in vector["returned"] for place in range(len(order.tickets))]
    after = money.total_after_return(lines, kept, terms, rates, unit)
    sums = (order.subtotal, order.discount, order.fees, order.taxes, order.taxes_included, order.total)
    result = {name: printed(amount, currency) for name, amount in zip(AMOUNTS, sums, strict=True)}
    return result | {
        "price_paid": [printed(ticket.price_paid, currency) for ticket in order.tickets],
        "refund": printed(money.refund(order.total, 0, 0, after), currency),
    }


def test_the_vectors_of_the_page_are_what_the_model_computes() -> None:
    found = vectors()
    assert {vector["currency"] for vector in found} == set(money.UNITS)
    for vector in found:
        assert compute_vector(vector) == vector["result"], vector["name"]


def price_of(base: str, *rules: tuple[int | None, bool, str, str | None]) -> str:
    made = [
        money.PriceRule(order, percentage, scaled(value), priority, None, scaled(highest) if highest else None)
        for order, (priority, percentage, value, highest) in enumerate(rules)
    ]
    return printed(money.quote_price(scaled(base), 100, made, {})[0], "EUR")


def test_the_price_examples_of_the_rules() -> None:
    assert price_of("100.00", (None, True, "10", None)) == "110.00"
    assert price_of("100.00", (5, False, "20", None), (1, True, "10", None)) == "132.00"
    assert price_of("100.00", (5, True, "10", None), (1, False, "20", None)) == "130.00"
    assert price_of("100.00", (None, True, "50", "120.00")) == "120.00"
    assert price_of("100.00", (None, False, "-130", None)) == "0.00"
    assert price_of("100.00", (2, True, "50", "110.00"), (1, False, "30", None)) == "140.00"
    assert price_of("19.99", (2, True, "7.25", None), (1, True, "-3.1", None)) == "20.77"
