"""Stripe's webhooks: bodies signed and checked by Stripe's own library, and a secret that comes out nowhere."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
import stripe
from festival import EVENING, Festival

import eventcore as ec

SECRET = "whsec_canary_5Jq8wLr2"
NOW = int(EVENING.timestamp()) + 1800  # where the festival's clock stands


class StandingTime:
    """What Stripe's library takes for the time module."""

    @staticmethod
    def time() -> float:
        return float(NOW)


@pytest.fixture(autouse=True)
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stripe._webhook.time", StandingTime)


@pytest.fixture
def shop(festival: Festival) -> ec.Session:
    session = festival.service()
    session.set_integration_secret(kind="stripe_webhook", name="live", value=SECRET)
    return session


def begin(festival: Festival, session: ec.Session, intent: str) -> Any:
    order = session.place_order(
        event_id=festival.event_id,
        items=[{"ticket_category_id": festival.category_id, "quantity": 2}],
        customer={"email": "bea@example.org", "name": "Zoë"},
    )["order"]
    session.start_payment(order_id=order["id"], provider="stripe", reference=intent)
    return order


def event(event_id: str, kind: str, **about: Any) -> str:
    body = {"id": event_id, "object": "event", "type": kind, "created": NOW, "data": {"object": about}}
    return json.dumps(body, ensure_ascii=False, indent=2)


def paid(event_id: str, intent: str, amount: int = 5000) -> str:
    return event(event_id, "payment_intent.succeeded", id=intent, amount=amount, currency="usd", description="Zoë 🎪")


def header(payload: str, secret: str = SECRET, at: int = NOW) -> str:
    signature = stripe.WebhookSignature._compute_signature(f"{at}.{payload}", secret)
    return f"t={at},v1={signature}"


def accepted_by_stripe(payload: str, signature: str) -> bool:
    try:
        stripe.Webhook.construct_event(payload, signature, SECRET)
    except stripe.SignatureVerificationError:
        return False
    return True


def accepted_here(session: ec.Session, payload: str, signature: str) -> bool:
    try:
        session.apply_stripe_webhook(payload=payload, signature=signature)
    except ec.AccessDenied as refused:
        assert refused.code == "signature_invalid"
        return False
    return True


def test_what_stripes_library_signs_pays_the_order(festival: Festival, shop: ec.Session) -> None:
    order = begin(festival, shop, "pi_1")
    body = paid("evt_1", "pi_1")
    reply = shop.apply_stripe_webhook(payload=body, signature=header(body))
    assert reply["effect"] == "paid"
    assert shop.get("ticket_orders", order["id"])["payment_status"] == "paid"
    assert shop.count("tickets", where={"order_id": order["id"]}) == 2
    assert shop.apply_stripe_webhook(payload=body, signature=header(body))["effect"] == "duplicate"
    assert shop.count("tickets", where={"order_id": order["id"]}) == 2


BODY = paid("evt_1", "pi_1")
GOOD = header(BODY).split(",")[1]


@pytest.mark.parametrize(
    "signature",
    [
        header(BODY),
        header(BODY, at=NOW - 300),
        header(BODY, at=NOW - 301),
        header(BODY, at=NOW + 300),
        header(BODY, secret="whsec_other"),
        header(BODY) + ",v0=00",
        f"t={NOW},v1=00,{GOOD}",
        f"{GOOD},t={NOW}",
        f"t={NOW},v0={GOOD[3:]}",
        f"t={NOW}, {GOOD}",
        f"t={NOW},v1={GOOD[3:].upper()}",
        GOOD,
        f"t={NOW}",
        f"t=,{GOOD}",
        f"t=soon,{GOOD}",
        ",",
        "t",
    ],
)
def test_both_judge_alike(shop: ec.Session, signature: str) -> None:
    assert accepted_here(shop, BODY, signature) == accepted_by_stripe(BODY, signature)


def test_a_time_far_ahead_is_refused_here_alone(shop: ec.Session) -> None:
    signature = header(BODY, at=NOW + 301)
    assert accepted_by_stripe(BODY, signature)
    assert not accepted_here(shop, BODY, signature)


def test_a_changed_body_is_refused(shop: ec.Session) -> None:
    signature = header(BODY)
    for changed in (BODY + " ", BODY.replace("5000", "5001"), json.dumps(json.loads(BODY))):
        assert not accepted_by_stripe(changed, signature)
        assert not accepted_here(shop, changed, signature)
    assert shop.count("payment_events") == 0


def test_an_unknown_intent_is_taken_when_its_order_is_there(festival: Festival, shop: ec.Session) -> None:
    body = paid("evt_1", "pi_1")
    assert shop.apply_stripe_webhook(payload=body, signature=header(body))["effect"] == "unknown_order"
    begin(festival, shop, "pi_1")
    assert shop.apply_stripe_webhook(payload=body, signature=header(body))["effect"] == "paid"


def test_the_secret_comes_out_nowhere(festival: Festival) -> None:
    session = festival.service()
    key = "set-the-secret-once"
    given = {"kind": "stripe_webhook", "name": "live", "value": SECRET}
    replies = [session.call("set_integration_secret", given, idempotency_key=key) for _ in range(2)]
    assert replies[0] == replies[1]
    with pytest.raises(ec.Conflict) as refused:
        session.call("set_integration_secret", {**given, "value": SECRET + "2"}, idempotency_key=key)
    told = [repr(replies), str(refused.value), repr(vars(refused.value))]
    for table in ("integration_secrets", "audit_logs"):
        told += [repr(row) for row in session.list(table, columns=["*"])]
    told += [repr(change) for change in session.changes()]
    assert len(told) > 5
    assert all(SECRET not in text for text in told)
    festival.engine.close()
    for file in festival.folder.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


def test_credentials_are_shown_once_per_look(festival: Festival) -> None:
    owner = festival.engine.session(ec.Principal.user(festival.owner_id))
    platform: UUID = festival.session.insert("social_media_platforms", {"platform_name": "instagram"})["id"]
    account = owner.insert(
        "social_media_accounts",
        {"platform_id": platform, "account_handle": "@aurora", "api_credentials": {"token": SECRET}},
    )
    assert "api_credentials" not in account
    look = {"table": "social_media_accounts", "id": account["id"]}
    key = "one-look-at-the-token"
    assert SECRET in owner.call("reveal_secret", look, idempotency_key=key)["value"]
    assert owner.call("reveal_secret", look, idempotency_key=key)["value"] is None
    looks = owner.list("audit_logs", where={"operation": "reveal"}, columns=["*"])
    entries = list(looks)
    assert len(entries) == 1
    assert entries[0]["user_id"] == festival.owner_id
    assert str(account["id"]) in repr(entries[0])
    assert SECRET not in repr(entries[0])
