"""The wheel: built as `pip install .` does it, installed into a clean virtual environment, and used there; what the
source distribution holds; and the native module once more with the newest pybind11, since the build tree may have an
older one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(os.environ["EC_SOURCE_DIR"])
BUILD = Path(os.environ["EC_BUILD_DIR"])
TREE = BUILD.parent / f"{BUILD.name}-wheel"
TOUR = """
import datetime, pathlib, sys, tempfile, uuid
import eventcore as ec

assert "site-packages" in ec.__file__ and ec.version()["eventcore"] == ec.__version__
with tempfile.TemporaryDirectory() as folder, ec.open(
    pathlib.Path(folder) / "tour.ecdb", key=ec.Key.raw(bytes(range(32))), create=True
) as engine:
    session = engine.session(ec.Principal.service("tour"))
    made = session.create_organization(name="Aurora", owner={"email": "ada@example.org", "full_name": "Ada"})
    now = engine.clock.now()
    event = session.insert("events", {"organization_id": made["organization"]["id"], "name": "Night",
        "status": "confirmed", "start_datetime": now, "end_datetime": now + datetime.timedelta(hours=5)})
    category = session.insert("ticket_categories", {"event_id": event["id"], "name": "Standing",
        "base_price": "25.00", "total_quantity": 9})
    sale = session.place_order(event_id=event["id"], items=[{"ticket_category_id": category["id"], "quantity": 2}],
        payment={"method": "cash", "amount": "50.00"})
    code = session.ticket_qr(ticket_id=sale["tickets"][0]["id"])["code"]
    print(session.check_in(event_id=event["id"], code=code)["outcome"])
    assert session.verify_store()["ok"] and isinstance(event["id"], uuid.UUID)
"""


def run(*command: str | Path, **environment: str) -> str:
    # Nothing of this test's own package may be found by accident.
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(word) for word in command], env=kept | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    place = BUILD / "wheel"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    yield place
    shutil.rmtree(TREE, ignore_errors=True)


@pytest.fixture(scope="module")
def sdist(folder: Path) -> Path:
    script = "from scikit_build_core.build import build_sdist; import sys; print(build_sdist(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", script, str(folder)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    """Built with the tools of the test environment, in a build tree of its own beside the main one. Depth of the
    folder, compiler and warnings are the main build's, so that ccache knows most of the objects."""
    jobs = os.environ.get("EVENTCORE_JOBS", str(os.cpu_count() or 1))
    run(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", folder,
        "-C", f"build-dir={TREE}", "-C", "cmake.define.EVENTCORE_WERROR=ON", ROOT,
        CC="cc", CXX="c++", CMAKE_BUILD_PARALLEL_LEVEL=jobs,
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    (built,) = folder.glob("eventcore-*.whl")
    return built


def test_the_source_distribution_holds_no_sqlcipher(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert not [name for name in names if name.endswith(("sqlite3.c", "sqlite3.h", ".o", ".so", ".ecdb"))]
    assert {"pyproject.toml", "CMakeLists.txt", "LICENSE", "NOTICE", "third_party/sqlcipher/fetch.sh",
            "bindings/python/src/native.cpp", "bindings/python/eventcore/py.typed"} <= set(names)
    assert sdist.stat().st_size < 4_000_000


def test_the_wheel_is_whole_and_exports_only_its_init(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (native,) = [name for name in names if re.fullmatch(r"eventcore/_native\.[\w.-]+\.so", name)]
        archive.extract(native, folder)
    assert {"eventcore/__init__.py", "eventcore/py.typed", "eventcore/_native.pyi", "eventcore/aio.py",
            "eventcore/_generated/commands.py"} <= set(names)
    assert not [name for name in names if not name.startswith("eventcore")]
    assert any(name.endswith("NOTICE") for name in names) and any(name.endswith("LICENSE") for name in names)
    exported = run("nm", "-D", "--defined-only", folder / native).split()
    assert exported[2::3] == ["PyInit__native"]


def test_auditwheel_accepts_and_repairs_it(wheel: Path, folder: Path) -> None:
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = run(sys.executable, "-m", "auditwheel", "show", wheel, PATH=tools)
    assert "manylinux_2_" in told, told
    run(sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", folder / "repaired", wheel, PATH=tools)
    (repaired,) = (folder / "repaired").glob("*.whl")
    assert "manylinux_2_" in repaired.name
    with zipfile.ZipFile(repaired) as archive:
        assert any("libsodium" in name for name in archive.namelist())


def test_a_clean_environment_sells_with_it(wheel: Path, folder: Path) -> None:
    repaired = list((folder / "repaired").glob("*.whl"))
    for number, one in enumerate([wheel, *repaired]):
        place = folder / f"clean-{number}"
        venv.create(place, with_pip=True, clear=True)
        python = place / "bin" / "python"
        run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", one)
        assert run(python, "-W", "error", "-c", TOUR).strip() == "admitted"
    office = run(python, "-W", "error", ROOT / "examples/python/box_office.py", folder / "office", "--places", "1")
    assert "so far: 1 sold" in office


def test_the_newest_pybind11_builds_it_too(folder: Path) -> None:
    import pybind11

    assert tuple(map(int, pybind11.__version__.split(".")[:2])) >= (3, 0)
    target = folder / "newest"
    target.mkdir()
    for name in ("native", "arrow"):
        run("c++", "-std=c++20", "-O0", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror",
            "-isystem", pybind11.get_include(), "-isystem", sysconfig.get_paths()["include"],
            "-I", ROOT / "bindings" / "c" / "include", "-c", ROOT / "bindings" / "python" / "src" / f"{name}.cpp",
            "-o", target / f"{name}.o")
    package = target / "eventcore"
    shutil.copytree(ROOT / "bindings" / "python" / "eventcore", package, ignore=shutil.ignore_patterns("__pycache__"))
    run("c++", "-shared", "-o", package / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}", target / "native.o",
        target / "arrow.o", "-L", BUILD, f"-Wl,-rpath,{BUILD}", "-leventcore")
    told = run(sys.executable, "-W", "error", "-c", TOUR.replace('"site-packages"', '"newest"'), PYTHONPATH=str(target))
    assert told.strip() == "admitted"
