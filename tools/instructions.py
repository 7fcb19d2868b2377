#!/usr/bin/env python3
"""Instructions that one operation of the engine takes, counted by callgrind and held against a budget.

instructions.py PROGRAM           PROGRAM is bench_instructions; answers 1 when an operation takes more or fewer
                                  instructions than benchmarks/instructions.json says, beyond the tolerance there
instructions.py --update PROGRAM  writes the budget anew: a change that costs or saves says so in its commit
instructions.py --table PROGRAM   also prints where they go, by function, inclusive

Machine and load do not matter, only the code does; another compiler or libcrypto may, which the tolerance allows for.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUDGET = ROOT / "benchmarks/instructions.json"
TOLERANCE = 0.06
TABLE_LINES = 40


def count(program, table):
    """Instructions of one call, by operation."""
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder, "store")
        store.mkdir()
        dump = pathlib.Path(folder, "callgrind")
        ran = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={dump}", program, store],
            capture_output=True, text=True)
        if ran.returncode != 0:
            sys.exit(f"{program} failed under callgrind:\n{ran.stderr[-2000:]}")
        calls = {name: int(number) for name, number in (line.split() for line in ran.stdout.splitlines())}
        counts = {}
        for part in sorted(pathlib.Path(folder).glob("callgrind.*")):
            text = part.read_text(errors="replace")
            name = re.search(r"^desc: Trigger: Client Request: (\S+)$", text, re.MULTILINE)
            total = re.search(r"^summary: (\d+)", text, re.MULTILINE)
            if not name or not total:
                continue
            counts[name[1]] = int(total[1]) // calls[name[1]]
            if table:
                show(name[1], part)
        return counts


def show(name, part):
    print(f"--- {name}")
    told = subprocess.run(["callgrind_annotate", "--inclusive=yes", part], capture_output=True, text=True).stdout
    rows = [line for line in told.splitlines() if re.match(r"^\s*[\d,]+ \(", line)]
    print("\n".join(re.sub(r" \[.*$", "", row)[:160] for row in rows[:TABLE_LINES]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("program")
    given = parser.parse_args()
    counts = count(given.program, given.table)
    if given.update:
        BUDGET.write_text(json.dumps(counts, indent=2) + "\n")
        print(f"written: {BUDGET.relative_to(ROOT)}")
        return 0
    budget = json.loads(BUDGET.read_text())
    wrong = sorted(budget.keys() ^ counts.keys())
    for name in sorted(budget.keys() & counts.keys()):
        change = counts[name] / budget[name] - 1
        print(f"{name:14} {counts[name]:12,} instructions, budget {budget[name]:12,} ({change:+.1%})")
        if abs(change) > TOLERANCE:
            wrong.append(name)
    if wrong:
        print(f"not as budgeted: {', '.join(wrong)}; if that is meant: tools/instructions.py --update {given.program}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
