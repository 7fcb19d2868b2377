#!/usr/bin/env python3
"""A box office: opens or makes a store in FOLDER, sells places for cash, and prints each ticket's code as a QR.

    python box_office.py FOLDER [--places N] [--code GROUP10]         sells; GROUP10: 10 % off from three places on
    python box_office.py FOLDER --find BEGINNING                      lists tickets whose name or number begins so
    python box_office.py FOLDER --refund NUMBER                       takes a ticket back and pays out what is due
    python box_office.py FOLDER --pass-on NUMBER --to NAME --email E  gives a ticket to somebody else, with a new code

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
    """An organization, an event that begins in two hours, one kind of ticket, and a code for groups."""
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
        session.insert(
            "discount_codes",
            {
                "event_id": event["id"],
                "code": "GROUP10",
                "discount_type": "percentage",
                "discount_value": Decimal(10),
                "min_quantity": 3,
            },
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


def hand_out(session: ec.Session, ticket: ec.rows.TicketRow, folder: Path) -> None:
    """Draws a ticket's code: a picture for the printer, and on the terminal."""
    picture = session.ticket_qr(ticket_id=ticket["id"])
    path = folder / f"ticket-{ticket['ticket_number']}.png"
    path.write_bytes(picture["png"])
    print(f"\nticket {ticket['ticket_number']} ({path.name})")
    print(terminal_qr(picture["svg"]))


def sell(session: ec.Session, category_id: UUID, event_id: UUID, places: int, code: str | None, folder: Path) -> None:
    """One sale at the counter: asks the price, takes the money, hands out the tickets, all in one unit of work."""
    items = [{"ticket_category_id": category_id, "quantity": places}]
    total = session.quote_order(event_id=event_id, items=items, discount_code=code)["order"]["total_amount"]
    sale = session.place_order(
        event_id=event_id, items=items, discount_code=code, payment={"method": "cash", "amount": total}
    )
    order, word = sale["order"], "place" if places == 1 else "places"
    print(f"order {order['order_number']}: {places} {word}, {total} {order['currency']} in cash")
    for ticket in sale["tickets"]:
        hand_out(session, ticket, folder)


def find(session: ec.Session, event_id: UUID, beginning: str) -> None:
    """Whoever forgot his ticket says how he is called; one letter is enough to begin with."""
    for ticket in session.search_attendees(event_id=event_id, query=beginning)["tickets"]:
        print(f"{ticket['ticket_number']} {ticket['attendee_name'] or '(at the counter)'}: {ticket['status']}")


def refund(session: ec.Session, ticket: ec.rows.TicketRow) -> None:
    """Says what there is to give back, takes the ticket, and notes that the money was paid out."""
    quote = session.quote_refund(ticket_ids=[ticket["id"]])
    returned = session.refund_tickets(ticket_ids=[ticket["id"]], reason="given back at the counter")
    if quote["amount"] > 0:
        session.confirm_refund(order_id=returned["order"]["id"], amount=quote["amount"])
    print(f"ticket {ticket['ticket_number']} is taken back: {quote['amount']} {quote['currency']}")


def pass_on(session: ec.Session, ticket: ec.rows.TicketRow, name: str, email: str, folder: Path) -> None:
    """The old code admits nobody from now on; the new holder gets one of his own."""
    passed = session.transfer_ticket(ticket_id=ticket["id"], name=name, email=email)["ticket"]
    print(f"ticket {ticket['ticket_number']} is now {passed['ticket_number']}, of {name}")
    hand_out(session, passed, folder)


def serve(session: ec.Session, event_id: UUID, given: argparse.Namespace) -> None:
    number = given.refund or given.pass_on
    ticket = session.list("tickets", where={"ticket_number": number}).one() if number else None
    if given.find:
        find(session, event_id, given.find)
    elif ticket is not None and given.refund:
        refund(session, ticket)
    elif ticket is not None:
        pass_on(session, ticket, given.to, given.email, given.folder)
    else:
        category = session.list("ticket_categories", where={"name": "Standing"}).one()
        sell(session, category["id"], event_id, given.places, given.code, given.folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--places", type=int, default=2)
    parser.add_argument("--code")
    parser.add_argument("--find", metavar="BEGINNING")
    parser.add_argument("--refund", metavar="NUMBER")
    parser.add_argument("--pass-on", metavar="NUMBER")
    parser.add_argument("--to", metavar="NAME", default="")
    parser.add_argument("--email", default="")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with ec.open(given.folder / "festival.ecdb", key=key_of(given.folder), create=True) as engine:
        counter = engine.session(ec.Principal.service("box office"))
        if counter.count("events") == 0:
            set_up(engine)
        event = counter.list("events").one()
        counter = engine.session(ec.Principal.service("box office", event["organization_id"]))
        try:
            serve(counter, event["id"], given)
        except ec.RuleViolation as error:
            print(f"not {'done' if given.refund or given.pass_on else 'sold'}: {error.message}", file=sys.stderr)
            return 1
        report = counter.event_report(event_id=event["id"])
        print(f"\nso far: {report['tickets']} sold, {report['revenue']['USD']} USD")
    return 0


if __name__ == "__main__":
    sys.exit(main())
