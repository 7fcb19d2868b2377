"""Bad input, walked from the schema: for every table and every command, whatever is wrong is a documented error that
names every bad field at once, and nothing is changed. New tables and commands join by being declared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from festival import Festival, festival_in_temporary_folder

import eventcore as ec

SCHEMA = ec.schema()
TABLES: list[dict[str, Any]] = SCHEMA["tables"]
COMMANDS: list[dict[str, Any]] = SCHEMA["commands"]
CODES = {error["name"] for error in SCHEMA["errors"]}
NO_INT64 = 2**63
MISTYPED: dict[str, Any] = {
    "uuid": "no-uuid",
    "text": 7,
    "boolean": "yes",
    "integer": "7",
    "money": "12,50",
    "decimal": "a lot",
    "timestamptz": "yesterday",
    "date": "01/02/2030",
    "enum": "no such value",
    "text[]": "one",
    "uuid[]": ["one"],
    "point": "here",
    "inet": "999.1.1.1",
    "blob": "xyz",
    "object": "no object",
}
VALID: dict[str, Any] = {
    "text": "text",
    "boolean": True,
    "integer": 1,
    "money": "1.00",
    "decimal": "1",
    "timestamptz": "2031-05-01T10:00:00Z",
    "date": "2031-05-01",
    "json": {},
    "text[]": ["one"],
    "uuid[]": [],
    "point": {"x": "1", "y": "1"},
    "inet": "127.0.0.1",
    "sealed": "secret",
    "blob": "00",
}


@dataclass(frozen=True)
class World:
    """A festival, the sessions that are misused, and ids of another organization."""

    festival: Festival
    session: ec.Session
    watcher: ec.Session
    own: dict[str, UUID]
    foreign: dict[str, UUID]

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Nothing is written in the block: not a row, not a change, not a commit."""
        before = self.state()
        yield
        assert self.state() == before

    def state(self) -> tuple[int, int]:
        last = self.festival.engine.stats()["commits"]
        return last, sum(self.watcher.count(table) for table in ("audit_logs", "ticket_orders", "tickets"))

    def refused(self, error: ec.EventcoreError) -> None:
        assert error.code in CODES and error.number // 1000 in (2, 3, 4, 5), error
        assert not isinstance(error, ec.InternalError | ec.StoreError), error


def ids_of(session: ec.Session, organization_id: UUID) -> dict[str, UUID]:
    """One row of each table that has any, by table."""
    found = {"organizations": organization_id}
    for table in TABLES:
        row = session.list(table["name"], limit=1, columns=["id"]).first()
        if row is not None:
            found.setdefault(table["name"], row["id"])
    return found


def another_organization(festival: Festival) -> UUID:
    """A second tenant with an event, a venue, a category and a sale."""
    session = festival.session
    made = session.create_organization(name="Borealis", owner={"email": "bo@example.org", "full_name": "Bo"})
    organization_id = made["organization"]["id"]
    session.insert("venues", {"organization_id": organization_id, "name": "x", "address": "x", "max_capacity": 10})
    event = session.insert("events", {"organization_id": organization_id, "name": "Polar Night", "status": "confirmed",
                                      "start_datetime": "2031-06-01T18:00:00Z", "end_datetime": "2031-06-01T23:00:00Z"})
    category = session.insert("ticket_categories", {"event_id": event["id"], "name": "All", "base_price": "5.00",
                                                    "total_quantity": 10})
    session.place_order(event_id=event["id"], items=[{"ticket_category_id": category["id"], "quantity": 1}],
                        payment={"method": "cash", "amount": "5.00"})
    session.register_device(event_id=event["id"], name="Gate")
    return organization_id


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with festival_in_temporary_folder() as festival:
        other = another_organization(festival)
        festival.session.register_device(event_id=festival.event_id, name="Gate")
        bound = festival.service()
        foreign = festival.engine.session(ec.Principal.service("other", other))
        own = ids_of(bound, festival.organization_id)
        yield World(festival, bound, festival.service(), own, ids_of(foreign, other))


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


def out_of_range(item: dict[str, Any]) -> list[Any]:
    """Values just outside what a column or argument takes."""
    kind, wrong = item["type"], list[Any]()
    if kind == "integer":
        wrong = [NO_INT64, -NO_INT64 - 1, 1.5]
        wrong += [item["min"] - 1] if item.get("min", -NO_INT64) > -NO_INT64 else []
        wrong += [item["max"] + 1] if item.get("max", NO_INT64) < NO_INT64 - 1 else []
    elif kind in ("money", "decimal"):
        wrong = ["99999999999999999999", "0.00001", "NaN", "1e3" if kind == "money" else "-"]
        wrong += ["-0.01"] if item.get("min") == "0" else []
        wrong += [item["max"] + "1"] if "max" in item and "." in item["max"] else []
    elif kind == "text":
        wrong += ["x" * (item["characters_max"] + 1)] if "characters_max" in item else []
        wrong += ["x" * (item["bytes_max"] + 1), "ä" * (item["bytes_max"] // 2 + 1)] if "bytes_max" in item else []
    elif kind == "text[]":
        wrong = [["x" * 20_001], ["x"] * 101 if not item["long"] else [7]]
    elif kind == "json":
        wrong = [{"x": "x" * 300_000}]
    elif kind == "timestamptz":
        wrong = ["2031-13-01T00:00:00Z", "2031-01-01T00:00:00", "2031-02-30T00:00:00Z"]
    elif kind == "date":
        wrong = ["2031-02-30", "2031-1-1"]
    elif kind == "uuid":
        wrong = ["", "01c3400f-6040-7737-bdaf", 7]
    return wrong


# ---- tables ----------------------------------------------------------------------------------------------------------


def is_required(column: dict[str, Any]) -> bool:
    """Whether a service must give it: digests and public keys too, which only an import gives."""
    blob = column["type"] == "blob" and column["writable"] and not column["nullable"] and "default" not in column
    return blob or bool(column["required"])


def valid_row(table: dict[str, Any], ids: dict[str, UUID]) -> dict[str, Any]:
    """What the table needs, with references that exist where there are rows to refer to."""
    row: dict[str, Any] = {}
    for column in table["columns"]:
        if not is_required(column):
            continue
        if "references" in column:
            row[column["name"]] = ids.get(column["references"], uuid4())
        elif column["type"] == "enum":
            row[column["name"]] = SCHEMA["enums"][column["enum"]][0]
        else:
            row[column["name"]] = "a@example.org" if "email" in column["name"] else VALID[column["type"]]
    return row


def refused_fields(world: World, table: str, row: Any) -> set[str]:
    """The fields that an insert is refused for."""
    with world.unchanged(), pytest.raises(ec.ValidationError) as caught:
        world.session.insert(table, row)
    world.refused(caught.value)
    return set(caught.value.fields)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["name"]))
def test_rows(world: World, table: dict[str, Any]) -> None:
    name = table["name"]
    writable = [column for column in table["columns"] if column["writable"]]
    required = {column["name"] for column in writable if is_required(column)}

    assert refused_fields(world, name, {"no_such_column": 1, "nor_this": None}) >= {"no_such_column", "nor_this"}
    if required:
        assert refused_fields(world, name, {}) == required
        assert refused_fields(world, name, dict.fromkeys(required)) == required, "null is no value"
    mistyped = {column["name"]: MISTYPED[column["type"]] for column in writable if column["type"] in MISTYPED}
    fields = refused_fields(world, name, mistyped)
    assert set(mistyped) <= fields <= set(mistyped) | required, "all bad fields at once, and only those"
    for column in writable:
        for value in out_of_range(column):
            assert column["name"] in refused_fields(world, name, {column["name"]: value}), (column["name"], value)
    for value in (deep(70), deep(500), "nul\0nul"):
        with world.unchanged(), pytest.raises(ec.ValidationError) as caught:
            world.session.insert(name, {writable[-1]["name"]: value})
        assert caught.value.code == "invalid_json"
    position = 1
    with world.unchanged(), pytest.raises(ec.EventcoreError) as refused:
        world.session.insert_many(name, [valid_row(table, world.own), {**mistyped, "no_such_column": 1}])
    if refused.value.code == "invalid_argument":
        assert refused.value.detail["position"] == str(position)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["name"]))
def test_references_to_rows_that_are_absent_or_foreign(world: World, table: dict[str, Any]) -> None:
    row = valid_row(table, world.own)
    for column in table["columns"]:
        target = column.get("references")
        if not column["writable"] or target in (None, "organizations", "social_media_platforms"):
            continue
        told = []
        for id in (uuid4(), world.foreign.get(target)):
            if id is not None:
                with world.unchanged(), pytest.raises(ec.EventcoreError) as caught:
                    world.session.insert(table["name"], {**row, column["name"]: id})
                world.refused(caught.value)
                told.append((caught.value.code, caught.value.message))
        assert len(set(told)) == 1, f"{column['name']}: a foreign row answers unlike an absent one: {told}"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["name"]))
def test_ids_that_are_absent_foreign_or_none(world: World, table: dict[str, Any]) -> None:
    name, session = table["name"], world.session
    foreign = world.foreign.get(name)
    absent: list[UUID] = [uuid4(), UUID(int=0), *([foreign] if foreign and not table["global"] else [])]
    change = {"no_such_column": 1}
    for id in absent:
        with world.unchanged():
            with pytest.raises(ec.NotFound):
                session.get(name, id)
            with pytest.raises((ec.NotFound, ec.AccessDenied)):
                session.update(name, id, {})
            with pytest.raises(ec.ValidationError) as caught:
                session.update(name, id, change)
            assert set(caught.value.fields) == {"no_such_column"}
            with pytest.raises((ec.NotFound, ec.AccessDenied)):
                session.delete(name, id)
    for bad in ("", "x", "01c3400f-6040-7737-bdaf-3c8beefe146", "{}"):
        with world.unchanged():
            for use in (lambda: session.get(name, bad), lambda: session.update(name, bad, {}),
                        lambda: session.delete(name, bad)):
                with pytest.raises(ec.ValidationError) as refused:
                    use()
                assert "id" in refused.value.fields


@pytest.mark.parametrize("table", TABLES, ids=lambda table: str(table["name"]))
def test_queries(world: World, table: dict[str, Any]) -> None:
    name, session = table["name"], world.session
    bad: list[dict[str, Any]] = [
        {"where": {"no_such_column": 1}},
        {"where": {"id": {"no_such_operator": 1}}},
        {"where": {"id": "no-uuid"}},
        {"where": {"or": {"id": None}}},
        {"where": [1]},
        {"order_by": ["no_such_column"]},
        {"order_by": [""]},
        {"columns": ["no_such_column"]},
        {"expand": ["no_such_column"]},
        {"expand": ["version"]},
        {"limit": 0},
        {"limit": -1},
        {"after": "no cursor"},
        {"after": "AAAA"},
    ]
    nested: dict[str, Any] = {"id": None}
    for _ in range(20):
        nested = {"not": nested}
    bad.append({"where": nested})
    for column in table["columns"]:
        if column["type"] in ("uuid", "integer", "money", "decimal", "timestamptz", "date", "boolean", "enum"):
            bad.append({"where": {column["name"]: {"eq": MISTYPED[column["type"]]}}})
    for query in bad:
        with pytest.raises(ec.ValidationError) as caught:
            session.list(name, **query).all()
        world.refused(caught.value)


def test_unknown_tables_and_commands(world: World) -> None:
    session: Any = world.session
    use: Callable[[str], object]
    of_tables: list[Callable[[str], object]] = [
        lambda name: session.get(name, uuid4()),
        lambda name: session.list(name).all(),
        lambda name: session.count(name),
        lambda name: session.insert(name, {}),
        lambda name: session.insert_many(name, []),
        lambda name: session.update(name, uuid4(), {}),
        lambda name: session.delete(name, uuid4()),
    ]
    of_commands: list[Callable[[str], object]] = [
        lambda name: session.call(name),
        lambda name: session.submit(name).result(),
        lambda name: session.call_many([(name, {})]),
    ]
    for name in ("", "no_such_table", "venues; drop", "sqlite_master", "Venues", "v" * 10_000):
        for code, uses in (("unknown_table", of_tables), ("unknown_command", of_commands)):
            for use in uses:
                with world.unchanged(), pytest.raises(ec.ValidationError) as caught:
                    use(name)
                assert caught.value.code == code


# ---- commands --------------------------------------------------------------------------------------------------------


def valid_argument(argument: dict[str, Any], ids: dict[str, UUID]) -> Any:
    value: Any
    if "fields" in argument:
        value = {field["name"]: valid_argument(field, ids) for field in argument["fields"] if field["required"]}
    elif argument["type"] == "enum":
        value = SCHEMA["enums"][argument["enum"]][0]
    elif argument["type"] == "uuid":
        word = argument["name"].removesuffix("_id")
        tables = [name for name in ids if name.rstrip("s") == word or name.endswith(f"_{word}s") or name == f"{word}s"]
        tables += ["ticket_categories"] if word == "ticket_category" else []
        value = ids[tables[0]] if tables else uuid4()
    else:
        value = "a@example.org" if argument["name"].endswith("email") else VALID[argument["type"]]
    return [value] if argument["list"] else value


def mistyped_argument(argument: dict[str, Any], path: str) -> tuple[Any, set[str]]:
    """A wrong value and the paths that are to be named for it."""
    if "fields" in argument:
        here = f"{path}[0]" if argument["list"] else path
        inner = {field["name"]: mistyped_argument(field, f"{here}.{field['name']}") for field in argument["fields"]
                 if field["type"] in MISTYPED}
        value = {name: one for name, (one, _) in inner.items()}
        paths = {one for _, named in inner.values() for one in named}
        return ([value], paths) if argument["list"] else (value, paths)
    wrong = MISTYPED[argument["type"]]
    return ([wrong], {f"{path}[0]"}) if argument["list"] else (wrong, {path})


def refused_arguments(world: World, command: dict[str, Any], arguments: Any) -> set[str]:
    with world.unchanged(), pytest.raises(ec.ValidationError) as caught:
        world.session.call(command["name"], arguments)
    world.refused(caught.value)
    return set(caught.value.fields)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command["name"]))
def test_arguments(world: World, command: dict[str, Any]) -> None:
    arguments = command["arguments"]
    required = {argument["name"] for argument in arguments if argument["required"]}
    assert refused_arguments(world, command, {"no_such_argument": 1, "nor_this": {}}) >= {
        "no_such_argument", "nor_this", *required}
    if required:
        assert refused_arguments(world, command, {}) == required
        assert refused_arguments(world, command, dict.fromkeys(required)) == required
    wrong = {argument["name"]: mistyped_argument(argument, argument["name"]) for argument in arguments
             if argument["type"] in MISTYPED}
    if wrong:
        named = {path for _, paths in wrong.values() for path in paths}
        fields = refused_arguments(world, command, {name: value for name, (value, _) in wrong.items()})
        assert fields >= named, f"all bad fields at once: {named - fields} are missing"
    for argument in arguments:
        one = argument["name"]
        if "fields" not in argument and not argument["list"]:
            limits = {"long": True, **argument}
            for value in out_of_range(limits) if argument["type"] not in ("json", "text[]") else []:
                assert one in refused_arguments(world, command, {one: value}), (one, value)
        for value in (deep(70), deep(500), "nul\0nul"):
            with world.unchanged(), pytest.raises(ec.ValidationError) as caught:
                world.session.call(command["name"], {one: value})
            assert caught.value.code == "invalid_json"
        if "fields" in argument or argument["list"]:
            for value in ("text", 7, [[]] if argument["list"] else []):
                fields = refused_arguments(world, command, {one: value})
                assert any(field.startswith(one) for field in fields), (one, value, fields)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command["name"]))
def test_arguments_naming_rows_that_are_absent_or_foreign(world: World, command: dict[str, Any]) -> None:
    arguments = command["arguments"]
    valid = {argument["name"]: valid_argument(argument, world.own) for argument in arguments if argument["required"]}
    named = [argument for argument in arguments if argument["type"] == "uuid" and not argument["list"]]
    for argument in named:
        foreign = valid_argument(argument, world.foreign)
        for id in (uuid4(), UUID(int=0), foreign):
            with world.unchanged():
                try:
                    world.session.call(command["name"], {**valid, argument["name"]: id})
                except ec.EventcoreError as error:
                    world.refused(error)
                    general = {"not_found", "reference_not_found", "command_denied", "organization_required",
                               "invalid_argument", "policy_denied", "unknown_table"}
                    assert error.code in general | set(command["errors"]), error
                else:
                    assert not command["mutates"], f"{command['name']} took {argument['name']} {id}"


def test_a_request_may_be_too_large(world: World) -> None:
    with world.unchanged(), pytest.raises(ec.ValidationError) as caught:
        world.session.insert("venues", {"name": "x" * (5 * 1024 * 1024)})
    assert caught.value.code == "request_too_large"


def test_no_key_is_named_by_what_refuses_an_argument(tmp_path: Any) -> None:
    raw, words = b"secret-key-of-exactly-32-bytes-!", "secret words of the office"

    def opened(key: ec.Key, **options: Any) -> Callable[[], object]:
        return lambda: ec.open(tmp_path / "a.ecdb", key=key, create=True, **options)

    def tokens(**options: Any) -> Callable[[], object]:
        return lambda: ec.Jwt.hs256(raw, **options)

    wrong: list[tuple[Callable[[], object], type[Exception]]] = [
        (opened(ec.Key.raw(raw), cache_bytes=64e6), TypeError),
        (opened(ec.Key.raw(raw), cache_bytes=2**70), ValueError),
        (opened(ec.Key.passphrase(words), cache_bytes="64"), TypeError),
        (tokens(audience=7), TypeError),
        (tokens(audience=""), ValueError),
        (tokens(issuer=b"shop"), TypeError),
    ]
    for call, kind in wrong:
        with pytest.raises(kind) as refused:
            call()
        assert "secret" not in str(refused.value)
    with pytest.raises(ValueError, match="must not be empty"):
        replace(ec.Jwt.hs256(raw, audience="shop"), audience="")
    assert not (tmp_path / "a.ecdb").exists()


@pytest.mark.parametrize("version", [0, -1, 2**70, 1.0, "1", True])
def test_a_version_that_none_can_be_is_refused_and_the_row_kept_out_of_it(festival: Festival, version: Any) -> None:
    session, private = festival.service(), {"name": "Mrs Private"}
    barn = {"organization_id": festival.organization_id, "name": "Barn", "address": "Lane 1", "max_capacity": 5}
    venue = session.insert("venues", barn)
    for call in (
        lambda: session.update("venues", venue["id"], private, if_version=version),
        lambda: session.delete("venues", venue["id"], if_version=version),
    ):
        with pytest.raises((TypeError, ValueError)) as refused:
            call()
        assert "Private" not in str(refused.value)
    assert session.get("venues", venue["id"])["name"] == "Barn"


# ---- options ---------------------------------------------------------------------------------------------------------


NUMBERS: dict[str, Callable[[World, Any], object]] = {
    "since": lambda world, number: next(world.session.changes(number), None),
    "limit": lambda world, number: world.session.list("events", limit=number).all(),
    "if_version": lambda world, number: world.session.delete("events", world.own["events"], if_version=number),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_an_option_that_is_no_whole_number_is_refused_by_its_name(world: World, name: str) -> None:
    for wrong, kind in (("1", TypeError), (b"1", TypeError), (1.0, TypeError), (float("nan"), TypeError),
                        (True, TypeError), ([1], TypeError), (NO_INT64, ValueError), (-NO_INT64 - 1, ValueError)):
        with world.unchanged(), pytest.raises(kind, match=f"^{name} (must be a whole number|is out of range)"):
            NUMBERS[name](world, wrong)
    with world.unchanged(), pytest.raises((ec.ValidationError, ValueError), match=name):
        NUMBERS[name](world, -1)


def test_the_changes_awaited_are_counted_in_whole_numbers_too(festival: Festival) -> None:
    async def first(since: Any) -> object:
        async with await ec.aio.AsyncEngine(festival.engine).session(ec.Principal.service("aio")) as session:
            return await anext(session.changes(since))

    for wrong, kind in (("1", TypeError), (1.5, TypeError), (NO_INT64, ValueError)):
        with pytest.raises(kind, match="^since "):
            asyncio.run(first(wrong))


OUT_OF_UTC = [
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=5))),
]


@pytest.mark.parametrize("moment", OUT_OF_UTC, ids=["after the year 9999", "before the year 1"])
def test_a_time_that_utc_cannot_write_is_out_of_range(festival: Festival, moment: datetime) -> None:
    session, engine = festival.session, festival.engine
    told: list[tuple[Callable[[], object], str]] = [
        (lambda: session.update("events", festival.event_id, {"end_datetime": moment}), "end_datetime"),
        (lambda: session.count("events", where={"end_datetime": {"lt": moment}}), "end_datetime.lt"),
        (lambda: session.list("events", where={"end_datetime": {"in": [moment]}}).all(), "end_datetime.in[0]"),
    ]
    for use, field in told:
        with pytest.raises(ec.ValidationError, match="must be an RFC 3339 time") as caught:
            use()
        assert list(caught.value.fields) == [field]
    now = engine.clock.now()
    with pytest.raises(ValueError, match="out of range"):
        engine.clock.set(moment)
    assert engine.clock.now() == now
    for edge in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        assert session.count("events", where={"end_datetime": {"ne": edge}}) == 1
        engine.clock.set(edge)
        assert engine.clock.now() == edge
        with pytest.raises(TypeError, match="time zone"):
            engine.clock.set(edge.replace(tzinfo=None))


def hall(world: World) -> dict[str, Any]:
    return {"organization_id": world.festival.organization_id, "name": "Hall", "address": "Lane 1", "max_capacity": 5}


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_no_text(world: World, kind: Callable[[bytes], Any]) -> None:
    session, wrong, venue = world.session, kind(b"bytes"), hall(world)
    uses: list[Callable[[], object]] = [
        lambda: session.insert("venues", {**venue, "name": wrong}),
        lambda: session.insert("venues", {**venue, "contact_info": {"seal": wrong}}),
        lambda: session.insert("venues", {**venue, "amenities": [wrong]}),
        lambda: session.insert_many("venues", [venue, {**venue, "name": wrong}]),
        lambda: session.update("events", world.own["events"], {"name": wrong}),
        lambda: session.invite_user(email=wrong, full_name="B"),
        lambda: session.call_many([("invite_user", {"email": "b@example.org", "full_name": wrong})]),
        lambda: session.submit("invite_user", {"email": wrong, "full_name": "B"}),
        lambda: session.count("venues", where={"name": wrong}),
        lambda: session.list("venues", where={"name": {"in": [wrong]}}).all(),
        lambda: world.festival.engine.session(ec.Principal.api_key(wrong)),
    ]
    for use in uses:
        with world.unchanged(), pytest.raises(TypeError, match="bytes"):
            use()


def test_columns_of_bytes_take_bytes_and_hex(world: World) -> None:
    digest, columns = bytes(range(32)), [column for table in TABLES for column in table["columns"]]
    assert any(column["type"] == "blob" and column["writable"] for column in columns)
    service = world.festival.engine.session(ec.Principal.service("import"))
    for given in (digest, bytearray(digest), memoryview(digest), digest.hex()):
        with world.unchanged(), pytest.raises(ec.ValidationError) as caught:
            service.insert("event_keys", {"public_key": given, "no_such_column": 1})
        assert "no_such_column" in caught.value.fields and "public_key" not in caught.value.fields


NO_IDEMPOTENCY_KEY: dict[str, Callable[[World, str], object]] = {
    "call": lambda world, key: world.session.expire_orders(idempotency_key=key),
    "call_many": lambda world, key: world.session.call_many([("expire_orders", {})], idempotency_key=key),
    "submit": lambda world, key: world.session.submit("expire_orders", {}, idempotency_key=key).result(),
    "insert": lambda world, key: world.session.insert("venues", hall(world), idempotency_key=key),
    "insert_many": lambda world, key: world.session.insert_many("venues", [hall(world)], idempotency_key=key),
    "update": lambda world, key: world.session.update("events", world.own["events"], {}, idempotency_key=key),
    "delete": lambda world, key: world.session.delete("events", world.own["events"], idempotency_key=key),
}


@pytest.mark.parametrize("write", NO_IDEMPOTENCY_KEY)
def test_an_empty_idempotency_key_is_not_taken_for_none(world: World, write: str) -> None:
    for key in ("", "short"):
        with world.unchanged(), pytest.raises(ec.ValidationError) as caught:
            NO_IDEMPOTENCY_KEY[write](world, key)
        assert caught.value.code == "invalid_idempotency_key"
