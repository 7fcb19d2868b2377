"""Every public name has a docstring with an example, and every example does what it says."""

from __future__ import annotations

import asyncio
import doctest
import inspect
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import fields
from functools import partial

import pytest
from festival import KEY, Festival, festival_in_temporary_folder

import eventcore as ec

OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


def documented() -> Iterator[tuple[str, object]]:
    """Public names with what they are: the package, its names, and the methods of its classes."""
    yield "eventcore", ec
    for name in ec.aio.__all__:
        yield f"aio.{name}", getattr(ec.aio, name)
    for name in ec.__all__:
        item = getattr(ec, name)
        yield name, item
        if inspect.ismodule(item):
            continue
        if inspect.isclass(item):
            for member in sorted(set(dir(item)) - set(dir(Exception)) - set(dir(dict))):
                if not member.startswith("_") and (found := documented_member(item, member)) is not None:
                    yield f"{name}.{member}", found


def documented_member(owner: type, name: str) -> object | None:
    """A method or property of ours; not a field of a tuple or a data class, nor a method taken from a base."""
    found = inspect.getattr_static(owner, name)
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    if isinstance(found, property):
        return found
    if not inspect.isfunction(found) or not found.__module__.startswith("eventcore"):
        return None
    return found


def in_session(festival: Festival, use: Callable[[ec.aio.AsyncSession], Awaitable[object]]) -> object:
    """Runs a coroutine with an asynchronous session of the service."""

    async def main() -> object:
        principal = ec.Principal.service("example", festival.organization_id)
        async with await ec.aio.AsyncEngine(festival.engine).session(principal) as session:
            return await use(session)

    return asyncio.run(main())


EXAMPLES = [(name, item) for name, item in documented()]


@pytest.mark.parametrize(("name", "item"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_example(name: str, item: object) -> None:
    text = inspect.getdoc(item)
    assert text, f"{name} has no docstring"
    with festival_in_temporary_folder() as festival:
        names = {field.name: getattr(festival, field.name) for field in fields(festival)}
        names |= {name: getattr(ec, name) for name in ec.__all__ if isinstance(getattr(ec, name), type)}
        names |= {"ec": ec, "asyncio": asyncio, "key": ec.Key.raw(KEY), "in_session": partial(in_session, festival)}
        test = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
        assert test.examples, f"{name} has no example"
        out: list[str] = []
        result = doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=out.append)
    assert result.failed == 0, "".join(out)


def test_the_examples_are_found() -> None:
    names = [name for name, _ in EXAMPLES]
    assert {"Session.place_order", "Session.insert", "Engine.session", "Clock.set", "open", "Key.raw"} <= set(names)
    assert len(names) > 80
    assert "eventcore" in sys.modules
