"""Threads: many sessions at once, one session wrongly shared, Ctrl-C, the interpreter free while the engine works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from festival import KEY, Festival

import eventcore as ec


def test_many_sessions_sell_exactly_what_there_is(festival: Festival) -> None:
    session = festival.service()
    category = session.insert(
        "ticket_categories",
        {"event_id": festival.event_id, "name": "Rare", "base_price": "1.00", "total_quantity": 40},
    )

    def sell(number: int) -> int:
        sold = 0
        with festival.service() as own:
            for _ in range(10):
                try:
                    own.place_order(
                        event_id=festival.event_id,
                        items=[{"ticket_category_id": category["id"], "quantity": 1}],
                        payment={"method": "cash", "amount": "1.00"},
                    )
                    sold += 1
                except ec.RuleViolation as error:
                    assert error.code == "sold_out"
        return sold

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(sell, range(8))) == 40
    assert session.count("tickets", where={"ticket_category_id": category["id"]}) == 40
    assert session.get("ticket_categories", category["id"])["available_quantity"] == 0


def test_a_shared_session_tells_the_second_thread(festival: Festival) -> None:
    shared = festival.service()
    inside = threading.Event()

    def wait_for_changes() -> int:
        inside.set()
        seq = festival.engine.stats()["commits"] * 100
        return len(list(shared.changes(since=seq, timeout=1.5)))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_for_changes)
        inside.wait()
        codes = set()
        until = time.monotonic() + 1.2
        while time.monotonic() < until and "concurrent_use" not in codes:
            try:
                shared.count("events")
                codes.add("ok")
            except ec.MisuseError as error:
                codes.add(error.code)
        try:
            waiting.result()
        except ec.MisuseError as error:  # the reader lost one of its turns instead
            codes.add(error.code)
    assert "concurrent_use" in codes and codes <= {"ok", "concurrent_use"}
    assert shared.count("events") == 1, "the session works on"


def test_threads_in_one_session_never_crash(festival: Festival) -> None:
    shared = festival.service()
    told: list[str] = []

    def use() -> None:
        for _ in range(200):
            try:
                shared.list("tickets").all()
                told.append("ok")
            except ec.MisuseError as error:
                told.append(error.code)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1200 and set(told) <= {"ok", "concurrent_use"}


def test_a_future_may_be_waited_for_by_many(festival: Festival) -> None:
    session = festival.service()
    future = session.submit("expire_orders", {"organization_id": festival.organization_id})
    with ThreadPoolExecutor(4) as pool:
        assert [one.result() for one in [pool.submit(future.result) for _ in range(4)]] == [future.result()] * 4


def test_others_run_while_the_engine_waits(festival: Festival) -> None:
    session = festival.service()
    seq = max(change["seq"] for change in session.changes())
    ticks = 0
    done = threading.Event()

    def wait() -> None:
        list(session.changes(since=seq, timeout=0.5))
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    assert ticks > 10, "the interpreter was held while waiting"


PROGRAM = """
import sys, time
import eventcore as ec
engine = ec.open({path!r}, key=ec.Key.raw({key!r}))
session = engine.session(ec.Principal.service("wait", {organization!r}))
seq = max(change["seq"] for change in session.changes())
print("ready", flush=True)
try:
    {waiting}
except KeyboardInterrupt:
    print("interrupted", session.count("events"), flush=True)
"""
WAITING = {
    "changes": "list(session.changes(since=seq, timeout=None))",
    "result": """
    with engine.session(ec.Principal.service("hold", {organization!r})).transaction() as holder:
        holder.insert("venues", {{"organization_id": {organization!r}, "name": "x", "address": "x", "max_capacity": 1}})
        session.expire_orders()
""",
}


@pytest.mark.parametrize("case", WAITING)
def test_ctrl_c_ends_the_waiting(case: str, festival: Festival) -> None:
    organization = str(festival.organization_id)
    festival.engine.close()
    waiting = WAITING[case].format(organization=organization).strip()
    program = PROGRAM.format(path=str(festival.store_path), key=KEY, organization=organization, waiting=waiting)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.4)
        began = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "interrupted 1\n"
        assert time.monotonic() - began < 2
        assert process.wait(30) == 0


VENUE = {"name": "Hall", "address": "Street 1", "max_capacity": 10}
WRITES: dict[str, Callable[[Festival], object]] = {
    "sweep": lambda f: f.session.run_maintenance(),
    "insert": lambda f: f.session.insert("venues", {**VENUE, "organization_id": f.organization_id}),
    "insert_many": lambda f: f.session.insert_many("venues", [{**VENUE, "organization_id": f.organization_id}]),
    "update": lambda f: f.session.update("events", f.event_id, {"description": "waits"}),
    "delete": lambda f: f.session.delete("events", f.event_id),
    "call_many": lambda f: f.session.call_many([("expire_orders", {"organization_id": f.organization_id})]),
}


@pytest.mark.parametrize("write", WRITES)
def test_ctrl_c_ends_the_waiting_for_a_write(write: str, festival: Festival) -> None:
    """Here all of them wait behind another session's transaction, which holds the write turn."""
    holder = festival.service()
    with holder.transaction():
        holder.update("events", festival.event_id, {"description": "holds the turn"})
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            WRITES[write](festival)
        waited = time.monotonic() - begun
        timer.join()
    assert waited < 3, "the turn is held for five seconds at most; the interruption came before its end"


def test_ctrl_c_inside_a_transaction_undoes_it(festival: Festival) -> None:
    holder, waiter = festival.service(), festival.service()
    block = holder.transaction()
    block.__enter__()
    holder.update("events", festival.event_id, {"description": "holds the turn"})
    interrupt = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    end = threading.Timer(0.6, holder.close)
    interrupt.start()
    end.start()
    with pytest.raises(KeyboardInterrupt), waiter.transaction():
        waiter.insert("venues", {**VENUE, "organization_id": festival.organization_id})
    end.join()
    assert waiter.count("venues", where={"name": "Hall"}) == 0


def test_ctrl_c_while_a_store_is_opened_leaves_none_open(tmp_path: Path) -> None:
    """The other thread gets its turn where the interpreter is first let go: inside the native call, which stretches
    the passphrase for longer than a signal takes."""
    path, key, go = tmp_path / "words.ecdb", ec.Key.passphrase("correct horse battery staple"), threading.Event()
    ec.open(path, key=key, create=True).close()

    def interrupt() -> None:
        go.wait()
        os.kill(os.getpid(), signal.SIGINT)

    thread, interval, before = threading.Thread(target=interrupt), sys.getswitchinterval(), ec.handles_live()
    thread.start()
    sys.setswitchinterval(100)
    try:
        with pytest.raises(KeyboardInterrupt):
            go.set()
            ec.open(path, key=key)
    finally:
        sys.setswitchinterval(interval)
    thread.join()
    assert ec.handles_live() == before
    held = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    assert not [name for name in held if name.startswith(str(tmp_path))]
    ec.open(path, key=key).close()
