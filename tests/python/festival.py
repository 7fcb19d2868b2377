"""A small festival that most tests start from: one organization, one event on sale, one ticket sold at the counter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import eventcore as ec

KEY = bytes(range(32))
EVENING = datetime(2031, 6, 1, 18, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Festival:
    """Its engine stands at 18:30 of the evening."""

    folder: Path
    store_path: Path
    engine: ec.Engine
    session: ec.Session
    organization_id: UUID
    owner_id: UUID
    event_id: UUID
    category_id: UUID
    ticket_id: UUID

    def service(self) -> ec.Session:
        return self.engine.session(ec.Principal.service("test", self.organization_id))


def open_store(path: Path, accept_loss: bool = False) -> ec.Engine:
    return ec.open(path, key=ec.Key.raw(KEY), create=True, test_clock=True, accept_loss=accept_loss)


def set_up(folder: Path) -> Festival:
    """A new store in the folder with everything in it."""
    store_path = folder / "festival.ecdb"
    engine = open_store(store_path)
    engine.clock.set(EVENING + timedelta(minutes=30))
    session = engine.session(ec.Principal.service("set-up"))
    made = session.create_organization(name="Aurora", owner={"email": "olga@example.org", "full_name": "Olga"})
    organization_id = made["organization"]["id"]
    event = session.insert(
        "events",
        {
            "organization_id": organization_id,
            "name": "Aurora Night",
            "status": "confirmed",
            "start_datetime": EVENING,
            "end_datetime": EVENING + timedelta(hours=5),
        },
    )
    category = session.insert(
        "ticket_categories",
        {"event_id": event["id"], "name": "Standing", "base_price": "25.00", "total_quantity": 200},
    )
    sale = session.place_order(
        event_id=event["id"],
        items=[{"ticket_category_id": category["id"], "quantity": 1}],
        customer={"email": "ann@example.org", "name": "Ann"},
        payment={"method": "cash", "amount": "25.00"},
    )
    return Festival(
        folder=folder,
        store_path=store_path,
        engine=engine,
        session=session,
        organization_id=organization_id,
        owner_id=made["owner"]["id"],
        event_id=event["id"],
        category_id=category["id"],
        ticket_id=sale["tickets"][0]["id"],
    )


@contextmanager
def festival_in_temporary_folder() -> Iterator[Festival]:
    with tempfile.TemporaryDirectory() as folder:
        festival = set_up(Path(folder))
        try:
            yield festival
        finally:
            festival.engine.close()
