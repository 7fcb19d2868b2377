"""Prices, orders and refunds: the engine's amounts against models/money.py, cart by cart, to the last minor unit.

EC_RANDOM_CARTS=<count> compares more carts, EC_TEST_SEED=<number> other ones.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from models import money

CARTS = int(os.environ.get("EC_RANDOM_CARTS", "20000"))
SEED = int(os.environ.get("EC_TEST_SEED", "20261122"))
PROGRAM = Path(os.environ["EC_BUILD_DIR"]) / "bin" / "random_carts"

VAT = {"name": "VAT", "rate": "0.19", "inclusive": True}
BOOKING = {"name": "Booking", "fixed": "1.00", "per": "ticket"}
SERVICE = {"name": "Service", "percent": "2.5", "per": "order"}


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
