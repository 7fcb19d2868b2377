"""The example programs run and do what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import eventcore as ec

EXAMPLES = Path(os.environ["EC_SOURCE_DIR"]) / "examples" / "python"
PNG = b"\x89PNG\r\n\x1a\n"


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments], capture_output=True, text=True, timeout=240
    )


def test_the_box_office_sells_and_prints_codes_that_admit(tmp_path: Path) -> None:
    first = run("box_office.py", str(tmp_path), "--places", "3")
    assert (first.returncode, first.stderr) == (0, "")
    assert "3 places, 75.00 USD in cash" in first.stdout and "█" in first.stdout
    second = run("box_office.py", str(tmp_path), "--places", "1")
    assert "so far: 4 sold, 100.00 USD" in second.stdout, second.stderr
    too_many = run("box_office.py", str(tmp_path), "--places", "500")
    assert too_many.returncode == 1 and "not sold" in too_many.stderr

    pictures = sorted(tmp_path.glob("ticket-*.png"))
    assert len(pictures) == 4 and all(picture.read_bytes().startswith(PNG) for picture in pictures)
    key = ec.Key.raw((tmp_path / "festival.key").read_bytes())
    with ec.open(tmp_path / "festival.ecdb", key=key) as engine:
        session = engine.session(ec.Principal.service("gate"))
        event = session.list("events").one()
        session = engine.session(ec.Principal.service("gate", event["organization_id"]))
        for ticket in session.list("tickets"):
            assert f"ticket-{ticket['ticket_number']}.png" in {picture.name for picture in pictures}
            code = session.ticket_qr(ticket_id=ticket["id"])["code"]
            assert session.check_in(event_id=event["id"], code=code)["outcome"] == "admitted"


def test_the_box_office_sells_with_a_code_takes_back_and_passes_on(tmp_path: Path) -> None:
    def office(*arguments: str) -> str:
        done = run("box_office.py", str(tmp_path), *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    sold = office("--places", "3", "--code", "group10")
    assert "3 places, 67.50 USD in cash" in sold
    first, second, _ = re.findall(r"^ticket (\S+) \(", sold, re.MULTILINE)
    assert f"ticket {first} is taken back: 17.50 USD" in office("--refund", first)
    passed = re.search(rf"ticket {second} is now (\S+), of Quirin", office(
        "--pass-on", second, "--to", "Quirin", "--email", "quirin@example.org"))
    assert passed and (tmp_path / f"ticket-{passed[1]}.png").read_bytes().startswith(PNG)
    assert office("--find", "q").splitlines()[0] == f"{passed[1]} Quirin: valid"
    assert f"{first} (at the counter): cancelled" in office("--find", first)
    again = run("box_office.py", str(tmp_path), "--pass-on", first, "--to", "Quirin", "--email", "quirin@example.org")
    assert again.returncode == 1 and "not done" in again.stderr


def test_the_sales_charts_are_drawn(tmp_path: Path) -> None:
    done = run("sales_charts.py", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"Standing +\d+ +\d+\.\d+", done.stdout)
    for name in ("sales-over-time.png", "revenue-by-category.png"):
        picture = (tmp_path / name).read_bytes()
        assert picture.startswith(PNG) and len(picture) > 10_000
    again = run("sales_charts.py", str(tmp_path))
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_every_example_has_a_test(example: str) -> None:
    assert f'"{example}"' in Path(__file__).read_text()
