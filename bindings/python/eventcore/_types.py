"""What may be given where: native values, or text that reads as one."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias, TypedDict
from uuid import UUID

IdLike: TypeAlias = UUID | str
MoneyLike: TypeAlias = Decimal | int | str
TimeLike: TypeAlias = datetime | str
DateLike: TypeAlias = date | str


class Point(TypedDict):
    """Longitude x and latitude y."""

    x: Decimal
    y: Decimal


class PointLike(TypedDict):
    """A point as it may be given."""

    x: Decimal | float | str
    y: Decimal | float | str
