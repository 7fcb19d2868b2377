#!/usr/bin/env python3
"""Do the tests of faults notice an engine that is broken on purpose?

Changes one source of the store at a time, compiles it with the command of a finished build, links the programs of
tests/faults with it in front of the library, and runs them: each of those that watch over what was broken must fail.
The working tree and the build are not written to. The sabotages that need no other source (syncs left out, late or of
the folder, an anchor that is not written) are tests in tests/faults/power_test.cpp.

    tools/sabotage.py [--build build/release] [--only NAME]
    tools/sabotage.py --check       only whether the sources still say what is replaced

Exit code 1: a sabotage went unnoticed, or cannot be made any more.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Who watches: program, arguments, settings. Without the page guard about one accident in 5,000 is answered wrongly.
CUTS = ("power_cuts", ["--cuts", "2000", "--seed", "1", "--stop", "1"], {})
KILLS = ("tests_faults_slow", ["--gtest_filter=KillsTest.*", "--gtest_brief=1"], {"EC_KILLS": "200"})
FLIPS = ("tests_faults_slow", ["--gtest_filter=DamageTest.AnAccident*", "--gtest_brief=1"], {"EC_FLIPS": "20000"})
PROGRAMS = ["power_cuts", "tests_faults_slow", "kills_worker"]

# Name: source, what is replaced there by what, and who must notice.
SABOTAGES = {
    # A group is told that it is committed, and is committed with the next one.
    "answer_before_commit": ("src/store/committer.cpp", [
        ("return commit.assume_value().run() ? SQLITE_OK : commit.assume_value().code();", "return SQLITE_OK;"),
        ('EC_TRYV(parts_.connection->run("BEGIN IMMEDIATE"));',
         'if (parts_.connection->in_transaction()) EC_TRYV(parts_.connection->run("COMMIT"));\n'
         '  EC_TRYV(parts_.connection->run("BEGIN IMMEDIATE"));'),
    ], [CUTS, KILLS]),
    "no_rollback_to_savepoint": ("src/store/committer.cpp", [
        ('connection.run("ROLLBACK TO job")', "Status(ok())"),
    ], [CUTS, KILLS]),
    "synchronous_normal": ("src/store/connection.cpp", [
        ('pragma("synchronous=FULL")', 'pragma("synchronous=NORMAL")'),
        ('require("synchronous", "2")', 'require("synchronous", "1")'),
    ], [CUTS]),
    "synchronous_off": ("src/store/connection.cpp", [
        ('pragma("synchronous=FULL")', 'pragma("synchronous=OFF")'),
        ('require("synchronous", "2")', 'require("synchronous", "0")'),
    ], [CUTS]),
    "page_guard_off": ("src/store/connection.cpp", [
        ("Status Connection::guard() {", "Status Connection::guard() {\n  return ok();"),
    ], [FLIPS]),
    "anchor_not_compared": ("src/store/opening.cpp", [
        ("if (*last == state) return ok();", "return ok();"),
    ], [FLIPS]),
}


def mutated(name):
    source, changes, _ = SABOTAGES[name]
    text = (ROOT / source).read_text(encoding="utf-8")
    for old, new in changes:
        if text.count(old) != 1:
            sys.exit(f"{name}: {source} does not say once: {old}")
        text = text.replace(old, new)
    return text


class Build:
    """A finished build, by the commands that made it."""

    def __init__(self, folder):
        self.folder = folder
        self.commands = subprocess.run(["ninja", "-C", str(folder), "-t", "commands", *PROGRAMS], check=True,
                                       capture_output=True, text=True).stdout.splitlines()

    def run(self, command):
        subprocess.run(command, shell=True, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def compile(self, source, mutant, made):
        command = next(each for each in self.commands if each.endswith(source))
        command = re.sub(r" -M[FT] \S+| -MD| -Werror", "", command)
        self.run(re.sub(r" -o \S+ -c \S+$", f" -o {made} -c {mutant}", command))

    def link(self, program, made, folder):
        command = next(each for each in self.commands if f" -o bin/{program} " in each)
        command = command.removeprefix(": && ").split(" && ")[0]
        self.run(command.replace(f" -o bin/{program} ", f" {made} -o {folder}/{program} "))


def noticed(name, build):
    source, _, witnesses = SABOTAGES[name]
    with tempfile.TemporaryDirectory() as folder:
        mutant = pathlib.Path(folder) / pathlib.Path(source).name
        mutant.write_text(mutated(name), encoding="utf-8")
        made = f"{folder}/mutant.o"
        build.compile(source, mutant, made)
        for program in PROGRAMS:
            build.link(program, made, folder)
        everyone = True
        for program, arguments, settings in witnesses:
            done = subprocess.run([f"{folder}/{program}", *arguments], cwd=folder, check=False, capture_output=True,
                                  env=dict(os.environ, EC_TEST_PROGRAM_FOLDER=folder, **settings), text=True)
            # Both programs end so when something they watch over is wrong, and otherwise when they cannot run.
            found = done.returncode == 1
            said = re.search(r"^(?:FAILED |Expected|Value).*$", done.stdout, re.MULTILINE)
            what = said.group()[:200] if said else f"exit code {done.returncode} {(done.stdout + done.stderr)[-300:]}"
            print(f"{name}, {program}: {'noticed' if found else 'NOT NOTICED'}; {what}", flush=True)
            everyone = everyone and found
    return everyone


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--only", choices=sorted(SABOTAGES))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    names = [options.only] if options.only else list(SABOTAGES)
    if options.check:
        return 0 if all([bool(mutated(name)) for name in names]) else 1
    build = Build(options.build.resolve())
    return 0 if all([noticed(name, build) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
