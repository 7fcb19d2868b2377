#!/usr/bin/env python3
"""Every function of eventcore.h as data for the misuse sweep: what it takes, what it gives, what it may answer.

gen_misuse.py --check [--header FILE]   is tests/c/generated/misuse_calls.inc what the header says?
gen_misuse.py --update                  writes it anew

tests/c/misuse.c runs the calls. A declaration, a parameter or an outcome that is not understood here is an error, so
that a new function cannot be left out of the sweep; one that nobody documented cannot either.
"""

import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = ROOT / "bindings/c/include/eventcore.h"
CODES = ROOT / "bindings/c/include/eventcore_codes.h"
TARGET = ROOT / "tests/c/generated/misuse_calls.inc"

COMMENT = r"(?P<comment>/\*(?:(?!\*/).)*\*/)\s*"
FUNCTION = re.compile(COMMENT + r"EC_API\s+(?P<type>[\w\s]+?[\s*]+)(?P<name>ec_\w+)\((?P<parameters>[^)]*)\)"
                      r"\s*EC_NOEXCEPT;", re.DOTALL)
STRUCT = re.compile(r"typedef struct (?P<name>ec_\w+_options) \{(?P<body>.*?)\} (?P=name);", re.DOTALL)

HANDLES = {"engine", "session", "pending", "bytes", "error"}
STRUCTS = {"ec_open_options": "open_options", "ec_call_options": "call_options"}
# What a good call gives for each text and number, by name; @ is filled in by the sweep.
GOOD_TEXTS = {
    "principal_json": r'{\"kind\":\"service\",\"reason\":\"sweep\",\"organization_id\":\"@organization\"}',
    "command": "check_in", "arguments_json": r'{\"event_id\":\"00000000-0000-7000-8000-000000000001\"}',
    "calls_json": "[]", "table": "venues", "id": "@venue", "changes_json": r'{\"city\":\"Oslo\"}',
    "row_json": r'{\"name\":\"Quay\",\"address\":\"Pier 1\",\"max_capacity\":5}',
    "rows_json": r'[{\"name\":\"Quay\",\"address\":\"Pier 1\",\"max_capacity\":5}]', "request_json": r'{\"limit\":1}',
}
GOOD_NUMBERS = {"lines_max": 1, "now_us": 1908295200000000, "timeout_us": 0, "since": 0, "limit": 1}
# Sentences about codes that are no code's name.
RANGES = {
    r"\((\d)xxx\)": lambda match: (int(match.group(1)) * 1000 + 1, int(match.group(1)) * 1000 + 999),
    r"and the like|errors of the store": lambda match: (6001, 6999),
    r"the command's own": lambda match: (3001, 5999),
}
# "one that takes a text also CODE, ...": whom each sentence of the header's general list concerns.
GENERAL = {
    r"Any fallible function may also answer": lambda f: True,
    r"one that takes a text also": lambda f: bool(f.texts),
    r"one whose text is JSON also": lambda f: any(name.endswith("_json") for name in f.texts),
    r"one that takes an options struct also": lambda f: bool(f.structs),
    r"one that takes ec_call_options also": lambda f: "call_options" in f.structs,
    r"one of a session also": lambda f: f.receiver == "session",
}


class Unclear(Exception):
    """The header says something that this program does not understand."""


def plain(comment):
    return " ".join(re.sub(r"^\s*\*(?!/) ?", "", comment, flags=re.MULTILINE).strip("/* \n").split())


def split_parameter(text):
    match = re.fullmatch(r"((?:const )?\w+ ?\**) ?(\w+)", " ".join(text.split()).replace(" *", " *"))
    if not match:
        raise Unclear(f"the parameter `{text.strip()}` is of no known form")
    return match.group(1).replace(" ", "").replace("const", "const "), match.group(2)


def classify(type_name, name, previous):
    """(kind, what) of one parameter; `previous` is the one before it, whose length it may be."""
    handle = re.fullmatch(r"(?:const )?ec_(\w+)\*", type_name)
    if handle and handle.group(1) in HANDLES:
        return "handle", handle.group(1)
    if handle and "ec_" + handle.group(1) in STRUCTS:
        return "struct", STRUCTS["ec_" + handle.group(1)]
    if type_name == "ec_error**" and name == "error_out":
        return "error_out", ""
    out = re.fullmatch(r"ec_(\w+)\*\*", type_name)
    if out and out.group(1) in HANDLES and name.endswith("_out"):
        return "out", out.group(1)
    if type_name == "int64_t*" and name.endswith("_out"):
        return "out", "number"
    if type_name == "const char*" and name in GOOD_TEXTS:
        return "text", GOOD_TEXTS[name]
    if type_name == "size_t" and previous and previous[1] == "text" and \
            name in ("length", previous[0] + "_length", previous[0].removesuffix("_json") + "_length"):
        return "length", ""
    if type_name == "int64_t" and name in GOOD_NUMBERS:
        return "number", str(GOOD_NUMBERS[name])
    raise Unclear(f"the parameter `{type_name} {name}` is of no known kind")


class Function:
    def __init__(self, match):
        self.name, self.type = match["name"], match["type"].replace(" ", "").replace("const", "const ")
        self.comment = plain(match["comment"])
        self.parameters = []
        if match["parameters"].strip() != "void":
            for text in match["parameters"].split(","):
                type_name, name = split_parameter(text)
                previous = self.parameters[-1] if self.parameters else None
                self.parameters.append((name, *classify(type_name, name, previous)))
        kinds = [kind for _, kind, _ in self.parameters]
        for i, kind in enumerate(kinds):
            if kind == "text" and kinds[i + 1:i + 2] != ["length"]:
                raise Unclear(f"the text `{self.parameters[i][0]}` has no length behind it")
        self.fallible = "error_out" in kinds
        self.texts = [name for name, kind, _ in self.parameters if kind == "text"]
        self.structs = [what for _, kind, what in self.parameters if kind == "struct"]
        self.receiver = self.parameters[0][2] if kinds[:1] == ["handle"] else ""
        self.shape = self.find_shape()
        self.check_comment()

    def find_shape(self):
        if self.fallible:
            if self.type != "ec_status" or self.parameters[-1][1] != "error_out":
                raise Unclear("a function with error_out answers ec_status and has it last")
            return "fallible"
        if any(kind != "handle" for _, kind, _ in self.parameters) or len(self.parameters) > 1:
            raise Unclear("a function without error_out takes a handle at most")
        shapes = {"void": "free", "const char*": "text_getter", "size_t": "number_getter", "int32_t": "number_getter",
                  "ec_status": "number_getter", "int64_t": "number_getter"}
        if self.type not in shapes or (self.type == "void") != self.name.endswith("_free"):
            raise Unclear(f"the result `{self.type}` is of no known kind")
        return shapes[self.type]

    def check_comment(self):
        gives = [what for _, kind, what in self.parameters if kind == "out" and what != "number"]
        if self.fallible and "Outcomes:" not in self.comment:
            raise Unclear("the comment does not say the outcomes")
        if gives and "Owner: the caller" not in self.comment:
            raise Unclear("the comment does not say who owns what it gives")
        if not re.search(r"Any thread|One thread at a time", self.comment):
            raise Unclear("the comment does not say which thread")
        if not re.search(r"Since \d+\.\d+\.$", self.comment):
            raise Unclear("the comment does not end with the release it came with")

    def may_be_null(self, name, kind):
        if kind == "struct":
            return bool(re.search(rf"\b{name} may be NULL", self.comment))
        return kind == "handle" and bool(re.search(r"NULL is fine|NULL and a freed one do nothing|NULL reads as",
                                                   self.comment)) or (kind == "handle" and not self.fallible)


def outcome_text(comment):
    """What stands between "Outcomes:" and the next heading of a comment."""
    match = re.search(r"Outcomes:(.*?)(?:Owner:|Any thread|One thread at a time|Options that apply|$)", comment)
    return match.group(1) if match else ""


def codes_in(text, numbers):
    found = set()
    for name in re.findall(r"\bEC_(?:OK|E_\w+)", text):
        if name not in numbers:
            raise Unclear(f"there is no code {name}")
        found.add((numbers[name], numbers[name]))
    for pattern, span in RANGES.items():
        found |= {span(match) for match in re.finditer(pattern, text)}
    return found


def general_rules(header, numbers):
    match = re.search(r"(Any fallible function may also answer.*?)\. What is said below", plain(header), re.DOTALL)
    if not match:
        raise Unclear("the list of what any function may answer is gone")
    rules = []
    for sentence in re.sub(r"\s\*\s", " ", match.group(1)).split("; "):
        concerned = [whom for lead, whom in GENERAL.items() if sentence.startswith(lead)]
        if len(concerned) != 1:
            raise Unclear(f"whom does this concern: {sentence}")
        rules.append((concerned[0], codes_in(sentence, numbers)))
    return rules


def special_outcomes(function, by_name, numbers, seen=()):
    text = outcome_text(function.comment)
    found = codes_in(text, numbers)
    for name in re.findall(r"\bec_\w+", text):
        if name in by_name and name not in (*seen, function.name):
            found |= special_outcomes(by_name[name], by_name, numbers, (*seen, function.name))
    return found


def read_header(header):
    code_text = CODES.read_text(encoding="utf-8")
    numbers = {name: int(value) for name, value in re.findall(r"^#define (EC_OK|EC_E_\w+) (\d+)", code_text, re.M)}
    matches = list(FUNCTION.finditer(header))
    if len(matches) != len(re.findall(r"^EC_API\b", header, re.MULTILINE)):
        raise Unclear("a declaration without a comment right above it, or of another form")
    functions = []
    for match in matches:
        try:
            functions.append(Function(match))
        except Unclear as problem:
            raise Unclear(f"{match['name']}: {problem}") from None
    rules = general_rules(header, numbers)
    by_name = {function.name: function for function in functions}
    outcomes = {}
    for function in functions:
        found = special_outcomes(function, by_name, numbers)
        for concerns, codes in rules:
            found |= codes if concerns(function) else set()
        outcomes[function.name] = sorted(found) if function.fallible else []
    return functions, outcomes


def members(header):
    """Of each options struct: (member, kind), in their order."""
    found = {}
    for struct in STRUCT.finditer(header):
        body = re.sub(r"/\*.*?\*/", "", struct["body"], flags=re.DOTALL)
        listed = []
        for line in filter(None, (line.strip() for line in body.split(";"))):
            type_name, name = split_parameter(line)
            kind = {"const char*": "text", "const void*": "text", "size_t": "length", "int64_t": "number",
                    "int32_t": "small", "uint32_t": "flags"}.get(type_name)
            if kind is None or (kind == "length") != (name == "struct_size" or name.endswith("_length")):
                raise Unclear(f"{struct['name']}: the member `{line}` is of no known kind")
            listed.append((name, "size" if name == "struct_size" else kind))
        found[struct["name"]] = listed
    if set(found) != set(STRUCTS):
        raise Unclear(f"the options structs are {sorted(found)}, known are {sorted(STRUCTS)}")
    return found


CASTS = {"handle": "(ec_{what} *)v[{i}].handle", "struct": "(const ec_{what} *)v[{i}].pointer",
         "text": "(const char *)v[{i}].pointer", "length": "v[{i}].size", "number": "v[{i}].number",
         "out": "({out} *)v[{i}].pointer", "error_out": "e"}


def wrapper(function):
    arguments = ", ".join(
        CASTS[kind].format(what=what, i=i, out="int64_t" if what == "number" else f"ec_{what} *")
        for i, (_, kind, what) in enumerate(function.parameters))
    call = f"{function.name}({arguments})"
    body = {"fallible": f"return {call};", "free": f"{call}; return 0;",
            "text_getter": f"answered_text = {call}; return 0;",
            "number_getter": f"answered_number = (int64_t){call}; return 0;"}[function.shape]
    ignored = "" if function.fallible else "(void)e; "
    ignored += "" if any(kind != "error_out" for _, kind, _ in function.parameters) else "(void)v; "
    return f"static ec_status call_{function.name}(const union value *v, ec_error **e) {{ {ignored}{body} }}"


def render(header):
    functions, outcomes = read_header(header)
    lines = ["/* Generated by tools/gen_misuse.py from eventcore.h. Do not edit. */"]
    for name, listed in members(header).items():
        lines.append(f"static const struct member members_{STRUCTS[name]}[] = {{")
        lines += [f'    {{"{member}", member_{kind}, offsetof({name}, {member})}},' for member, kind in listed]
        lines.append("};")
    for function in functions:
        lines.append("")
        lines.append(wrapper(function))
        lines.append(f"static const struct parameter parameters_{function.name}[] = {{")
        for name, kind, what in function.parameters:
            optional = int(function.may_be_null(name, kind))
            named = what if kind in ("handle", "out", "struct") else "nothing"
            good = f'"{what}"' if kind == "text" else "NULL"
            number = f"INT64_C({what})" if kind == "number" else "0"
            lines.append(f'    {{"{name}", kind_{kind}, what_{named}, {optional}, {good}, {number}}},')
        lines.append("    {NULL, kind_end, what_nothing, 0, NULL, 0}};")
        lines.append(f"static const struct span outcomes_{function.name}[] = {{")
        lines += [f"    {{{low}, {high}}}," for low, high in outcomes[function.name]]
        lines.append("    {-1, -1}};")
    lines.append("")
    lines.append("static const struct function functions[] = {")
    for function in functions:
        closes = int(function.name.endswith(("_close", "_free")))
        threads = int("One thread at a time" in function.comment)
        lines.append(f'    {{"{function.name}", call_{function.name}, shape_{function.shape}, {closes}, {threads}, '
                     f"parameters_{function.name}, outcomes_{function.name}}},")
    lines.append("};")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--header", type=pathlib.Path, default=HEADER)
    arguments = parser.parse_args()
    try:
        text = render(arguments.header.read_text(encoding="utf-8"))
    except Unclear as problem:
        print(f"eventcore.h: {problem}")
        return 1
    if arguments.update:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(text, encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.relative_to(ROOT)} is stale: run tools/gen_misuse.py --update")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
