"""The rows of a query, read page by page, as native values or as Arrow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import _arrow, _codec
from ._errors import NotFound
from ._handle import Unique

if TYPE_CHECKING:
    from ._session import Session
    from .aio import AsyncSession

R = TypeVar("R")
PAGE_MAX = 1_000
PAGE = 500


class Pages:
    """Pages of a query as JSON has them, one after the other. What `limit` says is the most rows of all of them."""

    def __init__(self, session: Session, table: str, query: dict[str, Any]) -> None:
        self.session = session
        self.table = table
        self.query = query
        self.left: int | None = query.get("limit")
        self.cursor: str | None = query.get("after")
        self.ended = False

    def next(self) -> list[dict[str, Any]] | None:
        """The next page; None behind the last."""
        if self.ended:
            return None
        size = PAGE if self.left is None else min(self.left, PAGE_MAX)
        asked = {**self.query, "limit": size}
        if self.cursor is not None:
            asked["after"] = self.cursor
        page = self.session._page(self.table, asked)
        rows: list[dict[str, Any]] = page["rows"]
        self.cursor = page["cursor"]
        if self.left is not None:
            self.left -= len(rows)
        self.ended = self.cursor is None or self.left == 0
        return rows


class Rows(Unique, Generic[R]):
    """The rows of `Session.list`: iterate it, or take what you need. Each iteration asks the engine anew.

    pyarrow, polars and pandas take it as it is (`__arrow_c_stream__`): text, enumerations, ids, JSON and lists come as
    text, money as decimal128(19, 4), decimals with their own scale, times as microseconds in UTC, dates as date32.

    >>> rows = session.list("events", limit=10)
    >>> [row["name"] for row in rows]
    ['Aurora Night']
    """

    def __init__(self, session: Session, table: str, query: dict[str, Any]) -> None:
        self._session = session
        self._table = table
        self._query = _codec.query(table, query)
        self._pages = Pages(session, table, self._query)
        self._ahead: list[dict[str, Any]] | None = None
        self._started = False

    def _read_pages(self) -> Iterator[list[dict[str, Any]]]:
        if self._started:
            self._pages = Pages(self._session, self._table, self._query)
            self._ahead = None
        self._started = True
        if self._ahead is not None:
            rows, self._ahead = self._ahead, None
            yield rows
        pages = self._pages
        while (page := pages.next()) is not None:
            yield page

    def __iter__(self) -> Iterator[R]:
        for page in self._read_pages():
            for row in page:
                decoded: Any = _codec.decode_row(self._table, row)
                yield decoded

    @property
    def cursor(self) -> str | None:
        """Where to go on (`after=`) behind the page read last; None at the end. Pages never skip or repeat a row that
        stayed.

        >>> first = session.list("users", limit=1, organization_id=organization_id)
        >>> first.one()["full_name"], first.cursor
        ('Olga', None)
        """
        if not self._started and self._ahead is None:
            self._ahead = self._pages.next()
        return self._pages.cursor

    def all(self) -> list[R]:
        """All of them in a list.

        >>> len(session.list("events").all())
        1
        """
        return list(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """All of them as plain dictionaries of native values.

        >>> session.list("events", columns=["name"]).to_dicts()
        [{'name': 'Aurora Night'}]
        """
        rows: list[Any] = list(self)
        return rows

    def first(self) -> R | None:
        """The first one, or None.

        >>> session.list("venues", where={"name": "Nowhere"}).first() is None
        True
        """
        return next(iter(self), None)

    def one(self) -> R:
        """The only one: NotFound when there is none, ValueError when there are more.

        >>> session.list("events").one()["name"]
        'Aurora Night'
        """
        rows = iter(self)
        for row in rows:
            if next(rows, None) is not None:
                raise ValueError(f"more than one row of {self._table}")
            return row
        raise NotFound("there is no such row", code="not_found", number=4001)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """An Arrow C stream in a PyCapsule, filled page by page. The first page is read here, so that what is wrong
        with the query is an EventcoreError; Arrow's interface knows no classes, so a failure between two pages is an
        error of whoever reads the stream. `to_pandas` and `to_polars` raise the EventcoreError there too."""
        return self._source().__arrow_c_stream__(requested_schema)

    def _source(self) -> _arrow.Source:
        return _arrow.Source(self._table, self._query, self._read_pages())

    def _taken_by(self, reader: Callable[[_arrow.Source], Any]) -> Any:
        source = self._source()
        try:
            return reader(source)
        except BaseException:  # polars panics where others raise
            if source.failure is not None:
                raise source.failure from None
            raise

    def to_pandas(self) -> Any:
        """A pandas DataFrame; needs pandas and pyarrow.

        >>> session.list("tickets").to_pandas()["price_paid"].sum()
        Decimal('25.0000')
        """
        pyarrow: Any = import_module("pyarrow")
        return self._taken_by(pyarrow.table).to_pandas()

    def to_polars(self) -> Any:
        """A polars DataFrame.

        >>> session.list("tickets").to_polars()["status"].to_list()
        ['valid']
        """
        polars: Any = import_module("polars")
        return self._taken_by(polars.DataFrame)

    def __repr__(self) -> str:
        return f"<eventcore.Rows of {self._table}>"


class AsyncRows(Generic[R]):
    """The rows of `AsyncSession.list`, read page by page in the session's thread.

    >>> async def names(session):
    ...     return [row["name"] async for row in session.list("events")], await session.list("venues").first()
    >>> in_session(names)
    (['Aurora Night'], None)
    """

    def __init__(self, session: AsyncSession, rows: Rows[R]) -> None:
        self._session = session
        self._rows = rows

    async def __aiter__(self) -> AsyncIterator[R]:
        pages = self._rows._read_pages()
        while (page := await self._session._run(lambda: next(pages, None))) is not None:
            for row in page:
                decoded: Any = _codec.decode_row(self._rows._table, row)
                yield decoded

    @property
    def cursor(self) -> str | None:
        """Where to go on behind the page read last."""
        return self._rows._pages.cursor

    async def all(self) -> list[R]:
        """All of them in a list."""
        return await self._session._run(self._rows.all)

    async def to_dicts(self) -> list[dict[str, Any]]:
        """All of them as plain dictionaries of native values."""
        return await self._session._run(self._rows.to_dicts)

    async def to_pandas(self) -> Any:
        """A pandas DataFrame; needs pandas and pyarrow."""
        return await self._session._run(self._rows.to_pandas)

    async def to_polars(self) -> Any:
        """A polars DataFrame."""
        return await self._session._run(self._rows.to_polars)

    async def first(self) -> R | None:
        """The first one, or None."""
        return await self._session._run(self._rows.first)

    async def one(self) -> R:
        """The only one: NotFound when there is none, ValueError when there are more."""
        return await self._session._run(self._rows.one)
