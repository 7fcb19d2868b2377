"""Rows as an Arrow C stream, without Arrow: the schema's types become Arrow's, page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from . import _codec, _native
from ._generated.schema import LONG, SCALES, TABLES

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_MONEY_SCALE = 4


class Column(NamedTuple):
    """How a column becomes an Arrow array: its format, and what turns a JSON value into what the format takes."""

    format: str
    convert: Callable[[Any], Any] | None


def _scaled(scale: int) -> Callable[[Any], int]:
    """Text such as 12.5 as 125000 at scale 4. The engine never writes more places than the scale has."""

    def convert(value: str) -> int:
        whole, _, places = value.partition(".")
        return int(whole + places.ljust(scale, "0"))

    return convert


def _days(value: str) -> int:
    return date.fromisoformat(value).toordinal() - _EPOCH_DAY


def _microseconds(value: str) -> int:
    return (datetime.fromisoformat(value) - _codec.EPOCH) // _MICROSECOND


def _text(value: Any) -> str:
    """JSON columns and lists, as text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def column(table: str, name: str) -> Column:
    kind = TABLES[table][name]
    if kind == "integer":
        return Column("l", None)
    if kind == "boolean":
        return Column("b", None)
    if kind == "timestamptz":
        return Column("tsu:UTC", _microseconds)
    if kind == "date":
        return Column("tdD", _days)
    if kind in ("money", "decimal"):
        scale = _MONEY_SCALE if kind == "money" else SCALES[table][name]
        return Column(f"d:19,{scale}", _scaled(scale))
    if kind in ("json", "text[]", "uuid[]", "point"):
        return Column("u", _text)
    return Column("u", None)


def names_of(table: str, query: dict[str, Any]) -> list[str]:
    """The columns the query asks for: those named, else all but the long ones. What `expand` adds is left out."""
    columns = {name: kind for name, kind in TABLES.get(table, {}).items() if not kind.startswith("row:")}
    columns = {name: kind for name, kind in columns.items() if kind != "sealed"}
    asked = query.get("columns")
    if asked is None:
        return [name for name in columns if name not in LONG.get(table, ())]
    if "*" in asked:
        return list(columns)
    return [name for name in columns if name in asked]


def _values(name: str, convert: Callable[[Any], Any] | None, rows: list[dict[str, Any]]) -> list[Any]:
    found = [row.get(name) for row in rows]
    return found if convert is None else [None if one is None else convert(one) for one in found]


class Source:
    """Rows for one reader, and what kept it from reading on: the stream itself can only say that something did."""

    def __init__(self, table: str, query: dict[str, Any], pages: Iterator[list[dict[str, Any]]]) -> None:
        self.table = table
        self.query = query
        self.pages = pages
        self.failure: BaseException | None = None

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The capsule. An unknown table or column is told by the first page, as everywhere."""
        first = next(self.pages, None)
        pages = chain(() if first is None else (first,), self.pages)
        names = names_of(self.table, self.query)
        columns = [column(self.table, name) for name in names]

        def next_batch() -> tuple[int, list[list[Any]]] | None:
            try:
                page = next(pages, None)
                if page is None:
                    return None
                return len(page), [_values(name, one.convert, page) for name, one in zip(names, columns, strict=True)]
            except BaseException as error:
                self.failure = error
                raise

        fields = [(name, one.format, True) for name, one in zip(names, columns, strict=True)]
        return _native.arrow_stream(fields, next_batch)
