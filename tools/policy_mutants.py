#!/usr/bin/env python3
"""Do the access tests notice when a policy is wrong?

Copies the tree to a scratch folder, puts a switch around every term of every predicate there (dropped, forced, a role
or an assignment exchanged for its neighbour) and around every condition of access.cpp and principal.cpp, builds the
access tests once and throws one switch after the other; grants, column lists, keys' access and the rights of commands
are changed in memory (tools/policy_mutants.cpp). A mutant is killed when a cell of tests/policy/matrix.txt, the
comparison of the two implementations, the rights of commands or, for what is left of the sources, one of the slower
tests (SLOWER below) fails; how they are tried says tools/mutant_trials.py. Run by hand:

    tools/policy_mutants.py                    all mutants
    tools/policy_mutants.py --reuse build/release   the same on a finished build: only what is mutated is compiled
    tools/policy_mutants.py --list             their names
    tools/policy_mutants.py --only p17         one of them, with the failure that kills it
    tools/policy_mutants.py --budget 300       a sample that takes about so many seconds
    tools/policy_mutants.py --state FILE       goes on where the last run with this file ended
    tools/policy_mutants.py --state FILE --again    tries its survivors anew, after tests were added

The working tree is never written to. Exit code 1: something survived.
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import mutant_trials

ROOT = pathlib.Path(__file__).resolve().parent.parent
STORE = "src/policy/predicates.cpp"
MEMORY = "src/policy/predicates_in_memory.cpp"
ACCESS = "src/policy/access.cpp"
PRINCIPAL = "src/policy/principal.cpp"
# Where the terms begin and end in each file, and what they are: conditions of the store, of memory, or both.
FILES = {
    STORE: ("// ---- conditions for the store", "const PolicyColumns& policy_columns", "store"),
    STORE + " dispatch": ("Expr predicate_expr(", None, "store"),
    MEMORY: ("// One decision", "Result<const Record*> Related::row", "memory"),
    MEMORY + " dispatch": ("Result<bool> predicate_holds(", None, "memory"),
    ACCESS: ("bool key_has(", "std::string grant_names(", "both"),
    ACCESS + " decisions": ("Result<Verdict> decide_as(", None, "both"),
    PRINCIPAL: ("// The row with a store-wide unique id", "std::string_view kind_name(", "both"),
    PRINCIPAL + " facts": ("bool Facts::is_closed(", None, "both"),
}
# What the quick killers leave alive is given to whole test programs; the first that fails kills it.
SLOWER = [
    ("tests_policy", "InventoryTest.*:Access*Test.*:CommandRightsTest.*:PolicyAgreementTest.*-AccessProbesTest.*"),
    ("tests_api", "AccessKeysTest.*:ClosedOrganizationTest.*:Jwt*.*:LostRights*.*:SessionTest.*:"
                  "ExplainTest.*:ListTest.*:TenancyTest.*:IdempotencyTest.*"),
    ("tests_policy", "AccessProbesTest.*:IsolationTest.*"),
    ("tests_feed", "FeedTest.*"),
]
# A mutant that reads what is not there is killed by that, not left to what the memory happens to hold.
WATCHED = "-D_GLIBCXX_ASSERTIONS"
ROLES = ["guest", "member", "manager", "admin", "owner"]
ASSIGNMENTS = ["event_director", "producer", "marketing_manager", "sponsorship_manager", "operations_manager",
               "technical_director", "customer_experience_manager"]
KINDS = ["service", "user", "sponsor", "customer", "api_key", "device", "anon"]

# Mutants that change nothing, and why. By the text that is changed and what becomes of it.
HAS_ONE = "who is asked for his organization has one"
SAME = "the other branch comes to the same rows"
NOBODY = "no predicate holds for who is not valid, and no list of his comes so far"
KEYS = "every key has an organization"
FOREIGN = "rows of another organization were refused before"
OPEN = "what every key views opens all its columns to public_event"
ROLES_ALONE = "the column holds the contract's roles alone"
TEXTS = "the engine itself wrote this array of texts"
HASH = "compared when the session was opened, and no write changes the column"
IN_KEYS_TENANT = ("`Expr::equals(static_cast<std::uint16_t>(policy_columns(table_).organization), "
                  "*facts_.organization)`")
EQUIVALENT = {
    (STORE, "`!facts.organization` never"): HAS_ONE,
    (STORE, "`c.organization < 0` never"): "the table without a tenant has no such grant",
    (STORE, "`is_events(table)` never"): SAME,
    (STORE, "`table.id == schema::tables::venues.id` always"): SAME,
    (MEMORY, "`row_.table().id == schema::tables::events.id` never"): SAME,
    (MEMORY, "`found == nullptr` never"): "an item's order stands",
    (MEMORY, "`talk == nullptr` never"): "a proposal's conversation stands",
    (MEMORY, "`who != nullptr` always"): "a conversation has a user",
    (MEMORY, "`facts_.organization` always"): HAS_ONE,
    (STORE, "`facts.email.empty()` never"): "a customer without an address is not valid",
    (STORE, "`!facts.is_user(Role::guest)` never"): "who is no user bears no user's id: the engine makes them all",
    (ACCESS, "Role::admin as Role::owner"): "only organizations ask for an owner, and these keys only read",
    (ACCESS, "`grant.predicate == Predicate::public_event` always"): "the first grant opens as many columns there",
    (ACCESS, "`facts.closed.empty()` never"): "where no organization is closed, none is found among the closed",
    (ACCESS, "`facts.is_service()` always"): "of a closed organization nobody else is anybody",
    (ACCESS, "`!facts.valid` never"): NOBODY,
    (ACCESS, "`!facts_.valid` never"): NOBODY,
    (ACCESS, "`command.group.empty()` never"): "no key begins a command without a group",
    (ACCESS, "`command.runs == schema::Runs::service_only` never"): "none but the service begins such a command",
    (ACCESS, "`!facts.organization` never"): KEYS,
    (ACCESS, "`facts.organization` always"): KEYS,
    (ACCESS, "`subject.organization_id() != *facts.organization` never"): FOREIGN,
    (ACCESS, "`row.organization_id() == *facts.organization` always"): FOREIGN,
    (ACCESS, "`grants.count == 1` always"): "nobody stands alone",
    (ACCESS, "`grant.only.empty()` always"): "narrow grants stand last, and those that hold together open the same",
    (ACCESS, "`grant.only.empty()` never"): "after all columns no grant opens more, and the first is named",
    (ACCESS, "`only.contains(name)` never"): "asked where one narrow grant lacks the column, and the others do too",
    (ACCESS, "`open->empty()` always"): OPEN,
    (ACCESS, "`open->contains(def.name)` always"): OPEN,
    (ACCESS, "`open->contains(def.name)` never"): OPEN,
    (ACCESS, "`open_to_key` always"): OPEN,
    (ACCESS, "`open_to_key` never"): OPEN,
    (ACCESS, "`as_admin_` always"): OPEN,
    (ACCESS, "`as_admin_` never"): OPEN,
    (ACCESS, IN_KEYS_TENANT + " always"): OPEN,
    (ACCESS, IN_KEYS_TENANT + " never"): OPEN,
    (PRINCIPAL, "`role` always"): ROLES_ALONE,
    (PRINCIPAL, "`!role` never"): ROLES_ALONE,
    (PRINCIPAL, "`!array.is_text()` never"): TEXTS,
    (PRINCIPAL, "`parsed` always"): TEXTS,
    (PRINCIPAL, "`parsed.assume_value().is_array()` always"): TEXTS,
    (PRINCIPAL, "`text.is_string()` always"): TEXTS,
    (PRINCIPAL, "`!equal_constant_time((*row)[k::key_hash].bytes(), principal.key_hash)` never"): HASH,
    (PRINCIPAL, "`!equal_constant_time(stored, principal.key_hash)` never"): HASH,
    (PRINCIPAL, "`(*key)[col::api_keys::sponsor_id] != Value(principal.id)` never"): "the id was read from this row",
    (PRINCIPAL, "`cut == std::string_view::npos` never"): "then the public id is the secret, which it never is",
    (PRINCIPAL, "`claims.email.empty()` never"): "a customer without an address is not valid",
    (PRINCIPAL, "`!facts.valid` never"): "who is not valid is asked for no tickets",
    (PRINCIPAL, "`!from.is_null()` always"): "an absent day reads as an empty one, which is after none",
    (PRINCIPAL, "`!package.is_null()` always"): "an absent id reads as the nil one, and no row's id is nil",
    (PRINCIPAL, "`!gate.is_null()` always"): "an absent gate reads as an empty one, as which it is kept",
    (ACCESS, "`everywhere` always"): "where no row is seen, no grant opens a column",
    (ACCESS, "`facts.kind != PrincipalKind::api_key` never"): "who is no key has no permission of one",
    (ACCESS, "`facts_.kind == PrincipalKind::api_key` never"): OPEN,
    (ACCESS, "`every_key_views(table_)` always"): "elsewhere keys hold no grant that opens more than public_event",
    (ACCESS, "`every_key_views(table_)` never"): OPEN,
    (ACCESS, "`!key_anyway` always"): OPEN,
    **{(ACCESS, f"`{term}` {becomes}"): "where a rule stands, a column is open to a caller on all his rows or on none"
       for term in ("std::move(readable)", "rules_[i]") for becomes in ("always", "never")},
}
# Terms written alike elsewhere, by a text near them.
USERS = "the engine makes users' ids, and who bears one in two tenants is nobody"
EQUIVALENT_NEAR = {
    (STORE, "`in_organization(table, facts)` always"): {
        "equals(column, facts.id)": USERS, "equals(talk.user, facts.id)": USERS},
    (ACCESS, "`table.global` never"): {
        "table.global) return false": "a global row's tenant is none, and none is never closed"},
    (ACCESS, "`facts.is_service()` never"): {
        "facts.is_service()) return;": "to the service every column is open before these conditions are asked"},
    (ACCESS, IN_KEYS_TENANT.replace("table_", "table").replace("facts_", "facts") + " always"): {
        "policy_columns(table).organization": "a key's lists are of its tenant alone"},
}
# The same for grants, by their names; each row that the changed grant opens is one its holder cannot view, or may
# change by another grant.
EQUIVALENT_GRANTS = {
    "the row is not in the owner's organization": [
        "organizations create service as org_owner", "organizations rule 0 write without service",
                "social_media_platforms create service as org_owner",
                "social_media_platforms update service as org_owner",
                "social_media_platforms delete service as org_owner"],
    "commands and nobody refuse alike": [
        "event_budgets rule 0 write without command", "event_vendor_contracts rule 0 write without command",
        "ai_generated_content rule 0 write without command", "social_media_content rule 0 write without command",
        "user_behavior_events create without command"],
    "only those who may change it see it": [
        "automation_workflows update org_manager as org_member",
        "automation_workflows delete org_manager as org_member",
        "sponsor_prospects update org_manager as org_member", "notifications update recipient as everyone",
        "sponsors rule 0 read org_member as org_user"],
    "a guest sees no agent to talk to": ["ai_conversations create member_self as self"],
    "box_office holds wherever org_admin does": ["devices view without org_admin",
                                                 "devices view org_admin as org_owner"],
    "these columns are the engine's already": [
        *(f"ai_generated_content rule 0 {what}" for what in (
            "without column is_approved", "without column approved_by", "dropped", "write command as everyone")),
        *(f"social_media_content rule 0 {what}" for what in (
            "without column status", "without column published_at", "without column external_id",
            "without column publish_attempt", "dropped", "write command as everyone"))],
    "its event is never absent": [
        f"{table} view event_staff as campaign_staff" for table in (
            "sponsor_activations", "sponsor_roi_metrics", "ticket_orders", "tickets", "event_analytics",
            "ticket_order_items", "order_payments", "check_ins", "ticket_transfers", "waitlist_entries")],
    "nobody writes it directly": ["user_behavior_events keys read_only"],
}

# What the switches are in each rewritten source. A switch notes that it was met where it would make a difference.
HEAD = """#include <atomic>
namespace eventcore::policy {
extern int mutant_on;
extern std::atomic<bool> mutants_noted[];
static bool thrown(int n) { return mutant_on == n; }
static bool mutant(int n) { mutants_noted[n].store(true, std::memory_order_relaxed); return thrown(n); }
struct noted {
  noted(int if_false, int if_true) : if_false_(if_false), if_true_(if_true) {}
  bool operator%(bool value) const { mutant(value ? if_true_ : if_false_); return value; }
  template <class Held> Held operator%(Held value) const {
    if (!value || value.assume_value()) mutant(if_true_);
    if (!value || !value.assume_value()) mutant(if_false_);
    return value;
  }
  int if_false_, if_true_;
};
}
"""
# And once in all: which one is thrown, and the notes, written at the end of a rehearsal.
TAIL = """
#include <cstdlib>
#include <fstream>
#include <unistd.h>
namespace eventcore::policy {
extern const int mutant_count;
const int mutant_count = COUNT;
int mutant_on = std::getenv("EC_MUTANT") != nullptr ? std::atoi(std::getenv("EC_MUTANT")) : 0;
std::atomic<bool> mutants_noted[COUNT + 1];
static const struct WrittenAtTheEnd {
  pid_t process = getpid();
  ~WrittenAtTheEnd() {
    const char* path = std::getenv("EC_MUTANTS_NOTES");
    if (path == nullptr || process != getpid()) return;
    std::ofstream file(path);
    for (int n = 1; n <= COUNT; ++n)
      if (mutants_noted[n]) file << n << ' ';
  }
} written_at_the_end;
}
"""


class Switches:
    """Rewrites text and remembers what each number stands for."""

    def __init__(self):
        self.names = []  # (file, line, what)

    def on(self, where, what):
        self.names.append((*where, what))
        return f"mutant({len(self.names)})"


def closing(text, at):
    """The position of the bracket that closes the one at `at`."""
    depth = 0
    while at < len(text):
        if text[at] == '"':
            at = text.index('"', at + 1)
        elif text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise ValueError("a bracket stays open")


def split(text, separators):
    """The parts between separators at the top level, as (start, end), and the separators met."""
    parts, met, start, at = [], [], 0, 0
    while at < len(text):
        if text[at] == '"':
            at = text.index('"', at + 1) + 1
            continue
        if text[at] in "([{":
            at = closing(text, at) + 1
            continue
        found = next((s for s in separators if text.startswith(s, at)), None)
        if found is None:
            at += 1
            continue
        parts.append((start, at))
        met.append(found)
        at += len(found)
        start = at
    parts.append((start, len(text)))
    return parts, met


class Rewriter:
    def __init__(self, switches, name, text, kind):
        self.switches, self.name, self.text = switches, name, text
        self.store, self.both = kind == "store", kind == "both"

    def where(self, at):
        return (self.name, self.text.count("\n", 0, at) + 1)

    def leaf(self, pattern, others):
        """Every match of the pattern may turn into each of others(match)."""
        out, last = [], 0
        for match in re.finditer(pattern, self.text):
            out.append(self.text[last:match.start()])
            last = match.end()
            chosen = "(" + "".join(
                f"{self.switches.on(self.where(match.start()), f'{match[0]} as {other}')} ? {other} : "
                for other in others(match)) + match[0] + ")"
            out.append(chosen)
        self.text = "".join(out) + self.text[last:]

    def leaves(self):
        def role(match):
            at = ROLES.index(match[1])
            return [f"Role::{ROLES[i]}" for i in (at - 1, at + 1) if 0 <= i < len(ROLES)]

        self.leaf(r"(?<!Assignment)\bRole::(\w+)", role)
        self.leaf(r"\bAssignmentRole::(\w+)",
                  lambda m: [f"AssignmentRole::{ASSIGNMENTS[(ASSIGNMENTS.index(m[1]) + 1) % len(ASSIGNMENTS)]}"])
        self.leaf(r"(?<!case )\bPrincipalKind::(\w+)",
                  lambda m: [f"PrincipalKind::{KINDS[(KINDS.index(m[1]) + 1) % len(KINDS)]}"])
        self.leaf(r'"(?:confirmed|active)"', lambda m: ['"planning"'])
        self.leaf(r"(?<=, )(?:true|false)(?=\))", lambda m: ["false" if m[0] == "true" else "true"])

    def original(self, text):
        """A term as it is written, without the switches inside."""
        while True:
            bare = re.sub(r"\((?:mutant\(\d+\) \? [^:()]+(?:::\w+)? : )+([^()]+)\)", r"\1", text)
            bare = re.sub(r"(?:mutant|thrown)\(\d+\) \? (?:false|true|Expr::\w+\(\)|Result<bool>\(\w+\)) : "
                          r"(?:noted\(\d+, \d+\) % )?", "", bare)
            if bare == text:
                return " ".join(text.split())[:110]
            text = bare

    def term(self, text, at, kind):
        body = text.strip()
        if not body:
            return text
        lead = text[:len(text) - len(text.lstrip())]
        where, shown = self.where(at + len(lead)), self.original(body)
        yes, no, whole = {
            "bool": ("true", "false", f"static_cast<bool>({body})"),
            "holds": ("Result<bool>(true)", "Result<bool>(false)", f"Result<bool>({body})"),
            "expr": ("Expr::always()", "Expr::never()", f"Expr({body})"),
        }[kind]
        if body in (yes, no) or body in ("true", "false"):
            return text
        first = self.switches.on(where, f"`{shown}` always")
        second = self.switches.on(where, f"`{shown}` never")
        if kind == "expr":
            return f"{lead}({first} ? {yes} : {second} ? {no} : {whole})"
        always, never = (int(re.search(r"\d+", switch)[0]) for switch in (first, second))
        return f"{lead}(thrown({always}) ? {yes} : thrown({never}) ? {no} : noted({always}, {never}) % {whole})"

    def replace(self, start, end, new):
        self.text = self.text[:start] + new + self.text[end:]
        return start + len(new)

    def logical(self, text, at):
        """Terms of a condition, into its brackets."""
        parts, met = split(text, ["||", "&&"])
        if not met:
            return None
        out = []
        for i, (start, end) in enumerate(parts):
            part = text[start:end]
            inner = part.strip()
            if inner.startswith("(") and closing(inner, 0) == len(inner) - 1 and split(inner[1:-1], ["||", "&&"])[1]:
                within = self.logical(inner[1:-1], at + start + part.index("(") + 1)
                out.append(part.replace(inner, f"({within})"))
            else:
                out.append(self.term(part, at + start, "bool"))
            if i < len(met):
                out.append(met[i])
        return "".join(out)

    def conditions(self):
        at = 0
        while (found := re.compile(r"\bif \(").search(self.text, at)) is not None:
            start = found.end()
            end = closing(self.text, start - 1)
            inner = self.text[start:end]
            if inner.startswith("const "):
                at = end
                continue
            at = self.replace(start, end, self.logical(inner, start) or self.term(inner, start, "bool"))

    def returns(self):
        at = 0
        while (found := re.compile(r"\breturn ").search(self.text, at)) is not None:
            start = found.end()
            end = start + split(self.text[start:], [";"])[0][0][1]
            inner = self.text[start:end]
            choice = split(inner.replace("::", "__"), ["?"])[0]
            if len(choice) > 1:  # condition ? this : that
                condition = inner[:choice[0][1]]
                new = (self.logical(condition, start) or self.term(condition, start, "bool")) + inner[choice[0][1]:]
                if self.store is False and condition.strip().startswith("mutant("):
                    new = inner
                at = self.replace(start, end, new)
                continue
            new = None if self.store else self.logical(inner, start)
            if new:
                at = self.replace(start, end, new)
            else:
                at = start if self.both else end  # there may be a lambda within

    def flags(self):
        """What a flag is set to: const bool may = ..."""
        at = 0
        while (found := re.compile(r"\b(?:const )?bool \w+ = ").search(self.text, at)) is not None:
            start = found.end()
            end = start + split(self.text[start:], [";"])[0][0][1]
            inner = self.text[start:end]
            at = self.replace(start, end, self.logical(inner, start) or self.term(inner, start, "bool"))

    def lists(self):
        """Members of all_of, any_of and of the lists that become them."""
        at = 0
        pattern = re.compile(r"(?:all_of|any_of)\(\s*\{|std::vector<Expr> any\{|any\.push_back\(")
        while (found := pattern.search(self.text, at)) is not None:
            start = found.end()
            end = closing(self.text, start - 1)
            inner = self.text[start:end]
            parts, _ = split(inner, [","])
            out = [self.term(inner[a:b], start + a, "expr") for a, b in parts]
            self.replace(start, end, ",".join(out))
            at = start  # lists within lists too

    def cases(self):
        at = 0
        while (found := re.compile(r"case Predicate::(\w+):\s+return ").search(self.text, at)) is not None:
            start = found.end()
            end = start + split(self.text[start:], [";"])[0][0][1]
            at = self.replace(start, end, self.term(self.text[start:end], start, "expr" if self.store else "holds"))

    def run(self):
        self.leaves()
        self.conditions()
        self.returns()
        if self.both:
            self.flags()
        if self.store or self.both:
            self.lists()
        if not self.both:
            self.cases()
        return self.text


def rewritten(switches):
    texts = {}
    for key, (begin, end, kind) in FILES.items():
        name = key.split(" ")[0]
        text = texts.get(name) or (ROOT / name).read_text()
        start = text.index(begin)
        stop = text.index(end, start) if end else len(text)
        # Blank lines before keep the numbers of the lines.
        rewriter = Rewriter(switches, name, "\n" * text.count("\n", 0, start) + text[start:stop], kind)
        texts[name] = text[:start] + rewriter.run().lstrip("\n") + text[stop:]
    for name in texts:
        at = texts[name].index("namespace eventcore::policy {")
        texts[name] = texts[name][:at] + HEAD + texts[name][at:]
    texts[STORE] += TAIL.replace("COUNT", str(len(switches.names)))
    return texts


def write_if_new(path, text):
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def copy_tree(scratch, texts):
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], check=True,
                            capture_output=True, text=True).stdout
    for name in listed.splitlines():
        source, target = ROOT / name, scratch / name
        if name in texts or not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or source.stat().st_mtime > target.stat().st_mtime:
            shutil.copy2(source, target)
    for folder in (ROOT / "third_party").rglob("src"):
        target = scratch / folder.relative_to(ROOT)
        if not target.exists():
            target.symlink_to(folder)
    for name, text in texts.items():
        write_if_new(scratch / name, text)
    write_if_new(scratch / "tests/policy/policy_mutants_test.cpp", (ROOT / "tools/policy_mutants.cpp").read_text())


def build(scratch, jobs, launcher):
    tree = scratch / "build"
    steps = [["cmake", "-S", scratch, "-B", tree, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
              f"-DCMAKE_CXX_FLAGS={WATCHED}", "-DEVENTCORE_WERROR=OFF", "-DEVENTCORE_EXAMPLES=OFF",
              "-DEVENTCORE_CLI=OFF"],
             ["cmake", "--build", tree, "--parallel", str(jobs), "--target",
              *sorted({name for name, _ in SLOWER})]]
    for step in steps:
        done = subprocess.run([*launcher, *map(str, step)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit("did not compile:\n" + done.stdout[-6000:] + done.stderr[-2000:])
    return next(p for p in tree.rglob("tests_policy") if p.is_file() and os.access(p, os.X_OK))


def build_reusing(scratch, tree, texts, launcher):
    """The mutated sources compiled as the finished build in `tree` compiled them, and linked before its library."""
    tree = tree.resolve()
    programs = {name for name, _ in SLOWER}
    commands = subprocess.run(["ninja", "-C", tree, "-t", "commands", *sorted(programs)], check=True,
                              capture_output=True, text=True).stdout.splitlines()
    driver = "tests/policy/policy_mutants_test.cpp"
    like_driver = ROOT / "tests/policy/matrix_test.cpp"
    write_if_new(scratch / driver, (ROOT / "tools/policy_mutants.cpp").read_text())
    objects = {}

    def step(command, made, *sources):
        finished = [tree / "bin" / program for program in programs]
        if made.exists() and all(made.stat().st_mtime > path.stat().st_mtime for path in (*sources, *finished)):
            return
        done = subprocess.run([*launcher, "sh", "-c", command], cwd=tree, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit("did not compile:\n" + done.stdout[-3000:] + done.stderr[-3000:])

    for name, source in [*((name, ROOT / name) for name in texts), (driver, like_driver)]:
        if name in texts:
            write_if_new(scratch / name, texts[name])
        command = next(c for c in commands if c.endswith(f" -c {source}"))
        objects[name] = scratch / (name + ".o")
        command = re.sub(r" -M[FT] \S+| -MD", "", command).replace(" -Werror", f" {WATCHED}")
        command = re.sub(r" -o \S+ -c \S+$", f" -o {objects[name]} -c {scratch / name}", command)
        step(command, objects[name], scratch / name)
    mutated = " ".join(str(o) for n, o in objects.items() if n != driver)
    for program in programs:
        command = next(c for c in commands if f" -o bin/{program} " in c)
        command = command[:command.index(f" -o bin/{program} ")] + " " + mutated + (
            f" {objects[driver]}" if program == "tests_policy" else "") + (
            f" -o {scratch / program} " + command.split(f" -o bin/{program} ", 1)[1])
        step(command.split(" && cd ")[0], scratch / program, *objects.values())
    return scratch / "tests_policy"


def names_to_try(program, options):
    lines = mutant_trials.output_of(program, EC_MUTANTS_ONLY="list")
    names = [line[7:] for line in lines if line.startswith("MUTANT ")]
    return names[options.first::options.step]


def try_all(program, options, switches, describe, digest):
    """Answers name -> killer, None for survivors; names that there was no time for are left out."""
    ends = time.monotonic() + (options.budget or 1e9)
    names = sorted(names_to_try(program, options), key=lambda name: reason(switches, name) is not None)  # these last
    state = mutant_trials.State(options.state, digest)
    if options.again:
        state.known = {name: killer for name, killer in state.known.items() if killer}
    mutant_trials.drive_all(program, [n for n in names if n not in state.known and "slow " + n not in state.known],
                            state, ends, describe, options.workers)

    def is_open(name):
        return name.startswith("p") and name in state.known and not state.known[name] and not reason(switches, name)

    if not options.quick:
        slow = [n for n in names if is_open(n) and "slow " + n not in state.known]
        mutant_trials.try_slowly(program.parent, SLOWER, slow, state, ends, options.workers)
    results = {}
    for name in names:
        killer = state.known.get("slow " + name) or state.known.get(name)
        if killer or (name in state.known and (options.quick or not is_open(name) or "slow " + name in state.known)):
            results[name] = killer
    print(f"{len(results)} of {len(names)} judged")
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    parser.add_argument("--only", help="try one mutant and show what kills it")
    parser.add_argument("--step", type=int, default=1, help="try every so-manyth mutant")
    parser.add_argument("--budget", type=int, help="stop after so many seconds of trying")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers at once")
    parser.add_argument("--first", type=int, default=0, help="begin with this one in the order of --list")
    parser.add_argument("--reuse", type=pathlib.Path, help="a finished build whose objects are used")
    parser.add_argument("--scratch", type=pathlib.Path, help="keeps the copy here (else a fresh one, removed)")
    parser.add_argument("--launcher", default="", help="a command to put before the build's commands")
    parser.add_argument("--state", type=pathlib.Path, help="keeps the results here, and goes on from them")
    parser.add_argument("--again", action="store_true", help="tries the survivors of --state anew")
    parser.add_argument("--quick", action="store_true", help="without the slower tests")
    parser.add_argument("--workers", type=int, default=1, help="so many mutants at once")
    options = parser.parse_args()
    switches = Switches()
    texts = rewritten(switches)

    def describe(name):
        if not name.startswith("p"):
            return name
        file, line, what = switches.names[int(name[1:]) - 1]
        return f"{name} {file}:{line} {what}"

    with tempfile.TemporaryDirectory() as temporary:
        scratch = (options.scratch or pathlib.Path(temporary)).resolve()
        if options.reuse:
            scratch.mkdir(parents=True, exist_ok=True)
            program = build_reusing(scratch, options.reuse, texts, options.launcher.split())
        else:
            copy_tree(scratch, texts)
            program = build(scratch, options.jobs, options.launcher.split())
        if options.list or options.only:
            for line in mutant_trials.output_of(program, EC_MUTANTS_ONLY=options.only or "list"):
                if line.startswith("MUTANT "):
                    print(describe(line[7:]))
                elif options.only and line and not line.startswith(("[", "Running", "Note", "access")):
                    print(line)
            return 0
        digest = hashlib.sha256("".join(texts.values()).encode()).hexdigest()
        results = try_all(program, options, switches, describe, digest)
        for name, killer in results.items():
            if not killer and name.startswith("p") and not reason(switches, name):
                print("survived:", describe(name), flush=True)
    killed = [name for name, killer in results.items() if killer]
    equivalent = [name for name, killer in results.items() if not killer and reason(switches, name)]
    kinds = (("conditions in sources", "p"), ("grants, columns and keys", "g"), ("rights of commands", "c"))
    for kind, letter in kinds:
        mine = [n for n in results if n.startswith(letter)]
        by = {k: sum(1 for n in mine if results[n] == k) for k in sorted({results[n] for n in mine if results[n]})}
        print(f"{kind}: {len(mine)} mutants, {sum(by.values())} killed ({by}), "
              f"{sum(1 for n in mine if not results[n])} survived")
    print(f"{len(killed)} of {len(results)} killed, {len(equivalent)} change nothing")
    return 1 if len(killed) + len(equivalent) < len(results) else 0


def reason(switches, name):
    """Why a mutant changes nothing, if that is known."""
    if name.startswith("p"):
        file, line, what = switches.names[int(name[1:]) - 1]
        near = "".join((ROOT / file).read_text().splitlines()[line - 1:line + 1])
        for text, why in EQUIVALENT_NEAR.get((file, what), {}).items():
            if text in near:
                return why
        return EQUIVALENT.get((file, what))
    return next((why for why, names in EQUIVALENT_GRANTS.items() if name[2:] in names), None)


if __name__ == "__main__":
    sys.exit(main())
