#!/usr/bin/env python3
"""House rules that a compiler does not know. Prints `path:line: what is wrong` and answers 1 when anything is.

Rules: includes point down; lines and functions stay short; no throwing accessor; clock, randomness, environment and
files only where they belong; SQL only in the store; a short README per room; nothing unfinished; no machine's paths.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Which rooms a room may include, beside itself and the public headers in include/eventcore.
CORE = ["base", "schema", "store"]
MAY_INCLUDE = {
    "base": [],
    "ticket": ["base"],
    "schema": ["base"],
    "store": ["base", "schema"],
    "policy": CORE,
    "audit": CORE,
    "feed": CORE + ["policy"],  # a subscriber sees a change under the predicates of his view
    "work": CORE + ["policy", "audit", "feed"],
    "rules": CORE + ["policy", "audit", "feed", "work", "ticket"],
    "api": CORE + ["policy", "audit", "feed", "work", "ticket", "rules"],
    "c": CORE + ["policy", "audit", "feed", "work", "ticket", "rules", "api"],
}

MAX_COLUMNS = 120
MAX_FUNCTION_LINES = 70
MAX_README_LINES = 15
CODE = {".cpp", ".hpp", ".c", ".h"}
TEXT = CODE | {".py", ".cmake", ".md", ".txt", ".json", ".yml", ".yaml", ".toml", ".sh", ".map", ""}
LONG_LINES_ALLOWED = re.compile(
    r"^fuzz/corpus/|^src/schema/(tables|commands)/|/generated/|^third_party/|\.(md|txt|json)$|^LICENSE$|^NOTICE$")
THIS_FILE = "tools/tidy.py"

# (pattern, rooms where it is allowed, what to say)
BANNED_CALLS = [
    (r"std::chrono::(system_clock|high_resolution_clock)", {"base"}, "the clock is injected"),
    (r"(?<![\w.>:])(?:std::|::)?time\s*\(\s*(?:NULL|nullptr|0|&)", {"base"}, "the clock is injected"),
    (r"\b(?:gettimeofday|clock_gettime)\s*\(", {"base"}, "the clock is injected"),
    (r"(?<![\w.>])s?rand\s*\(|std::random_device|std::mt19937", {"base"}, "randomness is injected"),
    (r"\brandombytes\w*\s*\(", {"base"}, "randomness is injected"),
    (r"\b(?:secure_)?getenv\s*\(", {"base"}, "a library reads no environment"),
    (r"\bstd::[io]?fstream\b|(?<![\w.>])fopen\s*\(", {"base", "store"}, "files are the store's"),
    (r"\bstd::c(?:out|err|log)\b|(?<![\w.>])f?printf\s*\(", set(), "a library prints nothing"),
    (r"\.value\(\)", set(), ".value() throws; use EC_TRY or check first"),
]
SQL = re.compile(r"\b(SELECT |INSERT INTO|UPDATE |DELETE FROM)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b|(?i:\bnot implemented\b|\bstub\b|\bplaceholders?\b)")
MACHINE = re.compile(r"(?<![\w.}>*])/work/|/tmp/ec\b|(?<!\w)/root/|(?<!\w)/home/\w")
REGISTRY = re.compile(r"\b(crates\.io|npmjs\.(org|com)|pypi\.org|pythonhosted\.org|proxy\.golang\.org)\b")

problems = []


def report(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def repository_files():
    """Files under version control or about to be; without git, everything that is not a build product."""
    try:
        listing = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"],
                                 capture_output=True, check=True, text=True).stdout
        names = [name for name in listing.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        skipped = re.compile(r"^(\.git|build|third_party/sqlcipher/src)/")
        names = [str(file.relative_to(ROOT)) for file in ROOT.rglob("*") if file.is_file()]
        names = [name for name in names if not skipped.match(name)]
    return sorted(name for name in names if (ROOT / name).is_file())


def blank_out(source):
    """The source with comments and the insides of literals as spaces, and the list of (line, string literal)."""
    token = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.DOTALL)
    literals, pieces, end = [], [], 0
    for match in token.finditer(source):
        text = match.group()
        pieces.append(source[end:match.start()])
        if text[0] in "\"R":
            literals.append((source.count("\n", 0, match.start()) + 1, text))
        kept = "".join("\n" if c == "\n" else " " for c in text)
        pieces.append('""' + kept[2:] if text[0] in "\"R" else kept)
        end = match.end()
    pieces.append(source[end:])
    return "".join(pieces), literals


def room_of(path):
    parts = pathlib.PurePosixPath(path).parts
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if path.startswith("bindings/c/src/"):
        return "c"
    return None


def check_includes(path, source):
    room = room_of(path)
    public = path.startswith("include/")
    if room is None and not public:
        return
    if room is not None and room not in MAY_INCLUDE:
        report(path, 1, f"room '{room}' has no place in the order of rooms: add it to tools/tidy.py")
        return
    for number, line in enumerate(source.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not match:
            continue
        quote, name = match.groups()
        first = name.split("/")[0]
        if name == "ecsql.h":
            if room != "store":
                report(path, number, "ecsql.h belongs to src/store alone")
        elif name.startswith("nlohmann/"):
            if path != "src/base/json.hpp":
                report(path, number, "include base/json.hpp instead")
        elif name == "eventcore.h":
            if room != "c":
                report(path, number, "the C header is above every room")
        elif first in MAY_INCLUDE and "/" in name:
            if public:
                report(path, number, "a public header may not include a room")
            elif first != room and first not in MAY_INCLUDE[room]:
                report(path, number, f"{room} may not include {name}: it points up or sideways")
        elif quote == '"' and not (room == "c" and (ROOT / path).with_name(name).is_file()):
            report(path, number, f'"{name}": includes are written from src, public ones as <eventcore/...>')


# A member or free function opens where a scope holds `name(...) ... {`; anything deeper is part of it.
SCOPE = re.compile(r"^(?:inline\s+|export\s+)*(?:namespace|extern|struct|class|union|enum)\b")


def opens_function(head):
    flat = re.sub(r"\bconst\b|\bnoexcept\b|\boverride\b", " ", head)
    while True:  # nested parentheses and template arguments say nothing about what the block is
        shorter = re.sub(r"\([^()]*\)", "@", flat)
        if shorter == flat:
            break
        flat = shorter
    if "@" not in flat:
        return False
    before = flat.split("@")[0]
    return "=" not in before or "operator" in before


def check_functions(path, blanked):
    depth, function_depth, started, head = 0, None, 0, ""
    scopes = []
    line, head_line = 1, 1
    for char in re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group().count("\n"), blanked,
                       flags=re.MULTILINE):
        if char == "\n":
            line += 1
        if char == "{":
            stripped = re.sub(r"^template\s*<.*?>\s*(?=\S)|\[\[.*?\]\]", "", head.strip())
            if function_depth is None and all(scopes):
                is_scope = bool(SCOPE.match(stripped))
                if not is_scope and (opens_function(stripped) or stripped == "" or stripped[0] == ","):
                    function_depth, started = depth, head_line
                scopes.append(is_scope)
            else:
                scopes.append(False)
            depth += 1
            head = ""
        elif char == "}":
            depth -= 1
            if scopes:
                scopes.pop()
            if function_depth is not None and depth == function_depth:
                if line - started + 1 > MAX_FUNCTION_LINES:
                    report(path, started, f"function of {line - started + 1} lines (limit {MAX_FUNCTION_LINES})")
                function_depth = None
            head = ""
        elif char == ";":
            head = ""
        else:
            if not head.strip() and not char.isspace():
                head_line = line
            head += char


def check_source(path, source):
    room = room_of(path)
    if room is None:
        return
    blanked, literals = blank_out(source)
    for number, line in enumerate(blanked.split("\n"), 1):
        for pattern, allowed, why in BANNED_CALLS:
            if room not in allowed and re.search(pattern, line):
                report(path, number, f"`{re.search(pattern, line).group().strip()}`: {why}")
    if room != "store":
        for number, literal in literals:
            if SQL.search(literal):
                report(path, number, "SQL text outside src/store")
    if "/generated/" not in path and not path.startswith(("src/schema/tables/", "src/schema/commands/")):
        check_functions(path, blanked)


def check_text(path, source):
    ours = path.startswith(("src/", "include/", "bindings/"))
    for number, line in enumerate(source.split("\n"), 1):
        declares_column = path.startswith("src/schema/") and "ColumnDef " in line  # one column, one line
        if len(line) > MAX_COLUMNS and not LONG_LINES_ALLOWED.search(path) and not declares_column:
            report(path, number, f"{len(line)} columns (limit {MAX_COLUMNS})")
        if path == THIS_FILE:
            continue
        if ours and UNFINISHED.search(line):
            report(path, number, f"unfinished: {UNFINISHED.search(line).group()}")
        if MACHINE.search(line):
            report(path, number, "a path of one machine")
        if REGISTRY.search(line):
            report(path, number, "a registry's address")


def check_readmes(files):
    rooms = {path.split("/")[1] for path in files if path.startswith("src/") and path.count("/") >= 2}
    for room in sorted(rooms):
        if f"src/{room}/README.md" not in files:
            report(f"src/{room}", 1, "a room without README.md")
    for path in files:
        if re.match(r"src/(.+/)?README\.md$", path):
            length = len((ROOT / path).read_text().splitlines())
            if length > MAX_README_LINES:
                report(path, 1, f"README of {length} lines (limit {MAX_README_LINES})")


def main():
    files = repository_files()
    for path in files:
        if pathlib.PurePosixPath(path).suffix not in TEXT or path.startswith("third_party/sqlcipher/src"):
            continue
        try:
            source = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        check_text(path, source)
        if pathlib.PurePosixPath(path).suffix in CODE:
            check_includes(path, source)
            check_source(path, source)
    check_readmes(set(files))
    for problem in problems:
        print(problem)
    print(f"tidy: {len(files)} files, {len(problems)} problems", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
