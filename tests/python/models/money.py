"""What tickets and orders cost, once more: with fractions, and without a look at the engine.

Amounts are whole numbers of 1/10,000 of a currency's unit, as the engine keeps them; `unit` is the currency's smallest
amount in them (JPY 10,000, EUR and USD 100, KWD 10). Everything in between is an exact fraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

SCALE = 10_000
UNITS = {"JPY": 10_000, "USD": 100, "EUR": 100, "KWD": 10}


class Number(str):
    """A JSON number as it was written: 1, 1.0 and 10e-1 are equal in value, and none of them is a string."""

    __slots__ = ()


def round_half_up(value: Fraction, unit: int) -> int:
    """To whole minor units; a half goes up."""
    return (2 * value.numerator + value.denominator * unit) // (2 * value.denominator * unit) * unit


def spread(amount: int, weights: Sequence[int | Fraction], unit: int) -> list[int]:
    """Largest remainder: whole minor units by proportion, what is left one each to the largest rests, earlier first."""
    if sum(weights) == 0:
        weights = [1] * len(weights)  # a refund that an earlier step held back, on tickets that were free
    total = sum(weights)
    units = amount // unit
    shares = [int(units * weight // total) for weight in weights]
    rests = [units * weight - share * total for weight, share in zip(weights, shares, strict=True)]
    for place in sorted(range(len(weights)), key=lambda i: (-rests[i], i))[: units - sum(shares)]:
        shares[place] += 1
    return [share * unit for share in shares]


# --- price


@dataclass(frozen=True)
class PriceRule:
    order: int  # of creation
    percentage: bool
    adjustment: int  # 1/10,000 of a percent or of the currency
    priority: int | None = None
    min_price: int | None = None
    max_price: int | None = None
    conditions: dict[str, Any] = field(default_factory=dict)


def number(value: Any) -> Fraction | None:
    return Fraction(value) if isinstance(value, Number) else None


def same(left: Any, right: Any) -> bool:
    if isinstance(left, Number) or isinstance(right, Number):
        return isinstance(left, Number) and isinstance(right, Number) and Fraction(left) == Fraction(right)
    return type(left) is type(right) and bool(left == right)


def condition_holds(wanted: Any, given: Any) -> bool:
    if not isinstance(wanted, dict):
        return same(wanted, given)
    value = number(given)
    for operator, operand in wanted.items():
        bound = number(operand)
        match operator:
            case "equals":
                holds = same(operand, given)
            case "in":
                holds = any(same(each, given) for each in operand)
            case "min":
                holds = value is not None and bound is not None and value >= bound
            case "max":
                holds = value is not None and bound is not None and value <= bound
            case _:
                raise ValueError(operator)
        if not holds:
            return False
    return True


def quote_price(
    base: int, unit: int, rules: Sequence[PriceRule], factors: dict[str, Any]
) -> tuple[int, list[tuple[int, Fraction, Fraction]]]:
    """The price, and of each applied rule its place in creation and the exact price before and after."""
    price = Fraction(base)
    steps = []
    ranked = sorted(rules, key=lambda rule: (rule.priority is None, -(rule.priority or 0), rule.order))
    for rule in ranked:
        if not all(name in factors and condition_holds(c, factors[name]) for name, c in rule.conditions.items()):
            continue
        before = price
        change = price * Fraction(rule.adjustment, 100 * SCALE) if rule.percentage else Fraction(rule.adjustment)
        price += change
        if rule.min_price is not None:
            price = max(price, Fraction(rule.min_price))
        if rule.max_price is not None:
            price = min(price, Fraction(rule.max_price))
        price = max(price, Fraction(0))
        steps.append((rule.order, before, price))
    return round_half_up(price, unit), steps


# --- order


@dataclass(frozen=True)
class Line:
    category: int
    quantity: int
    unit_price: int


@dataclass(frozen=True)
class Terms:
    kind: str  # percentage, fixed_amount, buy_x_get_y
    value: int  # 1/10,000 of a percent, of the currency, or of the Y
    min_quantity: int
    categories: frozenset[int]  # empty: all

    def covers(self, category: int) -> bool:
        return not self.categories or category in self.categories


@dataclass(frozen=True)
class Tax:
    rate: Fraction
    inclusive: bool
    on_fees: bool


@dataclass(frozen=True)
class Fee:
    fixed: Fraction  # 1/10,000 of the currency
    percent: Fraction
    per_ticket: bool
    refundable: bool


@dataclass(frozen=True)
class Rates:
    taxes: tuple[Tax, ...] = ()
    fees: tuple[Fee, ...] = ()

    @staticmethod
    def of(settings: dict[str, Any]) -> Rates:
        """From settings as a host writes them."""
        taxes = tuple(
            Tax(Fraction(tax["rate"]), bool(tax.get("inclusive")), bool(tax.get("on_fees")))
            for tax in settings.get("taxes", [])
        )
        fees = tuple(
            Fee(
                Fraction(fee.get("fixed", 0)) * SCALE,
                Fraction(fee.get("percent", 0)),
                fee["per"] == "ticket",
                bool(fee.get("refundable", True)),
            )
            for fee in settings.get("fees", [])
        )
        return Rates(taxes, fees)

    @property
    def on_fees(self) -> bool:
        return any(tax.on_fees for tax in self.taxes)


@dataclass
class Ticket:
    category: int
    price: int
    discount: int = 0
    net: int = 0
    fees: int = 0
    taxes: int = 0
    taxes_included: int = 0
    price_paid: int = 0


@dataclass
class Order:
    tickets: list[Ticket]  # line by line
    subtotal: int
    discount: int
    fees: int
    taxes: int
    taxes_included: int
    total: int
    fee_amounts: list[int]
    tax_amounts: list[int]


def discount_on(terms: Terms, prices: Sequence[int], unit: int) -> int:
    """What the code takes off eligible tickets of these prices."""
    subtotal = sum(prices)
    if terms.kind == "percentage":
        return round_half_up(Fraction(subtotal * terms.value, 100 * SCALE), unit)
    if terms.kind == "fixed_amount":
        return min(terms.value, subtotal)
    free = terms.value // SCALE
    group = terms.min_quantity + free
    falling = sorted(prices, reverse=True)
    return sum(sum(falling[at + terms.min_quantity : at + group]) for at in range(0, len(prices) - group + 1, group))


def fee_on(fee: Fee, net: int, unit: int) -> int:
    return round_half_up(fee.fixed + net * fee.percent / 100, unit) if net > 0 else 0


def fees_on(fee: Fee, nets: Sequence[int], unit: int) -> list[int]:
    """On each ticket alone; equal ones are computed once."""
    of = {net: fee_on(fee, net, unit) for net in set(nets)}
    return [of[net] for net in nets]


def taxes_on(taxes: Sequence[Tax], base: int, unit: int) -> tuple[int, list[int]]:
    """The inclusive taxes together, and each tax."""
    together = sum((tax.rate for tax in taxes if tax.inclusive), Fraction(0))
    included = round_half_up(base * together / (1 + together), unit)
    each = spread(included, [tax.rate if tax.inclusive else 0 for tax in taxes], unit)
    for place, tax in enumerate(taxes):
        if not tax.inclusive:
            each[place] = round_half_up((base - included) * tax.rate, unit)
    return included, each


def apply_discount(tickets: Sequence[Ticket], terms: Terms | None, unit: int) -> int:
    """Steps 2 and 3."""
    discount = 0
    shares = [0] * len(tickets)
    if terms is not None:
        eligible = [terms.covers(ticket.category) for ticket in tickets]
        prices = [ticket.price for ticket, may in zip(tickets, eligible, strict=True) if may]
        discount = discount_on(terms, prices, unit)
        weights = [ticket.price if may else 0 for ticket, may in zip(tickets, eligible, strict=True)]
        shares = spread(discount, weights, unit)
    for ticket, share in zip(tickets, shares, strict=True):
        ticket.discount = share
        ticket.net = ticket.price - share
    return discount


def compute_order(lines: Sequence[Line], terms: Terms | None, rates: Rates, unit: int) -> Order:
    tickets = [Ticket(line.category, line.unit_price) for line in lines for _ in range(line.quantity)]
    discount = apply_discount(tickets, terms, unit)
    nets = [ticket.net for ticket in tickets]
    fee_amounts = []
    for fee in rates.fees:
        if fee.per_ticket:
            shares = fees_on(fee, nets, unit)
        else:
            shares = spread(fee_on(fee, sum(nets), unit), nets, unit)
        for ticket, share in zip(tickets, shares, strict=True):
            ticket.fees += share
        fee_amounts.append(sum(shares))
    bases = [ticket.net + (ticket.fees if rates.on_fees else 0) for ticket in tickets]
    included, tax_amounts = taxes_on(rates.taxes, sum(bases), unit)
    for ticket, share in zip(tickets, spread(included, bases, unit), strict=True):
        ticket.taxes = ticket.taxes_included = share
    for tax, amount in zip(rates.taxes, tax_amounts, strict=True):
        if not tax.inclusive:
            for ticket, share in zip(tickets, spread(amount, bases, unit), strict=True):
                ticket.taxes += share
    for ticket in tickets:
        ticket.price_paid = ticket.net + ticket.fees + ticket.taxes - ticket.taxes_included
    subtotal, fees, taxes = sum(t.price for t in tickets), sum(fee_amounts), sum(tax_amounts)
    total = subtotal - discount + fees + taxes - included
    return Order(tickets, subtotal, discount, fees, taxes, included, total, fee_amounts, tax_amounts)


# --- refunds


def total_after_return(
    lines: Sequence[Line], kept: Sequence[bool], terms: Terms | None, rates: Rates, unit: int
) -> int:
    """What stays with the seller when the tickets that are not kept go back."""
    sold = compute_order(lines, terms, rates, unit)
    left = [Ticket(t.category, t.price) for t, stays in zip(sold.tickets, kept, strict=True) if stays]
    if terms is not None and sum(terms.covers(ticket.category) for ticket in left) < terms.min_quantity:
        terms = None
    apply_discount(left, terms, unit)
    net = sum(ticket.net for ticket in left)
    fees = 0
    for fee, charged in zip(rates.fees, sold.fee_amounts, strict=True):
        if not fee.refundable:
            fees += charged
        elif fee.per_ticket:
            fees += sum(fees_on(fee, [ticket.net for ticket in left], unit))
        elif net == 0 and sold.subtotal > sold.discount:
            fees += round_half_up(fee.fixed, unit)
        else:
            fees += fee_on(fee, net, unit)
    included, taxes = taxes_on(rates.taxes, net + (fees if rates.on_fees else 0), unit)
    return net + fees + sum(taxes) - included


def refund(paid_in: int, paid_out: int, still_due: int, total_after: int) -> int:
    return max(0, paid_in - paid_out - still_due - total_after)


def refund_shares(amount: int, prices_paid: Sequence[int], unit: int) -> list[int]:
    return spread(amount, prices_paid, unit)
