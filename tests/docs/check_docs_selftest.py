#!/usr/bin/env python3
"""tools/check_docs.py finds each thing it is there for, and nothing in pages that are right."""

import pathlib
import subprocess
import sys
import tempfile

CHECK = pathlib.Path(__file__).resolve().parent.parent.parent / "tools/check_docs.py"
DECISION = "# Why\n\n## Context\n\n## Choice\n\n## Price\n"
GOOD = {
    "README.md": "See [docs](docs/README.md#all-pages), `AnyTest.Holds` and `tests/base/any_test.cpp`.\n",
    "docs/README.md": "# Docs\n\n## All pages\n\n[why](decisions/0001-why.md)\n",
    "docs/decisions/0001-why.md": DECISION,
    "docs/inventory.md": "".join(f"| {n} | x |\n" for n in range(1, 58)),
    "tests/base/any_test.cpp": "TEST(AnyTest, Holds) {}\n",
}
BAD = [
    ("README.md", "[docs](docs/OTHER.md)\n", "README.md:1: the link leads nowhere"),
    ("README.md", "\n[docs](docs/README.md#gone)\n", "README.md:2: no such heading"),
    ("README.md", "`AnyTest.Breaks`\n", "there is no test AnyTest.Breaks"),
    ("README.md", "`tests/base/other_test.cpp`\n", "there is no tests/base/other_test.cpp"),
    ("docs/inventory.md", "| 1 | x |\n", "number 2 has 0 lines"),
    ("docs/decisions/0001-why.md", "# Why\n\n## Context\n", "Context, Choice, Price"),
    ("docs/decisions/0003-more.md", DECISION, "the number should be 0002"),
    ("docs/decisions/0002-more.md", DECISION, "docs/README.md does not list it"),
]
PROGRAM = "```c\nint main(void) { return 0; }\n```\n\n```text\nhello\n```\n\n```c\nint other;\n```\n"


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def run(*arguments):
    done = subprocess.run([sys.executable, CHECK, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "good"
        write(root, GOOD)
        code, output = run(root)
        if code != 0:
            wrong.append(f"right pages are refused: {output}")
        for number, (name, text, wanted) in enumerate(BAD):
            root = pathlib.Path(folder) / f"bad{number}"
            write(root, {**GOOD, name: text})
            code, output = run(root)
            if code != 1 or wanted not in output:
                wrong.append(f"'{wanted}' was not found: {output}")
        root = pathlib.Path(folder) / "programs"
        write(root, {"docs/page.md": PROGRAM})
        code, output = run("--extract", root / "out", root)
        files = sorted(path.name for path in (root / "out").iterdir())
        if code != 0 or files != ["docs_page_1.c", "docs_page_1.out"]:
            wrong.append(f"extracted {files}: {output}")
        elif (root / "out/docs_page_1.out").read_text(encoding="utf-8") != "hello\n":
            wrong.append("what a program prints was not taken along")
    print("\n".join(wrong) if wrong else "check_docs finds what it should")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
