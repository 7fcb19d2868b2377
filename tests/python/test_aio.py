"""eventcore.aio: the same API, awaited; one worker thread for each session."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest
from festival import KEY, Festival

import eventcore as ec
from eventcore import aio

Test = Callable[[aio.AsyncEngine, aio.AsyncSession, Festival], Awaitable[None]]


def run(festival: Festival, test: Test) -> None:
    """Runs the coroutine on the festival's store."""

    async def main() -> None:
        async with aio.AsyncEngine(festival.engine) as engine:
            principal = ec.Principal.service("aio", festival.organization_id)
            async with await engine.session(principal) as session:
                await test(engine, session, festival)

    before = threading.active_count()
    asyncio.run(main(), debug=True)
    assert threading.active_count() <= before + 1


def venue(festival: Festival, name: str) -> dict[str, object]:
    return {"organization_id": festival.organization_id, "name": name, "address": "x", "max_capacity": 1}


def test_calls_and_rows_are_awaited(festival: Festival) -> None:
    async def test(engine: aio.AsyncEngine, session: aio.AsyncSession, festival: Festival) -> None:
        price = await session.quote_price(ticket_category_id=festival.category_id)
        assert price["final_price"] == Decimal("25.00")
        assert (await session.call("quote_price", {"ticket_category_id": festival.category_id}))["currency"] == "USD"
        row = await session.insert("venues", venue(festival, "A"))
        assert (await session.get("venues", row["id"]))["name"] == "A"
        assert (await session.update("venues", row["id"], {"name": "B"}))["version"] == 2
        await session.delete("venues", row["id"])
        assert await session.count("venues") == 0
        await session.insert_many("venues", [venue(festival, f"{i:04}") for i in range(620)])
        names = [row["name"] async for row in session.list("venues", order_by="name")]
        assert names == [f"{i:04}" for i in range(620)]
        assert len(await session.list("venues", limit=9).all()) == 9
        assert (await session.list("venues", order_by="name").first() or {})["name"] == "0000"
        assert (await session.list("events").one())["name"] == "Aurora Night"
        assert len(await session.list("events").to_dicts()) == 1
        assert (await session.list("venues").to_polars()).shape[0] == len(await session.list("venues").to_pandas())
        people = [("invite_user", {"organization_id": festival.organization_id, "email": f"{i}@example.org",
                                   "full_name": "P"}) for i in range(2)]
        assert len(await session.call_many(people)) == 2
        with pytest.raises(ec.NotFound):
            await session.get("venues", festival.event_id)
        assert engine.stats()["commits"] > 0 and engine.logs() is not None and not engine.closed

    run(festival, test)


def test_sessions_work_side_by_side(festival: Festival) -> None:
    async def test(engine: aio.AsyncEngine, session: aio.AsyncSession, festival: Festival) -> None:
        sessions = [await engine.session(ec.Principal.service("x", festival.organization_id)) for _ in range(6)]
        replies = await asyncio.gather(*(
            one.place_order(
                event_id=festival.event_id,
                items=[{"ticket_category_id": festival.category_id, "quantity": 1}],
                payment={"method": "cash", "amount": "25.00"},
            )
            for one in sessions
        ))
        assert len({reply["order"]["id"] for reply in replies}) == 6
        both = await asyncio.gather(*(session.count(table) for table in ("tickets", "ticket_orders")))
        assert both == [7, 7], "calls on one session are made in turn, never refused"
        for one in sessions:
            await one.close()
            assert one.closed

    run(festival, test)


def test_submitted_calls_are_awaited(festival: Festival) -> None:
    async def test(engine: aio.AsyncEngine, session: aio.AsyncSession, festival: Festival) -> None:
        future = await session.submit("expire_orders", {"organization_id": festival.organization_id})
        assert await future == {"expired": 0, "more": False}
        assert future.done() and await future.exception() is None
        bad = await session.submit("fail_payment", {"order_id": festival.event_id})
        with pytest.raises(ec.NotFound):
            await bad

    run(festival, test)


def test_a_transaction_commits_or_undoes(festival: Festival) -> None:
    async def test(engine: aio.AsyncEngine, session: aio.AsyncSession, festival: Festival) -> None:
        async with session.transaction():
            await session.insert("venues", venue(festival, "A"))
        with pytest.raises(KeyError):
            async with session.transaction():
                await session.insert("venues", venue(festival, "B"))
                raise KeyError("trouble")
        assert [row["name"] async for row in session.list("venues")] == ["A"]

    run(festival, test)


def test_changes_are_iterated(festival: Festival) -> None:
    async def test(engine: aio.AsyncEngine, session: aio.AsyncSession, festival: Festival) -> None:
        seq = [change["seq"] async for change in session.changes()][-1]
        writer = await engine.session(ec.Principal.service("w", festival.organization_id))

        async def write() -> None:
            await asyncio.sleep(0.15)
            await writer.insert("venues", venue(festival, "A"))

        task = asyncio.create_task(write())
        seen = [change["table"] async for change in session.changes(seq, timeout=1.0)]
        await task
        assert seen == ["venues"]

        async def for_ever() -> None:
            async for _ in session.changes(seq + 1, timeout=None):
                pass

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(for_ever(), 0.3)
        assert await session.count("venues") == 1, "the session is free within a slice"
        await writer.close()

    run(festival, test)


def test_a_store_is_opened(tmp_path: Path) -> None:
    async def main() -> None:
        async with await aio.open(tmp_path / "a.ecdb", key=ec.Key.raw(KEY), create=True, test_clock=True) as engine:
            async with await engine.session(ec.Principal.service("x")) as session:
                assert await session.count("organizations") == 0
        assert engine.closed
        with pytest.raises(ec.MisuseError):
            await session.count("organizations")
        with pytest.raises(ec.WrongKey):
            await aio.open(tmp_path / "a.ecdb", key=ec.Key.raw(bytes(32)))

    asyncio.run(main())
