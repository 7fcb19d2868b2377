"""The shop of examples/shop, driven line by line: shop_test.py SHOP EVENTCORE [unittest arguments]."""

import hmac
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

SHOP, EVENTCORE = sys.argv[1:3]


class ShopTest(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory(prefix="eventcore-shop-")
        self.addCleanup(held.cleanup)
        folder = pathlib.Path(held.name)
        self.store, self.key = folder / "shop.ecdb", folder / "shop.key"
        made = self.tool("init", "--new-key-file", str(self.key), "--organization-name", "Aurora", "--owner-email",
                         "ada@aurora.example", "--currency", "EUR", key=False)
        self.organization = made["organization_id"]
        event = self.tool("import", "events", "-", text=json.dumps([{
            "name": "Aurora Night", "status": "confirmed", "start_datetime": "2099-06-01T18:00:00Z",
            "end_datetime": "2099-06-01T23:00:00Z"}]))
        self.assertEqual(event["imported"], 1)
        self.event = self.tool("list", "events")["rows"][0]["id"]
        self.tool("import", "ticket_categories", "-", "--set", f"event_id={self.event}", text=json.dumps([
            {"name": "Standing", "base_price": "25.00", "total_quantity": 5}]))
        self.category = self.tool("list", "ticket_categories")["rows"][0]["id"]
        self.shop = subprocess.Popen([SHOP, self.store, self.key, self.organization], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.shop.stdout.close)
        self.addCleanup(self.shop.wait)
        self.addCleanup(self.shop.kill)
        self.count = 0

    def tool(self, *arguments, text="", key=True):
        command = [EVENTCORE, "--store", str(self.store), *arguments]
        if key:
            command += ["--key-file", str(self.key), "--organization", self.organization]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def send(self, **request):
        self.count += 1
        self.shop.stdin.write(json.dumps({"id": self.count, **request}) + "\n")
        self.shop.stdin.flush()

    def ask(self, what, key="", **given):
        self.send(**{"do": what, "with": given, "key": key})
        answer = json.loads(self.shop.stdout.readline())
        self.assertEqual(answer["id"], self.count)
        return answer

    def result(self, what, key="", **given):
        answer = self.ask(what, key, **given)
        self.assertTrue(answer["ok"], answer)
        return answer["result"]

    def error(self, what, key="", **given):
        answer = self.ask(what, key, **given)
        self.assertFalse(answer["ok"], answer)
        return answer["error"]["code"]

    def cart(self, quantity=1, email="eve@example.org"):
        return {"event_id": self.event, "items": [{"ticket_category_id": self.category, "quantity": quantity}],
                "customer": {"email": email, "name": "Eve"}}

    def close(self):
        self.shop.stdin.close()
        self.assertEqual(self.shop.wait(timeout=60), 0)

    def test_from_the_shelf_to_the_tickets(self):
        event = self.result("events")["events"][0]
        self.assertEqual([category["name"] for category in event["categories"]], ["Standing"])
        cart = self.cart(2)
        quote = self.result("quote", event_id=cart["event_id"], items=cart["items"])
        self.assertEqual(quote["order"]["total_amount"], "50.00")
        order = self.result("order", "cart-0000-0000-0001", **cart)["order"]
        again = self.result("order", "cart-0000-0000-0001", **cart)["order"]
        self.assertEqual(order["id"], again["id"])
        self.result("pay", order_id=order["id"], provider="stripe", reference="pi_1")
        self.assertEqual(self.error("status", order_id=order["id"], email="mallory@example.org"), "not_found")
        self.result("webhook", type="failed", order_id=order["id"], reference="pi_0")
        paid = {"type": "succeeded", "order_id": order["id"], "amount": "50.00", "currency": "EUR", "reference": "pi_1"}
        self.assertEqual(len(self.result("webhook", **paid)["tickets"]), 2)
        self.assertEqual(len(self.result("webhook", **paid)["tickets"]), 2)
        status = self.result("status", order_id=order["id"], email="eve@example.org")
        self.assertEqual((status["order"]["payment_status"], len(status["tickets"])), ("paid", 2))
        self.close()
        self.assertTrue(self.tool("verify", "--organization", "")["ok"])

    def test_stripe_pays_once_and_a_forged_delivery_is_refused(self):
        secret = "whsec_of_the_shop"
        self.tool("call", "set_integration_secret",
                  json.dumps({"kind": "stripe_webhook", "name": "1", "value": secret}))
        order = self.result("order", "cart-0000-0000-0002", **self.cart(2))["order"]
        body = json.dumps({"id": "evt_1", "type": "payment_intent.succeeded", "created": int(time.time()),
                           "data": {"object": {"id": "pi_1", "amount": 5000, "currency": "eur"}}})
        moment = str(int(time.time()))
        mac = hmac.new(secret.encode(), f"{moment}.{body}".encode(), "sha256").hexdigest()
        delivery = {"payload": body, "signature": f"t={moment},v1={mac}"}
        self.assertEqual(self.result("stripe", **delivery), {"http": 503, "effect": "unknown_order"})
        self.result("pay", order_id=order["id"], provider="stripe", reference="pi_1")
        self.assertEqual(self.result("stripe", **delivery), {"http": 200, "effect": "paid"})
        self.assertEqual(self.result("stripe", **delivery), {"http": 200, "effect": "duplicate"})
        forged = {**delivery, "payload": body + " "}
        self.assertEqual(self.result("stripe", **forged), {"http": 400, "error": "signature_invalid"})
        self.assertEqual(len(self.result("status", order_id=order["id"], email="eve@example.org")["tickets"]), 2)
        self.close()

    def test_a_buyer_cancels_and_who_waits_keeps_the_place(self):
        order = self.result("order", "cart-0000-0000-0003", **self.cart(5))["order"]
        waits = {"ticket_category_id": self.category, "quantity": 2, "customer": {"email": "wim@example.org"}}
        self.assertEqual(self.result("wait", **waits)["entry"]["status"], "waiting")
        self.assertEqual(self.error("cancel", order_id=order["id"], email="mallory@example.org"), "not_found")
        cancelled = self.result("cancel", order_id=order["id"], email="eve@example.org")["order"]
        self.assertEqual(cancelled["order_status"], "cancelled")
        self.assertEqual(self.error("order", "cart-0000-0000-0004", **self.cart(4)), "sold_out")
        self.result("order", "cart-0000-0000-0005", **self.cart(3))
        self.close()

    def test_bad_requests_are_answered_and_the_shop_goes_on(self):
        for line in ["", "not json", "[1]", '"x"', '{"id": 7, "do": 3}', '{"id": 8, "do": "order", "with": 5}']:
            self.shop.stdin.write(line + "\n")
            self.shop.stdin.flush()
            if line:
                self.assertFalse(json.loads(self.shop.stdout.readline())["ok"])
        self.assertEqual(self.error("fly"), "invalid_argument")
        self.assertEqual(self.error("order", **self.cart()), "invalid_argument")
        self.assertEqual(self.error("order", "short", **self.cart()), "invalid_idempotency_key")
        self.assertEqual(self.error("webhook", type="odd"), "invalid_argument")
        self.assertEqual(self.error("pay", order_id="x", provider="p", reference="r"), "invalid_argument")
        self.assertEqual(len(self.result("events")["events"]), 1)
        self.close()

    def test_many_orders_at_once_sell_exactly_the_places_there_are(self):
        for number in range(20):
            self.send(**{"do": "order", "with": self.cart(email=f"guest{number}@example.org"),
                         "key": f"cart-of-guest-{number:08}"})
        answers = [json.loads(self.shop.stdout.readline()) for _ in range(20)]
        self.assertEqual(sorted(answer["id"] for answer in answers), list(range(1, 21)))
        self.assertEqual(sum(answer["ok"] for answer in answers), 5)
        self.assertEqual({answer["error"]["code"] for answer in answers if not answer["ok"]}, {"sold_out"})
        self.close()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
