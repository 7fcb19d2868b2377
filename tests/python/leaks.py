"""Calls of every kind, over and over: how many handles and how much memory are left."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from festival import Festival, festival_in_temporary_folder

import eventcore as ec


@dataclass(frozen=True)
class Told:
    handles: int
    grown_kib: int


def resident_kib() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise LookupError("VmRSS")


def round_of_calls(festival: Festival, session: ec.Session) -> int:
    """Some forty calls, good and bad ones."""
    for _ in range(8):
        session.engine.clock.now()
        session.engine.stats()
        try:
            session.get("venues", UUID(int=0))
        except ec.NotFound:
            pass
        try:
            session.call("place_order", {"colour": 1})
        except ec.ValidationError:
            pass
        try:
            session.submit("no_such_command")
        except ec.ValidationError:
            pass
    with festival.service() as other:
        other.list("tickets", limit=1).all()
    session.quote_price(ticket_category_id=festival.category_id)
    return 43


def call_many_times(festival: Festival, calls: int) -> Told:
    session = festival.service()
    for _ in range(200):
        round_of_calls(festival, session)
    gc.collect()
    handles, before, done = ec.handles_live(), resident_kib(), 0
    while done < calls:
        done += round_of_calls(festival, session)
    gc.collect()
    told = Told(ec.handles_live() - handles, resident_kib() - before)
    session.close()
    return told


if __name__ == "__main__":
    with festival_in_temporary_folder() as made:
        print(call_many_times(made, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
