#!/usr/bin/env python3
"""The man page eventcore(1) and the bash completion, made from the program's own --help.

gen_man.py PROGRAM FOLDER           writes FOLDER/eventcore.1 and FOLDER/eventcore.bash
gen_man.py --check PROGRAM FOLDER   changes nothing; answers 1 when one of them is stale
"""

import os
import pathlib
import re
import subprocess
import sys

ENTRY = re.compile(r"^  (\S.*?)(?:\s{2,}(\S.*))?$")
CONTINUATION = re.compile(r"^ {20,}(\S.*)$")


class Help:
    """One --help taken apart: what it is for, its entries by section, and what stands below."""

    def __init__(self, text):
        lines = text.rstrip().split("\n")
        self.about = lines[0]
        self.usage = lines[1].removeprefix("Usage: ")
        self.sections = {}
        self.footer = []
        section = None
        for line in lines[2:]:
            if re.match(r"^(Positionals|Options|Subcommands):$", line):
                section = self.sections.setdefault(line[:-1], [])
            elif not line:
                section = section if section is None else []
            elif section is not None and (more := CONTINUATION.match(line)) and section:
                section[-1][1] = (section[-1][1] + " " + more.group(1)).strip()
            elif section is not None and (entry := ENTRY.match(line)):
                section.append([entry.group(1), entry.group(2) or ""])
            else:
                self.footer.append(line)

    def entries(self, section):
        return self.sections.get(section, [])

    def option_names(self):
        return [name for entry, _ in self.entries("Options") for name in re.findall(r"(?<![\w-])--?[a-z][\w-]*", entry)]


def help_of(program, *verb):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTCORE_")}
    done = subprocess.run([program, *verb, "--help"], capture_output=True, text=True, check=True, env=environment)
    return Help(done.stdout)


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def entry_lines(entries):
    out = []
    for name, text in entries:
        name = re.sub(r":(POSITIVE|NONNEGATIVE|INT.*|\{.*\}|FLOAT.*)", "", name)
        name = re.sub(r"^([A-Z]+) TEXT\b", r"\1", name).replace(" REQUIRED", "")
        environment = re.search(r" \(Env:(\w+)\)", name)
        if environment:
            name = name.replace(environment.group(0), "")
            text += f" (environment: {environment.group(1)})"
        out += [".TP", f".B {escaped(name)}", escaped(text)]
    return out


def footer_lines(lines):
    out = []
    for line in lines:
        if line.startswith("Example: "):
            out += [".PP", ".nf", f".B {escaped(line.removeprefix('Example: '))}", ".fi"]
        else:
            out.append(escaped(line))
    return out


def man_page(version, top, verbs):
    out = [f'.TH EVENTCORE 1 "" "eventcore {version}" "User Commands"', ".SH NAME",
           "eventcore \\- event management on one encrypted store, from the command line", ".SH SYNOPSIS",
           ".B eventcore", "[\\fIOPTIONS\\fR] \\fIVERB\\fR [\\fIARGUMENTS\\fR]", ".SH DESCRIPTION",
           escaped(top.about),
           "Data goes to standard output as JSON, talk to standard error; progress and colour only to a terminal.",
           ".SH OPTIONS", "These may stand before or behind the verb."]
    out += entry_lines(top.entries("Options"))
    out.append(".SH VERBS")
    for name, verb in verbs.items():
        out += [f".SS {escaped(name + verb.usage.removeprefix(f'eventcore {name}'))}", escaped(verb.about)]
        out += entry_lines(verb.entries("Positionals"))
        out += entry_lines([entry for entry in verb.entries("Options") if not entry[0].startswith("-h,")])
        out += [".PP"] + footer_lines(verb.footer)
    keys, _, codes = "\n".join(top.footer).partition("Exit codes: ")
    out += [".SH ENVIRONMENT AND KEYS", *map(escaped, keys.strip().split("\n")), ".SH EXIT STATUS"]
    for part in codes.replace("\n", " ").rstrip(".").split("; "):
        code, _, meaning = part.partition(" ")
        out += [".TP", f".B {code}", escaped(meaning)]
    out += [".SH SEE ALSO", "The pages in docs/ of the source tree, and eventcore.h for programs in C."]
    return '.\\" Made by tools/gen_man.py from the program\'s help. Do not edit.\n' + "\n".join(out) + "\n"


def completion(top, verbs):
    cases = "".join(f'    {name}) words="$words {" ".join(verb.option_names())}" ;;\n' for name, verb in verbs.items())
    return f"""# Made by tools/gen_man.py from the program's help. Do not edit.
_eventcore() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" verb="" word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case " {" ".join(verbs)} " in *" $word "*) verb=$word; break ;; esac
  done
  words="{" ".join(top.option_names())}"
  case "$verb" in
    "") words="$words {" ".join(verbs)}" ;;
{cases}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  [ ${{#COMPREPLY[@]}} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
}}
complete -o filenames -F _eventcore eventcore
"""


def main():
    check = sys.argv[1] == "--check"
    program, folder = sys.argv[2 if check else 1:]
    top = help_of(program)
    verbs = {name: help_of(program, name) for name, _ in top.entries("Subcommands")}
    line = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    version = line.split()[1]
    stale = 0
    for name, text in [("eventcore.1", man_page(version, top, verbs)), ("eventcore.bash", completion(top, verbs))]:
        path = pathlib.Path(folder) / name
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name} is stale: run tools/gen_man.py {program} cli", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
