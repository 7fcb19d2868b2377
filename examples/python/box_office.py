#!/usr/bin/env python3
"""A box office: opens or makes a store in FOLDER, sells places for cash, and prints each ticket's code as a QR.

    python box_office.py FOLDER [--places N]

FOLDER gets festival.ecdb with its side files, festival.key, and ticket-<number>.png for every ticket sold.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import eventcore as ec


def key_of(folder: Path) -> ec.Key:
    """A fresh random key at the first start. A real host keeps it in its key store, not beside the data."""
    path = folder / "festival.key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(32))
    return ec.Key.raw(path.read_bytes())


def set_up(engine: ec.Engine) -> None:
    """An organization, an event that begins in two hours, and one kind of ticket."""
    with engine.session(ec.Principal.service("box office, first start")) as session, session.transaction():
        made = session.create_organization(
            name="Aurora", owner={"email": "olga@aurora.example", "full_name": "Olga Owner"}
        )
        now = engine.clock.now()
        event = session.insert(
            "events",
            {
                "organization_id": made["organization"]["id"],
                "name": "Aurora Night",
                "status": "confirmed",
                "start_datetime": now + timedelta(hours=2),
                "end_datetime": now + timedelta(hours=8),
            },
        )
        session.insert(
            "ticket_categories",
            {"event_id": event["id"], "name": "Standing", "base_price": Decimal(25), "total_quantity": 200},
        )


def terminal_qr(svg: str) -> str:
    """The modules of the picture as text, two rows a line; dark modules are drawn as spaces on a light ground."""
    size = int(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
    dark = {
        (int(x) + step, int(y))
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", svg)
        for step in range(int(width))
    }
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    return "\n".join(
        "".join(blocks[(x, y) in dark, (x, y + 1) in dark] for x in range(size)) for y in range(0, size, 2)
    )


def sell(session: ec.Session, category_id: UUID, event_id: UUID, places: int, folder: Path) -> None:
    """One sale at the counter: asks the price, takes the money, hands out the tickets, all in one unit of work."""
    quote = session.quote_order(event_id=event_id, items=[{"ticket_category_id": category_id, "quantity": places}])
    total = quote["order"]["total_amount"]
    sale = session.place_order(
        event_id=event_id,
        items=[{"ticket_category_id": category_id, "quantity": places}],
        payment={"method": "cash", "amount": total},
    )
    order, word = sale["order"], "place" if places == 1 else "places"
    print(f"order {order['order_number']}: {places} {word}, {total} {order['currency']} in cash")
    for ticket in sale["tickets"]:
        picture = session.ticket_qr(ticket_id=ticket["id"])
        path = folder / f"ticket-{ticket['ticket_number']}.png"
        path.write_bytes(picture["png"])
        print(f"\nticket {ticket['ticket_number']} ({path.name})")
        print(terminal_qr(picture["svg"]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--places", type=int, default=2)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with ec.open(given.folder / "festival.ecdb", key=key_of(given.folder), create=True) as engine:
        counter = engine.session(ec.Principal.service("box office"))
        if counter.count("events") == 0:
            set_up(engine)
        event = counter.list("events").one()
        counter = engine.session(ec.Principal.service("box office", event["organization_id"]))
        category = counter.list("ticket_categories", where={"name": "Standing"}).one()
        try:
            sell(counter, category["id"], event["id"], given.places, given.folder)
        except ec.RuleViolation as error:
            print(f"not sold: {error.message}", file=sys.stderr)
            return 1
        report = counter.event_report(event_id=event["id"])
        print(f"\nso far: {report['tickets']} sold, {report['revenue']['USD']} USD")
    return 0


if __name__ == "__main__":
    sys.exit(main())
