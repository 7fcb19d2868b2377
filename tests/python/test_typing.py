"""The types that ship are complete and true: mypy --strict over package, tests and examples; stubtest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ["EC_SOURCE_DIR"])
CACHE = Path(os.environ["EC_BUILD_DIR"]) / "mypy"


def run(*arguments: str) -> None:
    environment = os.environ | {"MYPYPATH": "", "MYPY_CACHE_DIR": str(CACHE)}
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_package_tests_and_examples_are_strictly_typed() -> None:
    run("mypy")


def test_types_and_behaviour_agree() -> None:
    run("mypy.stubtest", "eventcore", "--concise")
