#!/usr/bin/env python3
"""The engine through its Python package, for the benchmarks: reads requests line by line, answers each with a line."""

import datetime
import json
import random
import sys
import threading
import time

import eventcore as ec


class Wrong(Exception):
    pass


class Callers:
    def __init__(self):
        self.codes = []
        self.next_code = 0
        self.hired = {}

    # ---- set-up ------------------------------------------------------------------------------------------------

    def set_up(self, request):
        self.count_of_categories = request["categories"]
        self.list_size = request["list_size"]
        self.places = request["places"]
        self.seed_order_max = request["seed_order_max"]
        self.engine = ec.open(
            request["folder"] + "/python.ecdb", key=ec.Key.raw(bytes([7] * 32)), create=True, test_clock=True
        )
        self.engine.clock.set(datetime.datetime(2030, 5, 1, 10, tzinfo=datetime.timezone.utc))
        service = self.engine.session(ec.Principal.service("benchmark"))
        made = service.call(
            "create_organization",
            {"name": "Bench", "slug": "bench", "owner": {"email": "owner@bench.example", "full_name": "Owner"}},
        )
        self.owner = made["owner"]["id"]
        owner = self.engine.session(ec.Principal.user(self.owner))
        self.event = owner.insert(
            "events",
            {
                "name": "Bench",
                "description": "x" * 400,
                "start_datetime": "2030-05-01T10:00:00Z",
                "end_datetime": "2030-05-01T20:00:00Z",
            },
        )["id"]
        self.categories = [
            owner.insert(
                "ticket_categories",
                {
                    "event_id": self.event,
                    "name": f"Category {i}",
                    "base_price": "10.00",
                    "max_per_order": self.seed_order_max,
                    "total_quantity": self.places,
                },
            )["id"]
            for i in range(self.count_of_categories + 2)
        ]
        owner.update("events", self.event, {"status": "confirmed"})
        self.manager = self.invite(owner, "manager")
        self.member = self.invite(owner, "member")
        owner.call(
            "assign_team",
            {"event_id": self.event, "user_id": self.member, "role_type": "technical_director"},
        )
        orders = 0
        for _ in range(0, request["listed_tickets"], self.seed_order_max):
            self.order(owner, self.count_of_categories + 1, self.seed_order_max)
            orders += 1
        return {"new_orders": orders, "new_tickets": orders * self.seed_order_max}

    @staticmethod
    def invite(owner, role):
        request = {"email": f"{role}@bench.example", "full_name": role, "role": role}
        return owner.call("invite_user", request)["user"]["id"]

    def cart(self, category, quantity):
        return {
            "event_id": self.event,
            "items": [{"ticket_category_id": self.categories[category], "quantity": quantity}],
            "customer": {"name": "Walk-in"},
        }

    def order(self, session, category, quantity):
        payment = {"method": "cash", "amount": f"{quantity * 10}.00"}
        return session.call("place_order", self.cart(category, quantity) | {"payment": payment})

    def order_online(self, visitor, shop, category):
        cart = self.cart(category, 1)
        cart["customer"]["email"] = "walk-in@mail.example"
        order = visitor.call("place_order", cart)["order"]
        payment = {"order_id": order["id"], "provider": "bench", "reference": order["id"]}
        shop.call("start_payment", payment)
        paid = shop.call(
            "confirm_payment", payment | {"amount": order["total_amount"], "currency": order["currency"]}
        )
        if len(paid["tickets"]) != 1:
            raise Wrong("a paid order gave other than one ticket")

    def sessions(self, work, callers):
        if work == "order_online":
            visitor, shop = ec.Principal.anon(), ec.Principal.service("online shop")
            hired = self.hired.setdefault(work, [])
            while len(hired) < callers:
                hired.append((self.engine.session(visitor), self.engine.session(shop)))
            return hired
        user = {"read_event": self.member, "list_tickets": self.manager}.get(work, self.owner)
        hired = self.hired.setdefault(user, [])
        while len(hired) < callers:
            hired.append(self.engine.session(ec.Principal.user(user)))
        return hired

    # ---- work --------------------------------------------------------------------------------------------------

    def seed(self, request):
        seller = self.sessions("sell_hot", 1)[0]
        fresh, orders = [], 0
        while len(self.codes) - self.next_code + len(fresh) < request["tickets"]:
            sold = self.order(seller, orders % self.count_of_categories, self.seed_order_max)
            fresh += [ticket["qr_code_data"] for ticket in sold["tickets"]]
            orders += 1
        random.Random(17).shuffle(fresh)
        self.codes += fresh
        return {"new_orders": orders, "new_tickets": orders * self.seed_order_max}

    def one(self, work, session, draw):
        if work == "sell_hot":
            self.order(session, self.count_of_categories, 1)
        elif work == "order_online":
            self.order_online(*session, draw.randrange(self.count_of_categories))
        elif work in ("sell_100", "sell_and_scan"):
            self.order(session, draw.randrange(self.count_of_categories), 1)
        elif work == "read_event":
            session.get("events", self.event)
        elif work == "list_tickets":
            where = {"ticket_category_id": self.categories[self.count_of_categories + 1]}
            rows = sum(1 for _ in session.list("tickets", where=where, limit=self.list_size))
            if rows != self.list_size:
                raise Wrong("a list is not of 50 tickets")
        else:
            with self.lock:
                mine = self.next_code
                if mine >= len(self.codes):
                    return False
                self.next_code += 1
            if session.call("check_in", {"event_id": self.event, "code": self.codes[mine]})["outcome"] != "admitted":
                raise Wrong("a valid ticket was not admitted")
        return True

    def serve(self, work, session, index, end, calls, wrong):
        draw = random.Random(index)
        scans = work == "sell_and_scan" and index % 2 == 1
        try:
            while not wrong and time.monotonic() < end and self.one("check_in" if scans else work, session, draw):
                calls[index] += 1
        except Exception as error:
            wrong.append(str(error))

    def run(self, request):
        work, callers = request["work"], request["callers"]
        sessions = self.sessions(work, callers)
        self.lock = threading.Lock()
        calls, wrong = [0] * callers, []
        start, cpu_before = time.monotonic(), time.process_time()
        end = start + request["seconds"]
        threads = [
            threading.Thread(target=self.serve, args=(work, sessions[i], i, end, calls, wrong)) for i in range(callers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if wrong:
            raise Wrong(wrong[0])
        mixed = work == "sell_and_scan"
        return {
            "calls": sum(calls[::2] if mixed else calls),
            "scans": sum(calls[1::2]) if mixed else 0,
            "elapsed": time.monotonic() - start,
            "cpu": time.process_time() - cpu_before,
        }

    # ---- checks ------------------------------------------------------------------------------------------------

    def count(self, _request):
        owner = self.engine.session(ec.Principal.user(self.owner))
        available = [owner.get("ticket_categories", id)["available_quantity"] for id in self.categories]
        return {
            "orders": owner.count("ticket_orders"),
            "tickets": owner.count("tickets"),
            "used": owner.count("tickets", where={"status": "used"}),
            "rows_by_category": [owner.count("tickets", where={"ticket_category_id": id}) for id in self.categories],
            "counter_by_category": [self.places - places for places in available],
        }

    def scan_again(self, request):
        session = self.sessions("check_in", 1)[0]
        for code in self.codes[max(0, self.next_code - request["codes_max"]) : self.next_code]:
            if session.call("check_in", {"event_id": self.event, "code": code})["outcome"] == "admitted":
                raise Wrong("a ticket was admitted twice")
        return {}

    def verify(self, _request):
        reply = self.engine.session(ec.Principal.service("benchmark")).call("verify_store", {})
        if not reply["ok"]:
            raise Wrong(f"verify_store: {reply['problems']}")
        return {}


def main():
    callers = Callers()
    steps = {name: getattr(callers, name) for name in ("set_up", "seed", "run", "count", "scan_again", "verify")}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = steps[request["do"]](request)
        except Exception as error:
            reply = {"wrong": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
