#!/usr/bin/env python3
"""The C gate at a door: a visitor is answered before the next one comes, however long that takes.

gate_answers_at_once.py BOX_OFFICE GATE
"""

import pathlib
import subprocess
import sys
import tempfile


def main():
    box_office, gate = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([box_office, name], check=True, stdout=subprocess.DEVNULL)
        codes = (folder / "codes.txt").read_text(encoding="ascii").split()
        event = (folder / "event.txt").read_text(encoding="ascii")
        files = [folder / name for name in ("festival.ecdb", "festival.key", "device.token")]
        door = subprocess.Popen([gate, *files, event], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                bufsize=1)
        for number, (code, wanted) in enumerate([(codes[0], "admitted"), (codes[0], "already_used"),
                                                 ("nonsense", "forged"), (codes[1], "admitted")], start=1):
            door.stdin.write(code[:50])  # a scanner may type slowly
            door.stdin.flush()
            door.stdin.write(code[50:] + "\n")
            door.stdin.flush()
            answered = door.stdout.readline()
            if answered != f"{number} {wanted}\n":
                print(f"scan {number}: {answered!r}, wanted {wanted}")
                return 1
        rest, _ = door.communicate()
        wanted = "admitted: 2\nalready_used: 1\nforged: 1\n"
        if door.returncode != 0 or rest != wanted:
            print(f"the gate answered {door.returncode}: {rest!r}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
