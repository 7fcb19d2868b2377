#!/usr/bin/env python3
"""Do the tests of kills and damage notice an engine that does not keep its word?

Copies a source, takes out what the table below names, compiles it with the build's own command, links the tests with it
in front of the library, and runs them: they must fail. The working tree and the build are not written to.

    tools/sabotage_damage.py                 all
    tools/sabotage_damage.py guard_off       one of them
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
FLIPS = ("tests_faults_slow", "DamageTest.AnAccident*", {"EC_FLIPS": "1500"})
KILLS = ("tests_faults_slow", "KillsTest.*", {"EC_KILLS": "200"})
# name: source, what it says, what it is to say, and who must notice
SABOTAGES = {
    "guard_off": ("src/store/connection.cpp", "Status Connection::guard() {",
                  "Status Connection::guard() {\n  return ok();", FLIPS),
    "anchor_not_compared": ("src/store/opening.cpp", "if (*last == state) return ok();", "return ok();", FLIPS),
    # Every other group is told that it is committed, and is committed with the next one.
    "answer_before_commit": ("src/store/committer.cpp", 'auto commit = connection.prepare("COMMIT");',
                             "static int group = 0;\n  if (++group % 2 == 0) return ok();\n"
                             '  auto commit = connection.prepare("COMMIT");', KILLS),
    "no_rollback_to_savepoint": ("src/store/committer.cpp", 'connection.run("ROLLBACK TO job")', "Status(ok())", KILLS),
}
# What the change above needs beside it.
WITH = {
    "answer_before_commit": [('EC_TRYV(parts_.connection->run("BEGIN IMMEDIATE"));',
                              'if (!parts_.connection->in_transaction()) '
                              'EC_TRYV(parts_.connection->run("BEGIN IMMEDIATE"));')],
}


def commands():
    return subprocess.run(["ninja", "-C", BUILD, "-t", "commands", "tests_faults_slow", "kills_worker"], check=True,
                          capture_output=True, text=True).stdout.splitlines()


def step(command):
    subprocess.run(command, shell=True, cwd=BUILD, check=True, stdout=subprocess.DEVNULL)


def link(all_commands, program, mutant, folder):
    command = next(c for c in all_commands if f" -o bin/{program} " in c)
    command = command.split("&& ")[1] if command.startswith(":") else command
    command = command.split(" && ")[0]
    step(re.sub(rf" -o bin/{program} ", f" {mutant} -o {folder}/{program} ", command))


def notices(name, all_commands):
    source, old, new, (program, tests, settings) = SABOTAGES[name]
    text = (ROOT / source).read_text()
    for before, after in [(old, new), *WITH.get(name, [])]:
        if before not in text:
            raise SystemExit(f"{name}: {source} no longer says {before!r}")
        text = text.replace(before, after, 1)
    with tempfile.TemporaryDirectory() as folder:
        mutant = pathlib.Path(folder) / pathlib.Path(source).name
        mutant.write_text(text)
        compile_it = next(c for c in all_commands if c.endswith(source))
        compile_it = re.sub(r" -M[FT] \S+| -MD| -Werror", "", compile_it)
        step(re.sub(r" -o \S+ -c \S+$", f" -o {folder}/mutant.o -c {mutant}", compile_it))
        for each in ("tests_faults_slow", "kills_worker"):
            link(all_commands, each, f"{folder}/mutant.o", folder)
        done = subprocess.run([f"{folder}/{program}", f"--gtest_filter={tests}", "--gtest_brief=1"], cwd=folder,
                              env=dict(os.environ, EC_TEST_PROGRAM_FOLDER=folder, **settings),
                              capture_output=True, text=True)
    failures = re.findall(r"^(?:Expected|Value).*$", done.stdout, re.MULTILINE)
    print(f"{name}: {'noticed' if done.returncode else 'NOT NOTICED'}; {failures[0] if failures else ''}", flush=True)
    return done.returncode != 0


def main():
    all_commands = commands()
    return 0 if all([notices(name, all_commands) for name in sys.argv[1:] or SABOTAGES]) else 1


if __name__ == "__main__":
    sys.exit(main())
