"""Handles: closing, use after close, garbage collection in any order, fork, interpreter exit, leaks."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from festival import KEY, Festival, open_store, set_up

import eventcore as ec
from eventcore import _native


def code_of(error: pytest.ExceptionInfo[ec.EventcoreError]) -> str:
    return error.value.code


def test_what_is_closed_answers_closed(festival: Festival) -> None:
    session = festival.service()
    rows = session.list("events")
    changes = session.changes()
    future = session.submit("expire_orders", {"organization_id": festival.organization_id})
    session.close()
    session.close()
    uses: list[Callable[[], object]] = [
        rows.all, lambda: next(changes), lambda: session.count("events"), lambda: session.call("verify_store"),
        lambda: session.submit("run_maintenance"), lambda: session.insert("venues", {})
    ]
    for use in uses:
        with pytest.raises(ec.MisuseError) as caught:
            use()
        assert code_of(caught) == "closed"
    assert future.result()["expired"] == 0, "submitted calls are not cancelled"

    open_one = festival.service()
    festival.engine.close()
    festival.engine.close()
    assert festival.engine.closed and "closed" in repr(festival.engine)
    engine = festival.engine
    uses = [lambda: open_one.count("events"), engine.stats, engine.logs, engine.clock.now, engine.add_recovery_code,
            lambda: engine.session(ec.Principal.service("late"))]
    for use in uses:
        with pytest.raises(ec.MisuseError) as caught:
            use()
        assert code_of(caught) == "closed"
    open_one.close()


def test_with_closes_also_after_an_exception(tmp_path: Path) -> None:
    gc.collect()
    before = ec.handles_live()
    with pytest.raises(KeyError):
        with open_store(tmp_path / "a.ecdb") as engine:
            with engine.session(ec.Principal.service("x")) as session:
                raise KeyError("trouble")
    assert engine.closed and session.closed
    assert ec.handles_live() == before


def test_made_up_handles_are_errors() -> None:
    for handle in (0, 1, 12345, 2**63, 2**64 - 1):
        for use in (_native.engine_stats, _native.engine_close, _native.session_close, _native.transaction_begin):
            if handle == 0 and use in (_native.engine_close, _native.session_close):
                continue  # closing nothing does nothing
            with pytest.raises(ec.MisuseError):
                use(handle)
        _native.pending_free(handle)


HANDLES = ["engine", "session", "rows", "changes", "future", "transaction"]


@pytest.mark.parametrize("order", list(permutations(HANDLES))[::11], ids="-".join)
def test_garbage_goes_in_any_order(order: tuple[str, ...], shared: Path) -> None:
    gc.collect()
    before = ec.handles_live()
    engine = ec.open(shared, key=ec.Key.raw(KEY))
    session = engine.session(ec.Principal.service("x"))
    rows = iter(session.list("organizations"))
    changes = session.changes()
    held: dict[str, Any] = {"rows": rows, "changes": changes, "future": session.submit("run_maintenance")}
    next(rows)
    next(changes)
    block = session.transaction()
    block.__enter__()
    held |= {"engine": engine, "session": session, "transaction": block}
    del engine, session, rows, changes, block
    for name in order:
        del held[name]
    gc.collect()
    assert ec.handles_live() == before


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = set_up(tmp_path_factory.mktemp("shared"))
    made.engine.close()
    return made.store_path


def test_a_cycle_is_collected(festival: Festival) -> None:
    gc.collect()
    before = ec.handles_live()
    for _ in range(50):
        holder: dict[str, Any] = {"session": festival.service()}
        holder["self"] = holder
        del holder
    gc.collect()
    assert ec.handles_live() == before


def test_sessions_keep_their_engine(tmp_path: Path) -> None:
    session = open_store(tmp_path / "a.ecdb").session(ec.Principal.service("x"))
    gc.collect()
    assert session.count("organizations") == 0
    session.engine.close()


def test_a_submitted_call_keeps_its_engine(tmp_path: Path) -> None:
    owner = {"email": "o@example.org", "full_name": "O"}
    made = open_store(tmp_path / "a.ecdb").session(ec.Principal.service("x"))
    future = made.submit("create_organization", {"name": "Late", "owner": owner})
    bad = made.submit("fail_payment", {"order_id": "00000000-0000-0000-0000-000000000000"})
    del made
    gc.collect()
    assert future.result()["organization"]["name"] == "Late"
    assert isinstance(bad.exception(), ec.NotFound)


UNIQUE: dict[str, Callable[[Festival], object]] = {
    "Engine": lambda festival: festival.engine,
    "Session": lambda festival: festival.service(),
    "Future": lambda festival: festival.session.submit("run_maintenance"),
    "Rows": lambda festival: festival.session.list("events"),
}


@pytest.mark.parametrize("name", UNIQUE)
def test_what_holds_a_handle_has_one_owner(name: str, festival: Festival) -> None:
    one = UNIQUE[name](festival)
    copies: list[Callable[[object], object]] = [copy.copy, copy.deepcopy, pickle.dumps]
    for taken in copies:
        for given in (one, [one]) if taken is not copy.copy else (one,):
            with pytest.raises(TypeError, match=f"{name} can be neither copied nor pickled"):
                taken(given)
    gc.collect()
    assert festival.session.count("events") == 1, "nothing was closed on the way"


def test_after_fork_the_child_opens_its_own(festival: Festival) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "nothing"
        try:
            festival.session.count("events")
        except ec.MisuseError as error:
            answer = error.code
            festival.session.close()
            del festival
            gc.collect()
            with open_store(Path(os.devnull).parent / "shm" / f"ec-child-{os.getpid()}.ecdb") as own:
                own.session(ec.Principal.service("child")).count("events")
                answer += " own"
                for left in Path("/dev/shm").glob(f"ec-child-{os.getpid()}*"):
                    left.unlink()
        finally:
            os.write(writer, answer.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        assert told.read() == "forked own"
    os.waitpid(child, 0)
    assert festival.session.count("events") == 1, "the parent goes on"


EXITS = {
    "open handles": "keep = [engine, session, session.list('events'), session.submit('run_maintenance')]",
    "open transaction": "block = session.transaction(); block.__enter__(); session.insert('venues', VENUE)",
    "half-read rows": "rows = iter(session.list('users')); next(rows); changes = session.changes(); next(changes)",
    "arrow stream": "stream = session.list('users').__arrow_c_stream__()",
    "cycle": "cycle = {'engine': engine, 'session': session}; cycle['self'] = cycle; del engine, session",
    "held by a module": "import json; json.held = session; json.engine = engine",
    "thread in a call": """
        import threading
        def reading(own):
            try:
                for _ in own.changes(timeout=None):
                    pass
            except ec.MisuseError:  # the interpreter closed the store on its way out
                return
        for _ in range(3):
            own = engine.session(ec.Principal.service('thread', ORGANIZATION))
            threading.Thread(target=reading, args=(own,), daemon=True).start()
        time.sleep(0.3)
    """,
    "writing thread": """
        import threading
        def writing(own):
            while True:
                try:
                    own.insert('venues', VENUE)
                except ec.MisuseError:  # the interpreter closed the store on its way out
                    return
        own = engine.session(ec.Principal.service('thread', ORGANIZATION))
        threading.Thread(target=writing, args=(own,), daemon=True).start()
        time.sleep(0.3)
    """,
    "asyncio": """
        import asyncio
        async def main():
            global kept
            kept = await ec.aio.open(PATH, key=ec.Key.raw(KEY))
            kept = await kept.session(ec.Principal.service('x'))
            await kept.count('events')
        asyncio.run(main())
    """,
    "exception": "raise SystemExit(7)",
}


@pytest.mark.parametrize("case", EXITS)
def test_the_interpreter_ends_with_open_handles(case: str, festival: Festival) -> None:
    path = str(festival.store_path)
    festival.engine.close()
    program = f"""
import sys, time
import eventcore as ec
PATH, KEY, ORGANIZATION = {path!r}, {KEY!r}, {str(festival.organization_id)!r}
VENUE = {{'organization_id': ORGANIZATION, 'name': 'x', 'address': 'x', 'max_capacity': 1}}
engine = ec.open(PATH, key=ec.Key.raw(KEY))
session = engine.session(ec.Principal.service('exit'))
{textwrap.dedent(EXITS[case])}
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "faulthandler", "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (7 if case == "exception" else 0, "")
    with ec.open(path, key=ec.Key.raw(KEY)) as engine:
        assert engine.session(ec.Principal.service("look")).verify_store()["ok"]


def test_nothing_leaks_over_many_calls(festival: Festival) -> None:
    from leaks import call_many_times

    told = call_many_times(festival, 50_000)
    assert told.handles == 0
    assert told.grown_kib < 8_192, told
