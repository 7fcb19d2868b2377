#!/usr/bin/env python3
"""What the pages say is true: links lead somewhere, named files and tests exist, numbered tables are complete.

check_docs.py [ROOT]                 checks every page; prints `page:line: what is wrong`; answers 1 when anything is
check_docs.py --extract DIR [ROOT]   writes each C and C++ block with a `main` into DIR as a program, and beside it the
                                     text block that follows directly as what it must print; prints the programs' paths
"""

import argparse
import pathlib
import re
import sys

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ ]*$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
TEST = re.compile(r"^[A-Z]\w*Test\.\w+$")
PATH = re.compile(r"^(?:src|tests|docs|tools|cmake|examples|bindings|include|third_party)/[\w.+-]+(?:/[\w.+-]+)*/?$")
SUITES = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
LANGUAGES = {"c": ".c", "cpp": ".cpp"}
NUMBERED = {"docs/inventory.md": 57, "docs/reference/triggers.md": 36}


def pages(root):
    """Every page with its text; README files of the rooms are checked for links only."""
    for path in sorted(root.glob("*.md")) + sorted((root / "docs").rglob("*.md")):
        yield path, True
    for folder in ("src", "bindings", "tests"):
        for path in sorted((root / folder).rglob("*.md")):
            yield path, False


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def anchors(text):
    """The anchors that a page's headings make."""
    found = set()
    for heading in re.findall(r"^#+ +(.+)$", FENCE.sub(blank, text), re.MULTILINE):
        word = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        found.add(word)
    return found


def known_tests(root):
    names = set()
    for path in (root / "tests").rglob("*.cpp"):
        names |= {f"{suite}.{name}" for suite, name in SUITES.findall(path.read_text(encoding="utf-8"))}
    return names


class Checker:
    def __init__(self, root):
        self.root = root
        self.tests = known_tests(root)
        self.problems = []

    def report(self, page, text, position, what):
        line = text.count("\n", 0, position) + 1
        self.problems.append(f"{page.relative_to(self.root)}:{line}: {what}")

    def check_links(self, page, text):
        for match in LINK.finditer(text):
            target = match.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            path = (page.parent / file).resolve() if file else page
            if not path.exists():
                self.report(page, text, match.start(), f"the link leads nowhere: {target}")
            elif anchor and path.suffix == ".md" and anchor not in anchors(path.read_text(encoding="utf-8")):
                self.report(page, text, match.start(), f"no such heading: {target}")

    def check_names(self, page, text):
        for match in CODE.finditer(text):
            name = match.group(1)
            if TEST.match(name) and name not in self.tests:
                self.report(page, text, match.start(), f"there is no test {name}")
            elif PATH.match(name) and not (self.root / name).exists():
                self.report(page, text, match.start(), f"there is no {name}")

    def check_numbers(self, page, text, count):
        rows = [int(number) for number in re.findall(r"^\| *(\d+) *\|", text, re.MULTILINE)]
        for number in range(1, count + 1):
            if rows.count(number) != 1:
                self.report(page, text, 0, f"number {number} has {rows.count(number)} lines, not one")

    def check_decisions(self):
        index = self.root / "docs/README.md"
        listed = index.read_text(encoding="utf-8") if index.exists() else ""
        for place, page in enumerate(sorted((self.root / "docs/decisions").glob("*.md")), start=1):
            text = page.read_text(encoding="utf-8")
            if not page.name.startswith(f"{place:04}-"):
                self.report(page, text, 0, f"the number should be {place:04}")
            if re.findall(r"^## (.+)$", text, re.MULTILINE) != ["Context", "Choice", "Price"]:
                self.report(page, text, 0, "a decision has the headings Context, Choice, Price")
            if f"](decisions/{page.name})" not in listed:
                self.report(page, text, 0, "docs/README.md does not list it")

    def run(self):
        for page, whole in pages(self.root):
            text = FENCE.sub(blank, page.read_text(encoding="utf-8"))
            self.check_links(page, text)
            if not whole:
                continue
            self.check_names(page, text)
            count = NUMBERED.get(page.relative_to(self.root).as_posix())
            if count:
                self.check_numbers(page, text, count)
        self.check_decisions()
        return self.problems


def write_if_new(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def extract(root, folder):
    """Unchanged programs keep their time, so that nothing is compiled again for nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    programs = []
    for page, _ in pages(root):
        text = page.read_text(encoding="utf-8")
        name = re.sub(r"\W+", "_", page.relative_to(root).with_suffix("").as_posix()).lower()
        for number, match in enumerate(FENCE.finditer(text), start=1):
            language, body = match.groups()
            if language not in LANGUAGES or not re.search(r"\bint main\(", body):
                continue
            program = folder / f"{name}_{number}{LANGUAGES[language]}"
            write_if_new(program, body)
            output = FENCE.match(text, match.end() + 2) if text.startswith("\n\n", match.end()) else None
            printed = output.group(2) if output and output.group(1) == "text" else ""
            write_if_new(program.with_suffix(".out"), printed)
            programs.append(program)
    return programs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extract", type=pathlib.Path, metavar="DIR")
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    if arguments.extract:
        print("\n".join(str(program) for program in extract(root, arguments.extract.resolve())))
        return 0
    problems = Checker(root).run()
    print("\n".join(problems) if problems else "the pages are in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
