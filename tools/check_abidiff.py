#!/usr/bin/env python3
"""The surface that was promised, kept as bindings/c/abi/eventcore.abi, and what abidiff says of the one at hand.

check_abidiff.py [--dump FILE] [--cc CC] [LIBRARY]   answers 1 when a function, a parameter or a struct of the dump is
                                                     gone or changed, in the header or among the LIBRARY's symbols
check_abidiff.py --update                            writes the dump anew (docs/ABI.md says when that is right)

Types come from a library of empty functions made from eventcore.h with debug information, so that the dump is small and
says nothing of a machine; symbols come from the library itself. Additions are fine.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = ROOT / "bindings/c/include"
VERSIONS = ROOT / "bindings/c/eventcore.map"
DUMP = ROOT / "bindings/c/abi/eventcore.abi"
DECLARATION = re.compile(r"^EC_API (.*?)\s*EC_NOEXCEPT;", re.MULTILINE | re.DOTALL)
INCOMPATIBLE = 8  # abidiff's bit; 4 alone: there are differences, such as additions
FAILED = 3        # its bits for errors and wrong use


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def checked(*command):
    done = run(*command)
    if done.returncode != 0:
        sys.exit(f"{command[0]} answered {done.returncode}: {done.stderr}")
    return done.stdout


def surface(folder, compiler, header):
    """A shared library with the functions of the header and nothing in them."""
    text = (header / "eventcore.h").read_text(encoding="utf-8")
    bodies = []
    for declaration in DECLARATION.findall(text):
        plain_void = declaration.startswith("void ")
        bodies.append(f"{declaration} {{ {'' if plain_void else 'return 0;'} }}")
    source, library = folder / "surface.c", folder / "libeventcore.so"
    source.write_text('#include "eventcore.h"\n' + "\n".join(bodies) + "\n", encoding="utf-8")
    checked(compiler, "-std=c99", "-g", "-w", "-fPIC", "-shared", "-DEC_BUILDING", "-fvisibility=hidden", f"-I{header}",
            f"-Wl,--version-script={VERSIONS}", "-Wl,-soname,libeventcore.so.0", source, "-o", library)
    return library


def dump_of(library):
    text = checked("abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", library)
    return re.sub(r" path='[^']*'", " path='eventcore.h'", text)


def of_this_machine(dump, library, folder):
    """The dump with the architecture of the library: the promise is the same on every 64-bit one."""
    architecture = re.search(r" architecture='[^']*'", dump_of(library)).group()
    copy = folder / "promised.abi"
    text = re.sub(r" architecture='[^']*'", architecture, dump.read_text(encoding="utf-8"), count=1)
    copy.write_text(text, encoding="utf-8")
    return copy


def compare(dump, library, *flags):
    """What abidiff objects to; empty: nothing."""
    done = run("abidiff", "--no-show-locs", *flags, dump, library)
    if done.returncode & FAILED:
        return f"abidiff failed ({done.returncode}):\n{done.stdout}{done.stderr}"
    gone = re.search(r"[1-9]\d* Removed|[1-9]\d* (?:function|variable) symbols? .*removed", done.stdout)
    changed = re.search(r"(?:Functions|Variables) changes summary: .*?[1-9]\d* Changed", done.stdout)
    return done.stdout if done.returncode & INCOMPATIBLE or gone or changed else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", nargs="?", type=pathlib.Path)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--dump", type=pathlib.Path, default=DUMP)
    parser.add_argument("--headers", type=pathlib.Path, default=HEADERS)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        made = surface(pathlib.Path(name), arguments.cc, arguments.headers)
        if arguments.update:
            DUMP.write_text(dump_of(made), encoding="utf-8")
            return 0
        dump = of_this_machine(arguments.dump, made, pathlib.Path(name))
        objections = compare(dump, made)
        if arguments.library:
            objections += compare(dump, arguments.library, "--no-added-syms")
    print(objections, end="")
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
