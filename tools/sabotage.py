#!/usr/bin/env python3
"""Does the harness of power cuts notice an engine that is broken on purpose?

Compiles one changed source of the store at a time beside a finished build, links tests/faults/power_cuts_main.cpp with
it and lets it cut. Every sabotaged engine must make it fail. The sabotages that need no other source (syncs left out,
late or of the folder, an anchor that is not written) are tests in tests/faults/power_test.cpp.

    tools/sabotage.py [--build build/release] [--cuts 2000] [--only NAME]

The working tree is never written to. Exit code 1: a sabotage went unnoticed.
"""
import argparse
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = "power_cuts"
LIBRARY = "libeventcore.a"

# Name: source, and what is replaced there by what.
SABOTAGES = {
    "answer before commit": ("src/store/committer.cpp", [
        ("const Status committed = commit.assume_value().run();", "const Status committed = ok();"),
        ('EC_TRYV(parts_.connection->run("BEGIN IMMEDIATE"));',
         'if (parts_.connection->in_transaction()) EC_TRYV(parts_.connection->run("COMMIT"));\n'
         '  EC_TRYV(parts_.connection->run("BEGIN IMMEDIATE"));'),
    ]),
    "savepoint missing": ("src/store/committer.cpp", [
        ('connection.run("ROLLBACK TO job")', "Status(ok())"),
    ]),
    "commit without a sync": ("src/store/connection.cpp", [
        ('pragma("synchronous=FULL")', 'pragma("synchronous=OFF")'),
        ('require("synchronous", "2")', 'require("synchronous", "0")'),
    ]),
}


def command_of(build, target):
    """What ninja runs for one target, without what it would run before."""
    lines = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "-s", target], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return lines[-1]


def object_of(build, source):
    """The object that is made of a source of the static library."""
    targets = subprocess.run(["ninja", "-C", str(build), "-t", "targets", "all"], check=True, capture_output=True,
                             text=True).stdout.splitlines()
    found = [line.split(":")[0] for line in targets if line.split(":")[0].endswith(f"/{source}.o")]
    return found[0]


def mutated(source, changes):
    text = (ROOT / source).read_text(encoding="utf-8")
    for old, new in changes:
        if text.count(old) != 1:
            sys.exit(f"{source} says no longer once: {old}")
        text = text.replace(old, new)
    return text


def build_with(build, scratch, source, changes):
    """The program, linked with the changed source."""
    changed = scratch / pathlib.Path(source).name
    changed.write_text(mutated(source, changes), encoding="utf-8")
    target = object_of(build, source)
    made = scratch / pathlib.Path(target).name
    words = shlex.split(command_of(build, target))
    words = [str(made) if word == target else word for word in words]
    words = [str(changed) if word == str(ROOT / source) else word for word in words]
    subprocess.run(words, cwd=build, check=True)
    library = scratch / LIBRARY
    shutil.copy(build / LIBRARY, library)
    subprocess.run(["ar", "r", str(library), str(made)], check=True)
    program = scratch / PROGRAM
    link = command_of(build, f"bin/{PROGRAM}").replace(f"-o bin/{PROGRAM}", f"-o {program}")
    link = " ".join(str(library) if word == LIBRARY else word for word in link.split(" "))
    subprocess.run(["sh", "-c", link], cwd=build, check=True)
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--cuts", type=int, default=2000)
    parser.add_argument("--only", choices=sorted(SABOTAGES))
    options = parser.parse_args()
    build = options.build.resolve()
    unnoticed = []
    for name, (source, changes) in SABOTAGES.items():
        if options.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            program = build_with(build, pathlib.Path(scratch), source, changes)
            run = subprocess.run([str(program), "--cuts", str(options.cuts), "--seed", "1", "--stop", "1"],
                                 check=False, capture_output=True, text=True)
        print(f"{name}: {'noticed' if run.returncode == 1 else 'NOT NOTICED'}")
        print("  " + (run.stdout.splitlines() or ["it did not run"])[0][:200], flush=True)
        if run.returncode != 1:
            unnoticed.append(name)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
