#!/usr/bin/env python3
"""The C surface, said three times and the same: eventcore.h, bindings/c/abi/symbols.txt, the shared library.

check_abi.py [--nm NM] [LIBRARY]   compares; without LIBRARY the header and the list only
check_abi.py --update              writes the list anew from the header
Also: at most 48 functions, every one of them documented with its thread rule and its release, and every fallible one
with its outcomes and with error_out as its last parameter.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = ROOT / "bindings/c/include/eventcore.h"
LIST = ROOT / "bindings/c/abi/symbols.txt"
FUNCTIONS_MAX = 48

FUNCTION = re.compile(
    r"(?P<comment>/\*(?:(?!\*/).)*\*/)\s*EC_API\s+(?P<type>[\w\s]+?[\s*]+)(?P<name>ec_\w+)\((?P<parameters>[^)]*)\)"
    r"\s*EC_NOEXCEPT;", re.DOTALL)


def problems_of(function):
    """What is wrong with one declaration and its comment."""
    name, parameters = function["name"], " ".join(function["parameters"].split())
    comment = " ".join(re.sub(r"^\s*\* ?", "", function["comment"], flags=re.MULTILINE).split())
    if not re.fullmatch(r"ec(_[a-z]+)+", name):
        yield "names are ec_<noun>_<verb>"
    if not re.search(r"Any thread|One thread at a time", comment):
        yield "does not say which thread"
    if not re.search(r"Since \d+\.\d+\. \*/$", comment):
        yield "does not end with the release it came with"
    fallible = function["type"].strip() == "ec_status" and "_out" in parameters
    if fallible and "Outcomes:" not in comment:
        yield "does not say its outcomes"
    if fallible and not parameters.endswith("ec_error **error_out"):
        yield "error_out is not the last parameter"


def exported(library, nm):
    listing = subprocess.run([nm, "-D", "--defined-only", "--format=posix", library],
                             capture_output=True, check=True, text=True).stdout
    names = {line.split()[0].split("@")[0] for line in listing.splitlines() if line.strip()}
    return {name for name in names if not re.fullmatch(r"EC_\d+", name)}  # nodes of the version script


def differences(left, left_name, right, right_name):
    for name in sorted(left - right):
        yield f"{name}: in {left_name}, not in {right_name}"
    for name in sorted(right - left):
        yield f"{name}: in {right_name}, not in {left_name}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", nargs="?")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()

    header = HEADER.read_text(encoding="utf-8")
    functions = list(FUNCTION.finditer(header))
    declared = {function["name"] for function in functions}
    problems = [f"{function['name']}: {what}" for function in functions for what in problems_of(function)]
    if len(functions) != len(re.findall(r"^EC_API\b", header, re.MULTILINE)):
        problems.append("eventcore.h: a declaration without a comment right above it, or of another form")
    if len(declared) > FUNCTIONS_MAX:
        problems.append(f"eventcore.h: {len(declared)} functions (limit {FUNCTIONS_MAX})")

    if arguments.update:
        LIST.write_text("".join(name + "\n" for name in sorted(declared)), encoding="utf-8")
    lines = LIST.read_text(encoding="utf-8").splitlines()
    if lines != sorted(set(lines)):
        problems.append("symbols.txt: not sorted, or a name twice")
    problems += differences(declared, "eventcore.h", set(lines), "symbols.txt")
    if arguments.library:
        problems += differences(set(lines), "symbols.txt", exported(arguments.library, arguments.nm), "the library")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
