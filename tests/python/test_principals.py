"""Principals that come with a secret: API keys and JSON Web Tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from festival import EVENING, KEY, Festival

import eventcore as ec

SECRET = bytes(range(32, 64))


def signed(claims: dict[str, Any], secret: bytes = SECRET, algorithm: str = "HS256") -> str:
    """A token as an identity provider makes it, with the standard library alone."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    text = f"{part(json.dumps({'alg': algorithm, 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def claims(festival: Festival, **more: Any) -> dict[str, Any]:
    later = EVENING + timedelta(hours=2)
    return {"sub": str(festival.owner_id), "aud": "shop", "exp": int(later.timestamp()), **more}


def reopened(festival: Festival) -> ec.Engine:
    festival.engine.close()
    engine = ec.open(
        festival.store_path, key=ec.Key.raw(KEY), test_clock=True, jwt=ec.Jwt.hs256(SECRET, audience="shop")
    )
    engine.clock.set(EVENING)
    return engine


def test_a_token_names_a_user_until_it_expires(festival: Festival) -> None:
    with reopened(festival) as engine:
        session = engine.session(ec.Principal.jwt(signed(claims(festival))))
        assert session.get("users", festival.owner_id)["role"] == "owner"
        engine.clock.set(EVENING + timedelta(hours=2, seconds=30))
        with pytest.raises(ec.AccessDenied) as refused:
            session.count("users")
        assert refused.value.code == "unauthenticated"


@pytest.mark.parametrize(
    "token",
    [
        lambda festival: signed(claims(festival), secret=bytes(32)),
        lambda festival: signed(claims(festival), algorithm="none"),
        lambda festival: signed(claims(festival, aud="elsewhere")),
        lambda festival: signed(claims(festival, role="service_role")),
        lambda festival: signed(claims(festival, role="guest")),
        lambda festival: signed(claims(festival))[:-1],
        lambda festival: "",
    ],
)
def test_a_token_with_a_defect_is_refused(festival: Festival, token: Any) -> None:
    with reopened(festival) as engine, pytest.raises(ec.AccessDenied) as refused:
        engine.session(ec.Principal.jwt(token(festival)))
    assert refused.value.code == "unauthenticated"


def test_keys_of_tokens_are_checked_when_the_store_is_opened(festival: Festival) -> None:
    festival.engine.close()
    for jwt in (ec.Jwt.hs256(bytes(31)), ec.Jwt.eddsa(bytes(31))):
        with pytest.raises(ec.EventcoreError) as refused:
            ec.open(festival.store_path, key=ec.Key.raw(KEY), jwt=jwt)
        assert refused.value.code == "invalid_argument"
    with pytest.raises(TypeError):
        ec.open(festival.store_path, key=ec.Key.raw(KEY), jwt=SECRET)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        ec.Jwt.hs256("text")  # type: ignore[arg-type]
    assert "Jwt.hs256(...)" == repr(ec.Jwt.hs256(SECRET))


def test_an_api_key_is_made_used_and_taken_back(festival: Festival) -> None:
    owner = festival.engine.session(ec.Principal.user(festival.owner_id))
    made = owner.create_api_key(name="Shop", permissions=["ticketing", "events:read"])
    key = festival.engine.session(ec.Principal.api_key(made["token"]))
    assert key.count("tickets") == 1
    assert key.get("events", festival.event_id)["name"] == "Aurora Night"
    with pytest.raises(ec.AccessDenied):
        key.update("events", festival.event_id, {"name": "Mine"})
    owner.revoke_api_key(api_key_id=made["api_key"]["id"])
    with pytest.raises(ec.AccessDenied) as refused:
        key.count("tickets")
    assert refused.value.code == "unauthenticated"


def test_who_may_and_why_not(festival: Festival) -> None:
    owner = festival.engine.session(ec.Principal.user(festival.owner_id))
    member = owner.invite_user(email="max@example.org", full_name="Max")["user"]
    why = festival.engine.session(ec.Principal.user(member["id"])).explain_access("venues", "create", values=dict(
        name="Hall", address="1 Main Street", max_capacity=10
    ))
    assert why["allowed"] is False
    assert "a manager of the organization or more is needed" in why["conditions"][0]["because"]
    may = owner.list_principals_who_can(table="events", operation="update", id=festival.event_id)
    assert [who["name"] for who in may["principals"]] == ["Olga"]
