"""The tool eventcore, driven from outside: cli_test.py PROGRAM OPEN_EVENT_FOLDER FAILING_RENAME [unittest
arguments].

Each verb, the exit codes, what goes to which stream, closed and broken outputs, and that no secret shows anywhere.
"""

import csv
import fcntl
import io
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM, OPEN_EVENT, FAILING_RENAME = sys.argv[1:4]
PASSPHRASE = "correct horse battery staple 81"
PERSON = ["canary.owner@canary.example", "Canary Owner", "Canary Prospect", "canary.prospect@canary.example"]
SECRET = "canary-that-is-sealed"
OK, PROBLEMS, MISUSE, INPUT, ACCESS, STATE, RULE, STORE = range(8)
OUTPUT, INTERRUPTED = 11, 130


def clean_environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EVENTCORE_")}
    kept.pop("NO_COLOR", None)
    return {**kept, "TERM": "xterm", **more}


class CliTest(unittest.TestCase):
    def setUp(self):
        self.held = tempfile.TemporaryDirectory(prefix="eventcore-cli-")
        self.addCleanup(self.held.cleanup)
        self.folder = pathlib.Path(self.held.name)
        self.store = self.folder / "festival.ecdb"
        self.key = self.folder / "festival.key"
        self.made = None

    def command(self, *arguments):
        return [PROGRAM, *map(str, arguments)]

    def environment(self, **more):
        return clean_environment(**{"EVENTCORE_STORE": str(self.store), "EVENTCORE_KEY_FILE": str(self.key), **more})

    def run_it(self, *arguments, code=OK, text="", file_bytes_max=None, **environment):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))
        done = subprocess.run(self.command(*arguments), input=text, capture_output=True, text=True, timeout=120,
                              env=self.environment(**environment), start_new_session=True,
                              preexec_fn=None if file_bytes_max is None else limit)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *arguments, **options):
        return json.loads(self.run_it(*arguments, **options).stdout)

    def make(self):
        """A store with an organization, a venue and an event on sale with one category."""
        self.made = self.json("init", self.store, "--new-key-file", self.key, "--organization-name", "Aurora",
                              "--owner-email", "ada@aurora.example", "--currency", "EUR")
        self.organization = self.made["organization_id"]
        self.tenant = ["--organization", self.organization]
        return self.made

    def venue_rows(self, count, bad=()):
        rows = [{"name": f"Hall {i}", "address": "Quay 1", "max_capacity": -1 if i in bad else 100 + i}
                for i in range(1, count + 1)]
        return "".join(json.dumps(row) + "\n" for row in rows)

    # ---- init and keys -------------------------------------------------------------------------------------------

    def test_init_makes_a_store_an_organization_and_a_private_key_file(self):
        made = self.make()
        self.assertEqual(set(made), {"store", "organization_id", "user_id"})
        self.assertEqual(stat.S_IMODE(self.key.stat().st_mode), 0o600)
        self.assertEqual(self.json("get", "users", made["user_id"])["email"], "ada@aurora.example")

    def test_init_refuses_a_store_and_a_key_file_that_are_there(self):
        self.make()
        other = self.folder / "other.key"
        done = self.run_it("init", "--new-key-file", other, code=STORE, EVENTCORE_KEY_FILE="")
        self.assertIn("store_exists", done.stderr)
        self.assertFalse(other.exists())
        before = self.key.read_bytes()
        self.run_it("init", self.folder / "other.ecdb", "--new-key-file", self.key, code=MISUSE)
        self.assertEqual(self.key.read_bytes(), before)

    def test_a_wrong_key_is_told_and_answers_the_code_of_the_store(self):
        self.make()
        other = self.folder / "other.key"
        other.write_text("ab" * 32 + "\n")
        other.chmod(0o600)
        done = self.run_it("list", "users", "--key-file", other, code=STORE)
        self.assertIn("wrong_key", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_missing_key_and_a_missing_store_say_what_to_do(self):
        self.make()
        done = self.run_it("list", "users", code=STORE, EVENTCORE_KEY_FILE="")
        self.assertIn("--key-file", done.stderr)
        self.assertIn("eventcore init", self.run_it("list", "users", "-s", "absent.ecdb", code=STORE).stderr)

    def test_keys_come_from_standard_input_files_and_the_environment(self):
        self.make()
        key = self.key.read_text()
        self.json("stats", "--key-file", "-", text=key, EVENTCORE_KEY_FILE="")
        raw = self.folder / "raw.key"
        raw.write_bytes(bytes.fromhex(key))
        raw.chmod(0o600)
        self.json("stats", "--key-file", raw)
        short = self.folder / "short.key"
        short.write_text("abc")
        self.assertIn("32 bytes", self.run_it("stats", "--key-file", short, code=MISUSE).stderr)
        self.run_it("call", "verify_store", "-", "--key-file", "-", text=key, code=MISUSE)

    def test_a_passphrase_opens_and_one_in_the_environment_is_warned_of(self):
        store = self.folder / "phrase.ecdb"
        self.json("init", store, "--passphrase-file", "-", text=PASSPHRASE + "\n", EVENTCORE_KEY_FILE="")
        done = self.run_it("stats", "-s", store, EVENTCORE_KEY_FILE="", EVENTCORE_PASSPHRASE=PASSPHRASE)
        self.assertIn("warning", done.stderr)
        self.assertNotIn(PASSPHRASE, done.stdout + done.stderr)

    def test_a_key_file_that_others_may_read_is_warned_of(self):
        self.make()
        self.key.chmod(0o644)
        self.assertIn("chmod 600", self.run_it("stats").stderr)

    def test_a_passphrase_typed_at_the_terminal_is_not_echoed(self):
        store = self.folder / "typed.ecdb"
        child, terminal = pty.fork()
        if child == 0:
            os.execve(PROGRAM, self.command("init", store), clean_environment())
        shown, answers = b"", [b"Passphrase: ", b"The same again: "]
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if answers and answers[0] in shown:
                answers.pop(0)
                os.write(terminal, PASSPHRASE.encode() + b"\n")
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), OK, shown)
        self.assertNotIn(PASSPHRASE.encode(), shown)
        self.json("stats", "-s", store, "--passphrase-file", "-", text=PASSPHRASE, EVENTCORE_KEY_FILE="")

    def test_no_secret_shows_in_the_process_list(self):
        self.make()
        follower = subprocess.Popen(self.command("changes", "--follow"), stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, env=self.environment())
        follower.stdout.readline()
        shown = pathlib.Path(f"/proc/{follower.pid}/cmdline").read_text()
        self.assertIn("--follow", shown)
        self.assertNotIn(self.key.read_text().strip(), shown)
        follower.terminate()
        follower.communicate(timeout=30)

    # ---- what was not made does not remain ------------------------------------------------------------------------

    def files(self):
        """Sizes by name; but for what SQLite has while a store is open."""
        return {path.name: path.stat().st_size for path in self.folder.iterdir()
                if path.is_file() and not path.name.endswith(("-wal", "-shm"))}

    def wait_for(self, path, process):
        until = time.monotonic() + 60
        while not path.exists() and process.poll() is None:
            self.assertLess(time.monotonic(), until, f"{path.name} did not come")
            os.sched_yield()

    def test_a_refused_init_leaves_nothing_and_takes_nothing(self):
        (self.folder / "festival.notes").write_text("mine")
        (self.folder / "festival.lock").write_text("")
        before = self.files()
        made = ["init", self.store, "--new-key-file", self.key, "--organization-name", "Aurora", "--owner-email"]
        for arguments, code in [([*made, "ada@aurora.example", "--currency", "EURO"], INPUT), ([*made, "ada"], INPUT),
                                (["init", self.folder / "no" / "such.ecdb", *made[2:4]], MISUSE),
                                (["init", f"{self.folder}/", *made[2:4]], MISUSE),
                                (["init", *made[2:4], "--key-file", self.key], MISUSE),
                                (["init", self.store, "--new-key-file", self.folder / "no" / "such.key"], MISUSE),
                                (["init", self.store, "--key-file", self.folder], MISUSE)]:
            self.run_it(*arguments, code=code, EVENTCORE_KEY_FILE="")
            self.assertEqual(self.files(), before, arguments)
        self.run_it("init", *made[2:4], code=MISUSE, EVENTCORE_KEY_FILE="", EVENTCORE_STORE="")
        self.run_it("init", self.store, code=STORE, EVENTCORE_KEY_FILE="")
        self.assertEqual(self.files(), before)
        self.make()

    def test_an_init_without_room_leaves_nothing(self):
        for room in (0, 20, 200, 5_000, 50_000, 500_000):
            done = self.run_it("init", self.store, "--new-key-file", self.key, code=STORE if room > 100 else MISUSE,
                               file_bytes_max=room)
            self.assertEqual(self.files(), {}, (room, done.stderr))

    def test_a_new_key_is_not_written_over_a_file_of_the_store(self):
        for ending in ("ecdb", "keys", "anchor", "lock", "reserve"):
            done = self.run_it("init", self.store, "--new-key-file", self.folder / f"festival.{ending}", code=MISUSE)
            self.assertIn("belongs to the store", done.stderr)
            self.assertEqual(self.files(), {})
        self.make()
        before = sorted(self.files())
        done = self.run_it("backup", "friday.ecdb", "--new-key-file", "friday.reserve", code=MISUSE)
        self.assertIn("belongs to the store", done.stderr)
        self.assertEqual(sorted(self.files()), before)

    def test_an_interrupted_init_leaves_nothing_but_what_was_there(self):
        lock = self.folder / "festival.lock"
        for number in (signal.SIGINT, signal.SIGTERM):
            with open(lock, "wb") as held:
                fcntl.lockf(held, fcntl.LOCK_EX)
                process = subprocess.Popen(self.command("init", self.store, "--new-key-file", self.key),
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
                self.wait_for(self.key, process)
                process.send_signal(number)
                shown, told = process.communicate(timeout=60)
            self.assertEqual((process.returncode, shown), (INTERRUPTED, b""), told)
            self.assertIn(b"interrupted", told)
            self.assertEqual(sorted(self.files()), ["festival.lock"])
        self.make()

    def test_an_interrupted_backup_is_whole_or_leaves_nothing(self):
        self.make()
        self.run_it("import", "venues", "-", *self.tenant, text=self.venue_rows(3000))
        before = sorted(self.files())
        key = self.folder / "friday.key"
        interrupted = 0
        for _ in range(20):
            process = subprocess.Popen(self.command("backup", self.folder / "friday.ecdb", "--new-key-file", key),
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
            self.wait_for(self.folder / "friday.ecdb.next", process)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
            if process.returncode == INTERRUPTED:
                interrupted += 1
                self.assertEqual(sorted(self.files()), before, told)
                if interrupted == 3:
                    break
                continue
            self.assertEqual(process.returncode, OK, told)
            self.assertTrue(self.json("verify", "-s", self.folder / "friday.ecdb", "--key-file", key)["ok"])
            for path in self.folder.glob("friday.*"):
                path.unlink()
        self.assertGreater(interrupted, 0)
        self.run_it("backup", self.folder / "friday.ecdb", "--new-key-file", key)

    def test_an_interrupted_restore_is_whole_or_leaves_nothing(self):
        self.make()
        self.run_it("import", "venues", "-", *self.tenant, text=self.venue_rows(3000))
        before = sorted(self.files())
        target = self.folder / "again.ecdb"
        asked = ["restore", self.store, "--backup-key-file", self.key, "--store", target]
        process = subprocess.Popen(self.command(*asked), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=self.environment())
        self.wait_for(self.folder / "again.ecdb.next", process)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        self.assertIn(process.returncode, (OK, INTERRUPTED), told)
        if process.returncode == INTERRUPTED:
            self.assertEqual(sorted(self.files()), before, told)
            self.run_it(*asked)
        self.assertTrue(self.json("verify", "-s", target)["ok"])

    def test_a_wrong_file_is_named_and_nothing_is_left(self):
        self.make()
        before = sorted(os.listdir(self.folder))
        absent = self.folder / "no" / "such.ecdb"
        (self.folder / "words.txt").write_text("x" * 5000)
        (self.folder / "huge.key").touch(0o600)
        os.truncate(self.folder / "huge.key", 1 << 40)
        before += ["words.txt", "huge.key"]
        for arguments, code, told in [
                (["list", "users", "-s", self.folder], MISUSE, "is a folder, not a store"),
                (["restore", self.folder, "--backup-key-file", self.key], MISUSE, "is a folder, not a store"),
                (["list", "users", "-s", absent], STORE, str(absent)),
                (["restore", absent, "--backup-key-file", self.key], STORE, str(absent)),
                (["backup", absent, "--backup-key-file", self.key], STORE, f"there is no folder for {absent}"),
                (["restore", self.store, "--backup-key-file", self.key, "-s", absent], STORE, "there is no folder for"),
                (["list", "users", "--key-file", self.folder / "huge.key"], MISUSE, "huge.key is longer than"),
                (["list", "users", "--passphrase-file", self.folder / "words.txt"], MISUSE, "is longer than"),
                (["export", "--to", self.folder / "out", "-s", absent], STORE, str(absent)),
                (["export", "--to", self.folder / "out", "-t", "absent"], INPUT, "unknown_table"),
                (["add-key", "--new-key-file", self.folder / "new.key", "--name", "x" * 101], INPUT, "name"),
                (["rotate-key", "--new-key-file", self.folder / "new.key", "--name", "x" * 101], INPUT, "name")]:
            self.assertIn(told, self.run_it(*arguments, code=code).stderr, arguments)
            left = [name for name in sorted(os.listdir(self.folder)) if not name.endswith(("-wal", "-shm"))]
            self.assertEqual(left, sorted(before), arguments)

    def test_a_run_after_a_killed_init_says_what_is_there(self):
        with open(self.folder / "festival.lock", "wb") as held:
            fcntl.lockf(held, fcntl.LOCK_EX)
            process = subprocess.Popen(self.command("init", self.store, "--new-key-file", self.key),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment())
            self.wait_for(self.store, process)
            process.kill()
            process.wait()
        kept = self.key.read_bytes()
        self.assertIn("--key-file", self.run_it("init", self.store, "--new-key-file", self.key, code=MISUSE).stderr)
        self.assertIn("eventcore stats", self.run_it("init", self.store, code=STORE).stderr)
        self.assertIn("not_a_store", self.run_it("stats", code=STORE).stderr)
        self.assertEqual(self.key.read_bytes(), kept)

    # ---- canaries ------------------------------------------------------------------------------------------------

    def plant(self):
        """People and secrets of recognizable texts; what was printed once where a secret is shown once."""
        self.made = self.json("init", self.store, "--new-key-file", self.key, "--organization-name", "Aurora",
                              "--owner-email", PERSON[0], "--owner-name", PERSON[1])
        self.organization = self.made["organization_id"]
        self.tenant = ["--organization", self.organization]
        self.secrets = {SECRET, PASSPHRASE, self.key.read_text().strip()}
        self.command_call("set_integration_secret", kind="ai_provider", name="main", value=SECRET)
        platform = self.one_row("social_media_platforms", [], platform_name="instagram")
        account = self.one_row("social_media_accounts", self.tenant, platform_id=platform,
                               account_handle="aurora", api_credentials={"token": SECRET})
        prospect = self.one_row("sponsor_prospects", self.tenant, company_name="Quay", contact_person=PERSON[2],
                                contact_email=PERSON[3])
        made = self.command_call("create_api_key", name="site", permissions=["marketing"])
        device = self.command_call("register_device", event_id=self.event()["id"], name="Gate")
        self.secrets |= {text.rpartition("_")[2] for text in (made["token"], device["token"])}
        return account, prospect

    def command_call(self, command, **arguments):
        return self.json("call", command, json.dumps(arguments), *self.tenant)

    def one_row(self, table, tenant, **values):
        self.run_it("import", table, "-", "--format", "json", *tenant, text=json.dumps(values) + "\n")
        return self.json("list", table, *tenant)["rows"][-1]["id"]

    def told(self, text, people):
        wanted = self.secrets | (set(PERSON) if people else set())
        return sorted(one for one in wanted if one in text)

    def scan(self, *allowed):
        """Every file but those of keys and `allowed` folders."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.suffix not in (".key", ".words")]
        for path in files:
            if not any(folder in path.parents for folder in allowed):
                self.assertEqual(self.told(path.read_bytes().decode("latin-1"), True), [], path.name)
        return len(files)

    def test_no_copy_log_or_message_tells_a_secret_or_a_person(self):
        account, prospect = self.plant()
        words = self.folder / "safe.words"
        words.write_text(PASSPHRASE + "\n")
        words.chmod(0o600)
        renewed = {"EVENTCORE_KEY_FILE": str(self.folder / "renewed.key")}
        backup = [self.folder / "friday.ecdb", "--new-key-file", self.folder / "friday.key"]
        bad = json.dumps({"company_name": PERSON[2], "contact_email": PERSON[3], "no_such_column": SECRET}) + "\n"
        quiet = [self.run_it("add-key", "--other-passphrase-file", words, "--name", "safe"),
                 self.run_it("backup", *backup),
                 self.run_it("import", "sponsor_prospects", "-", "-f", "json", *self.tenant, text=bad, code=INPUT),
                 self.run_it("call", "reveal_secret", json.dumps({"table": "users", "id": account}), *self.tenant,
                             code=INPUT),
                 self.run_it("get", "sponsor_prospects", prospect, "--as", f"anon:{self.organization}", code=STATE),
                 self.run_it("changes"), self.run_it("stats"), self.run_it("verify"), self.run_it("schema", "tables"),
                 self.run_it("rotate-key", "--new-key-file", renewed["EVENTCORE_KEY_FILE"], "--data-key"),
                 self.run_it("restore", backup[0], "--backup-key-file", backup[2], "--replace", **renewed),
                 self.run_it("call", "list_keys", **renewed)]
        self.secrets |= {path.read_text().strip() for path in self.folder.glob("*.key")}
        for done in quiet:
            self.assertEqual(self.told(done.stdout + done.stderr, True), [], done.args)
        self.assertGreater(self.scan(), 6)
        (self.folder / "left-behind").write_text(PERSON[3])
        with self.assertRaises(AssertionError):
            self.scan()

    def test_an_export_holds_what_its_reader_may_see_and_no_secret(self):
        self.plant()
        mine, theirs = self.folder / "mine", self.folder / "theirs"
        done = [self.run_it("export", "--to", mine, "--as", f"user:{self.made['user_id']}"),
                self.run_it("export", "--to", theirs, "--as", f"anon:{self.organization}")]
        for one in done:
            self.assertEqual(self.told(one.stdout + one.stderr, True), [], one.args)
        everything = "".join(path.read_text() for path in mine.iterdir())
        self.assertEqual(self.told(everything, True), sorted(PERSON), "an owner's own copy holds people, and no secret")
        self.assertEqual(self.told(self.run_it("export", *self.tenant).stdout, False), [])
        self.scan(mine)

    # ---- verbs ---------------------------------------------------------------------------------------------------

    def event(self):
        event = self.json("import", "--open-event", OPEN_EVENT, *self.tenant, "--categories",
                          '[{"name": "Day", "base_price": "25.00", "total_quantity": 50}]')["event"]
        self.assertTrue(event["id"])
        return event

    def test_import_open_event_and_its_dry_run(self):
        self.make()
        self.run_it("import", "--open-event", OPEN_EVENT, "--dry-run", *self.tenant)
        self.assertEqual(self.json("list", "events", "--count", *self.tenant), {"count": 0})
        self.event()
        self.assertEqual(self.json("list", "events", "--count", *self.tenant), {"count": 1})
        self.assertEqual(self.json("list", "ticket_categories", *self.tenant)["rows"][0]["base_price"], "25.00")

    def test_call_takes_its_arguments_from_everywhere(self):
        self.make()
        argument = '{"pages": false}'
        file = self.folder / "arguments.json"
        file.write_text(argument)
        for given in [argument, f"@{file}"]:
            self.assertTrue(self.json("call", "verify_store", given)["ok"])
        self.assertTrue(self.json("call", "verify_store", "-", text=argument)["ok"])
        self.assertTrue(self.json("call", "verify_store")["ok"])

    def test_call_repeated_under_its_key_happens_once(self):
        self.make()
        asked = ["call", "invite_user", '{"email": "bo@aurora.example", "full_name": "Bo"}', "--idempotency-key",
                 "invite-bo-0000001", *self.tenant]
        self.assertEqual(self.json(*asked), self.json(*asked))
        self.assertEqual(self.json("list", "users", "--count", *self.tenant), {"count": 2})

    def test_failures_answer_the_code_of_their_class(self):
        made = self.make()
        self.event()
        anybody = ["--as", f"anon:{self.organization}"]
        self.run_it(code=MISUSE)
        self.run_it("lst", code=MISUSE)
        self.run_it("call", "place_order", "{", code=INPUT)
        self.run_it("call", "place_ordr", code=INPUT)
        self.run_it("call", "run_maintenance", *anybody, code=ACCESS)
        self.run_it("get", "events", made["user_id"], code=STATE)
        category = self.json("list", "ticket_categories", *self.tenant)["rows"][0]
        order = {"event_id": category["event_id"], "customer": {"email": "eve@example.org", "name": "Eve"},
                 "items": [{"ticket_category_id": category["id"], "quantity": 1}]}
        self.run_it("call", "place_order", json.dumps(order), code=RULE)
        self.run_it("stats", "-s", self.folder / "absent.ecdb", code=STORE)

    def test_failures_are_json_when_asked(self):
        self.make()
        done = self.run_it("call", "place_order", "{}", "--json-errors", code=INPUT)
        failure = json.loads(done.stderr)
        self.assertEqual(failure["code"], "invalid_argument")
        self.assertIn("event_id", [field["field"] for field in failure["fields"]])

    def test_list_filters_sorts_pages_and_formats(self):
        self.make()
        self.run_it("import", "venues", "-", *self.tenant, text=self.venue_rows(7))
        listed = self.json("list", "venues", "-w", "max_capacity=103", *self.tenant)
        self.assertEqual([row["name"] for row in listed["rows"]], ["Hall 3"])
        big = ["list", "venues", "-w", '{"max_capacity": {"gt": 102}}', "--order-by", "-max_capacity", "-c",
               "name,max_capacity",
               *self.tenant]
        page = self.json(*big, "-n", "3")
        self.assertEqual([row["max_capacity"] for row in page["rows"]], [107, 106, 105])
        rest = self.json(*big, "--after", page["cursor"])
        self.assertEqual(([row["max_capacity"] for row in rest["rows"]], rest["cursor"]), ([104, 103], None))
        table = self.run_it(*big, "-f", "table").stdout.splitlines()
        self.assertEqual((table[0].split(), len(table)), (["name", "max_capacity"], 6))
        rows = list(csv.DictReader(io.StringIO(self.run_it(*big, "-f", "csv").stdout)))
        self.assertEqual(rows[0], {"name": "Hall 7", "max_capacity": "107"})
        lines = self.run_it("list", "venues", "--all", "-f", "ndjson", *self.tenant).stdout.splitlines()
        self.assertEqual(len(lines), 7)
        self.assertIn("unknown_column", self.run_it("list", "venues", "-w", "x=1", *self.tenant, code=INPUT).stderr)

    def test_principals_see_what_is_theirs(self):
        made = self.make()
        owner = ["--as", f"user:{made['user_id']}"]
        self.assertEqual(len(self.json("list", "users", *owner)["rows"]), 1)
        self.assertEqual(self.json("list", "users", "--as", f"anon:{self.organization}")["rows"], [])
        self.run_it("list", "events", "--as", "user:nobody", code=INPUT)
        self.run_it("list", "events", "--as", "king", code=MISUSE)
        self.run_it("list", "events", "--as", "device", code=MISUSE)
        event = self.event()
        device = self.json("call", "register_device", json.dumps({"event_id": event["id"], "name": "Gate 1"}),
                           *self.tenant)
        token = self.folder / "device.token"
        token.write_text(device["token"] + "\n")
        token.chmod(0o600)
        scan = self.json("call", "check_in", json.dumps({"event_id": event["id"], "code": "forged"}), "--as", "device",
                         "--token-file", token)
        self.assertEqual(scan["outcome"], "forged")

    def test_explain_names_the_policy(self):
        made = self.make()
        told = self.json("explain", "update", "organizations", self.organization, "--as", f"user:{made['user_id']}")
        self.assertTrue(told["allowed"])

    def test_schema_needs_no_store(self):
        for what in ["tables", "commands", "place_order", "venues", "sold_out", "enums"]:
            self.assertTrue(self.json("schema", what, EVENTCORE_STORE="", EVENTCORE_KEY_FILE=""))
        self.run_it("schema", "nothing", code=MISUSE)

    def test_stats_count_rows(self):
        self.make()
        stats = self.json("stats", "--counts")
        self.assertEqual((stats["rows"]["organizations"], stats["rows"]["users"]), (1, 1))
        self.assertIn("sqlcipher", stats["version"])

    def test_verify_passes_on_a_sound_store_and_is_told_from_one_that_cannot_be_opened(self):
        self.make()
        self.event()
        verified = self.json("verify")
        self.assertTrue(verified["ok"])
        self.assertEqual(len(verified["audit"]), 2)
        with open(self.store, "r+b") as file:
            file.seek(64)
            file.write(b"damage")
        self.run_it("verify", code=STORE)

    def test_verify_finds_a_damaged_page(self):
        self.make()
        self.run_it("import", "venues", "-", *self.tenant, text=self.venue_rows(300))
        size = self.store.stat().st_size
        with open(self.store, "r+b") as file:
            file.seek(size - 4096 + 100)
            file.write(b"damage")
        done = subprocess.run(self.command("verify"), capture_output=True, text=True, env=self.environment())
        self.assertIn(done.returncode, (PROBLEMS, STORE), done.stdout + done.stderr)

    # ---- import and export ---------------------------------------------------------------------------------------

    def test_csv_comes_in_with_its_types_and_errors_name_row_and_line(self):
        self.make()
        file = self.folder / "venues.csv"
        file.write_text('name,address,max_capacity\n"Hall, ""A""\nannex",Quay 1,120\nHall B,Quay 2,many\n')
        done = self.run_it("import", "venues", file, "--dry-run", *self.tenant, code=PROBLEMS)
        told = json.loads(done.stdout)
        self.assertEqual([(error["row"], error["line"]) for error in told["errors"]], [(2, 4)])
        self.assertEqual(told["errors"][0]["fields"][0]["field"], "max_capacity")
        self.assertIn("row 2 (line 4)", done.stderr)
        self.assertEqual(self.json("list", "venues", "--count", *self.tenant), {"count": 0})
        self.run_it("import", "venues", file, "--keep-going", *self.tenant, code=PROBLEMS)
        row = self.json("list", "venues", *self.tenant)["rows"][0]
        self.assertEqual((row["name"], row["max_capacity"]), ('Hall, "A"\nannex', 120))

    def test_a_refused_row_stops_the_import_before_its_batch(self):
        self.make()
        asked = ["import", "venues", "-", "--batch", "4", *self.tenant]
        done = self.run_it(*asked, text=self.venue_rows(10, bad=[6]), code=INPUT)
        told = json.loads(done.stdout)
        self.assertEqual((told["imported"], told["errors"][0]["row"]), (4, 6))
        self.assertEqual(self.json("list", "venues", "--count", *self.tenant), {"count": 4})

    def test_a_repeated_import_adds_nothing_twice_and_goes_on(self):
        self.make()
        asked = ["import", "venues", "-", "--batch", "4", *self.tenant]
        self.run_it(*asked, "--keep-going", text=self.venue_rows(10, bad=[6]), code=PROBLEMS)
        self.run_it(*asked, "--keep-going", text=self.venue_rows(10, bad=[6]), code=PROBLEMS)
        self.assertEqual(self.json("list", "venues", "--count", *self.tenant), {"count": 9})
        self.json(*asked, text=self.venue_rows(4))
        self.assertEqual(self.json("list", "venues", "--count", *self.tenant), {"count": 9})

    def test_a_mended_file_adds_only_what_was_refused(self):
        self.make()
        asked = ["import", "venues", "-", "--batch", "4", *self.tenant]
        for more, bad, code, total in [([], [6], INPUT, 4), (["--keep-going"], [6], PROBLEMS, 9), ([], [], OK, 10)]:
            self.run_it(*asked, *more, text=self.venue_rows(10, bad=bad), code=code)
            self.assertEqual(self.json("list", "venues", "--count", *self.tenant), {"count": total})

    def test_equal_rows_of_a_file_are_all_added_once(self):
        self.make()
        text = self.venue_rows(1) * 3
        for _ in range(2):
            self.json("import", "venues", "-", "--batch", "2", *self.tenant, text=text)
            self.assertEqual(self.json("list", "venues", "--count", *self.tenant), {"count": 3})
        self.json("import", "venues", "-", "--import-id", "again", *self.tenant, text=text)
        self.assertEqual(self.json("list", "venues", "--count", *self.tenant), {"count": 6})

    def test_set_adds_a_column_to_every_row(self):
        self.make()
        text = json.dumps([{"name": "Hall 1", "address": "a"}, {"name": "Hall 2", "address": "b"}])
        self.json("import", "venues", "-", "--set", "max_capacity=250", *self.tenant, text=text)
        rows = self.json("list", "venues", *self.tenant)["rows"]
        self.assertEqual([row["max_capacity"] for row in rows], [250, 250])

    def test_files_that_cannot_be_read_are_refused_before_anything_is_written(self):
        self.make()
        for text, form in [('{"name": ', "json"), ('name\n"open', "csv"), ("name,max_capacity\na\n", "csv")]:
            self.run_it("import", "venues", "-", "--format", form, *self.tenant, text=text, code=MISUSE)
        self.run_it("import", "venues", self.folder / "absent.csv", *self.tenant, code=MISUSE)
        self.run_it("import", "venues", code=MISUSE)

    def test_export_writes_what_the_principal_sees(self):
        made = self.make()
        self.run_it("import", "venues", "-", *self.tenant, text=self.venue_rows(3))
        lines = [json.loads(line) for line in self.run_it("export", *self.tenant).stdout.splitlines()]
        self.assertEqual(sum(line["table"] == "venues" for line in lines), 3)
        target = self.folder / "out"
        summary = self.json("export", "--to", target, "--format", "csv", "--as", f"user:{made['user_id']}")
        self.assertEqual(summary["rows"]["venues"], 3)
        with open(target / "venues.csv", newline="", encoding="utf-8") as file:
            self.assertEqual(sorted(row["name"] for row in csv.DictReader(file)), ["Hall 1", "Hall 2", "Hall 3"])
        self.assertEqual(stat.S_IMODE((target / "venues.csv").stat().st_mode), 0o600)
        self.assertEqual(list(target.glob("*.part")), [])
        self.run_it("export", "--format", "csv", code=MISUSE)
        rows = csv.DictReader(io.StringIO(self.run_it("export", "-f", "csv", "-t", "venues", *self.tenant).stdout))
        self.assertEqual(len(list(rows)), 3)

    # ---- changes -------------------------------------------------------------------------------------------------

    def test_changes_go_on_from_a_number(self):
        self.make()
        self.run_it("import", "venues", "-", *self.tenant, text=self.venue_rows(5))
        numbers = [json.loads(line)["seq"] for line in self.run_it("changes", *self.tenant).stdout.splitlines()]
        self.assertEqual(numbers, sorted(numbers))
        rest = self.run_it("changes", "--since", numbers[2], "--limit", 2, *self.tenant).stdout.splitlines()
        self.assertEqual([json.loads(line)["seq"] for line in rest], numbers[3:5])

    def follower(self, *arguments):
        process = subprocess.Popen(self.command("changes", "--follow", *arguments), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def read_line(self, process):
        ready, _, _ = select.select([process.stdout], [], [], 30)
        self.assertTrue(ready, "no change came")
        return json.loads(process.stdout.readline())

    def test_follow_shows_what_another_process_writes_and_ends_on_an_interrupt(self):
        self.make()
        last = len(self.run_it("changes", *self.tenant).stdout.splitlines())
        for number in (signal.SIGINT, signal.SIGTERM):
            follower = self.follower("--since", str(last), *self.tenant)
            name = f"Hall {number}"
            self.run_it("import", "venues", "-", "--set", "address=Quay 1", *self.tenant,
                        text=json.dumps([{"name": name, "max_capacity": 9}]))
            change = self.read_line(follower)
            last = change["seq"]
            self.assertEqual((change["table"], change["operation"]), ("venues", "insert"))
            follower.send_signal(number)
            self.assertEqual(follower.wait(timeout=30), OK)
            self.assertIn(f"--since {last}", follower.stderr.read())

    def test_follow_ends_when_nobody_reads(self):
        self.make()
        follower = self.follower()
        self.read_line(follower)
        follower.stdout.close()
        self.assertEqual(follower.wait(timeout=30), OK)

    # ---- streams -------------------------------------------------------------------------------------------------

    def test_a_reader_that_leaves_early_ends_the_program_quietly(self):
        self.make()
        self.run_it("import", "venues", "-", *self.tenant, text=self.venue_rows(2000))
        for arguments in (["export", *self.tenant], ["list", "venues", "--all", "-f", "ndjson", *self.tenant]):
            process = subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=self.environment())
            process.stdout.read(10)
            process.stdout.close()
            self.assertEqual((process.wait(timeout=60), process.stderr.read()), (OK, b""))
            process.stderr.close()

    def test_a_full_disk_behind_the_output_is_told(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command("schema"), stdout=full, stderr=subprocess.PIPE, env=self.environment())
        self.assertEqual(done.returncode, 11)
        self.assertIn(b"cannot be written", done.stderr)

    def every_verb(self):
        """A line for each verb, all of which print something."""
        return [["list", "users"], ["list", "users", "--count"], ["get", "users", self.made["user_id"]], ["export"],
                ["export", "--to", self.folder / "out"], ["verify"], ["stats"], ["changes"], ["schema"], ["--help"],
                ["--version"], ["explain", "view", "users", self.made["user_id"]], ["call", "list_keys"],
                ["call", "create_organization", '{"name": "B", "owner": {"email": "b@b.example", "full_name": "B"}}'],
                ["import", "venues", "-", *self.tenant], ["init", self.folder / "other.ecdb"],
                ["backup", self.folder / "friday.ecdb", "--new-key-file", self.folder / "friday.key"],
                ["restore", self.folder / "absent.ecdb", "--backup-key-file", self.key],
                ["add-key", "--new-key-file", self.folder / "more.key"],
                ["rotate-key", "--new-key-file", self.folder / "next.key"]]

    def with_streams(self, streams, *arguments):
        line = ["sh", "-c", f'exec "$@" {streams}', "sh", *self.command(*arguments)]
        return subprocess.run(line, input=b"", capture_output=True, timeout=120, env=self.environment())

    def test_a_closed_output_is_told_and_nothing_is_done(self):
        self.make()
        before = self.files()
        for streams in (">&-", "<&- >&-", "1</dev/null"):
            for arguments in self.every_verb():
                done = self.with_streams(streams, *arguments)
                self.assertEqual(done.returncode, OUTPUT, (streams, arguments, done.stderr))
                self.assertIn(b"output", done.stderr, arguments)
        self.assertEqual(self.files().keys(), before.keys())
        self.assertEqual(self.json("list", "organizations", "--count"), {"count": 1})

    def test_a_closed_stream_never_ends_in_a_file_of_the_store(self):
        self.make()
        for streams in ("2>&-", "<&- 2>&-", "<&- >&- 2>&-"):
            for arguments in (["list", "absent"], ["list", "organizations"], ["get", "users", self.made["user_id"]]):
                self.with_streams(streams, *arguments)
        self.assertEqual((self.folder / "festival.lock").read_bytes(), b"")
        self.assertIn(b"standard input", self.with_streams("<&-", "call", "list_keys", "-").stderr)
        self.assertTrue(self.json("verify")["ok"])

    def test_a_full_disk_behind_the_output_is_told_by_every_verb(self):
        self.make()
        for arguments in self.every_verb():
            if arguments[0] not in ("restore", "rotate-key"):
                done = self.with_streams(">/dev/full", *arguments)
                self.assertEqual(done.returncode, OUTPUT, (arguments, done.stderr))
                self.assertIn(b"cannot be written", done.stderr, arguments)

    def test_a_failure_is_told_although_nobody_reads(self):
        self.make()
        process = subprocess.Popen(self.command("export", "-t", "organizations", "-t", "absent"),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        process.stdout.close()
        self.assertIn(b"unknown_table", process.stderr.read())
        process.stderr.close()
        self.assertEqual(process.wait(timeout=60), INPUT)

    # ---- numbers -------------------------------------------------------------------------------------------------

    def test_numbers_outside_their_range_are_refused_with_the_range(self):
        most = 2 ** 63 - 1
        for option, least, top in [(["list", "venues", "--limit"], 1, most), (["changes", "--limit"], 1, most),
                                   (["changes", "--since"], 0, most), (["import", "venues", "-", "--batch"], 1, 10000),
                                   (["verify", "--problems-max"], 1, 10000),
                                   (["import", "--open-event", OPEN_EVENT, "--venue-capacity"], 1, most)]:
            for value in ("-1", "1e308", "nan", "abc", "1.5", "", str(2 ** 63), str(2 ** 64 + 1), "9" * 400, " 5",
                          "0x10"):
                done = self.run_it(*option, value, code=MISUSE)
                self.assertIn(f"{option[-1]}: must be a whole number from {least} to {top}", done.stderr, value)
                self.assertLess(len(done.stderr), 160)

    def test_a_number_is_decimal_and_reaches_to_its_end(self):
        self.make()
        self.run_it("import", "venues", "-", *self.tenant, text=self.venue_rows(12))
        rows = self.json("list", "venues", "--limit", "010", *self.tenant)["rows"]
        self.assertEqual(len(rows), 10)
        self.assertEqual(len(self.json("list", "venues", "-n", 2 ** 63 - 1, *self.tenant)["rows"]), 12)
        self.assertEqual(self.run_it("changes", "--since", 2 ** 63 - 1, *self.tenant).stdout, "")

    def test_a_timeout_is_a_time(self):
        self.make()
        asked = ["call", "create_organization", '{"name": "B", "owner": {"email": "b@b.example", "full_name": "B"}}']
        for value in ("-1", "-0", "nan", "inf", "abc", "", "0x10", "1e", " 1", "1e9999x", "."):
            done = self.run_it(*asked, "--timeout", value, code=MISUSE)
            self.assertIn("--timeout: must be a number of seconds, not negative", done.stderr, value)
        for value in ("0", "1e-9", "1e-400"):
            self.assertIn("deadline_exceeded", self.run_it(*asked, "--timeout", value, code=STORE).stderr, value)
        for value in ("1e300", "1e9999", "9223372036854.775808", "60", "1.5", ".5e2"):
            self.run_it(*asked, "--timeout", value)

    def test_an_empty_idempotency_key_is_none_and_refused(self):
        self.make()
        asked = ["call", "create_organization", '{"name": "B", "owner": {"email": "b@b.example", "full_name": "B"}}']
        for given in (["--idempotency-key", ""], ["--idempotency-key="]):
            self.assertIn("--idempotency-key", self.run_it(*asked, *given, code=MISUSE).stderr)
        self.assertEqual(self.json("list", "organizations", "--count"), {"count": 1})
        for rows in (["--open-event", OPEN_EVENT], ["venues", "-"]):
            self.assertIn("--import-id", self.run_it("import", *rows, "--import-id", "", code=MISUSE).stderr)

    def test_colour_and_layout_are_for_terminals_only(self):
        self.assertNotIn("\033", self.run_it("schema", "place_order").stdout)
        for environment, coloured in [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]:
            child, terminal = pty.fork()
            if child == 0:
                os.execve(PROGRAM, self.command("schema", "sold_out"), clean_environment(**environment))
            shown = b""
            while True:
                try:
                    piece = os.read(terminal, 4096)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
            os.waitpid(child, 0)
            os.close(terminal)
            self.assertIn(b"\n  ", shown.replace(b"\r", b""))
            self.assertEqual(b"\033" in shown, coloured, environment)

    def test_the_completion_offers_verbs_and_their_options(self):
        script = pathlib.Path(__file__).resolve().parents[2] / "cli/eventcore.bash"
        for words, offered in [("eventcore ver", "verify"), ("eventcore list --wh", "--where"),
                               ("eventcore --key", "--key-file")]:
            line = f"source {script}; COMP_WORDS=({words}); COMP_CWORD={words.count(' ')}; _eventcore; " \
                   'echo "${COMPREPLY[@]}"'
            done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
            self.assertIn(offered, done.stdout.split(), done.stderr)

    def test_a_store_whose_writer_was_killed_is_read_on(self):
        self.make()
        writer = subprocess.Popen(self.command("import", "venues", "-", "--batch", "5", *self.tenant),
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env=self.environment())
        follower = self.follower("--since", "2", *self.tenant)
        writer.stdin.write(self.venue_rows(3000).encode())
        writer.stdin.close()
        self.read_line(follower)
        writer.kill()
        writer.wait()
        follower.terminate()
        follower.wait()
        count = self.json("list", "venues", "--count", *self.tenant)["count"]
        self.assertTrue(0 < count < 3000 and count % 5 == 0, count)
        self.json("import", "venues", "-", "--batch", "5", *self.tenant, text=self.venue_rows(3000))
        self.assertEqual(self.json("list", "venues", "--count", *self.tenant), {"count": 3000})
        self.assertTrue(self.json("verify")["ok"])

    def test_every_verb_has_help_with_an_example(self):
        top = self.run_it("--help").stdout
        verbs = [line.split()[0] for line in re.split("(?i)subcommands:", top)[1].split("\n\n")[0].strip().splitlines()]
        self.assertEqual(len(verbs), 15)
        for verb in verbs:
            self.assertIn(f"Example: eventcore {verb}", self.run_it(verb, "--help").stdout)
        self.assertRegex(self.run_it("--version").stdout, r"^eventcore \d+\.\d+\.\d+ \(SQLCipher ")

    # ---- keys and copies ----

    def test_a_backup_is_restored_over_the_store(self):
        self.make()
        backup, backup_key = self.folder / "friday.ecdb", self.folder / "friday.key"
        report = self.json("backup", backup, "--new-key-file", backup_key)
        self.assertGreater(report["bytes"], 0)
        self.run_it("backup", backup, "--backup-key-file", backup_key, code=STORE)
        later = self.json("call", "create_organization", json.dumps(
            {"name": "Lost", "owner": {"email": "lost@example.org", "full_name": "L"}}))["organization"]["id"]
        reply = self.json("restore", backup, "--backup-key-file", backup_key, "--replace")
        self.assertIsNotNone(reply["lost"])
        self.run_it("get", "organizations", later, code=STATE)
        self.run_it("verify")

    def test_a_refused_backup_leaves_no_key_behind(self):
        self.make()
        backup_key = self.folder / "friday.key"
        self.run_it("backup", self.folder / "no" / "such.ecdb", "--new-key-file", backup_key, code=STORE)
        self.assertFalse(backup_key.exists())
        self.run_it("backup", self.folder / "friday.ecdb", code=MISUSE)

    def test_a_new_key_that_the_store_needs_outlives_a_failed_rotation(self):
        self.make()
        fresh = self.folder / "fresh.key"
        done = self.run_it("rotate-key", "--data-key", "--new-key-file", fresh, code=STORE,
                           LD_PRELOAD=FAILING_RENAME, ASAN_OPTIONS="verify_asan_link_order=0")
        self.assertIn(f"kept {fresh}", done.stderr)
        self.run_it("stats", code=STORE)
        self.assertEqual(len(self.json("call", "list_keys", EVENTCORE_KEY_FILE=str(fresh))["keys"]), 1)

    def test_keys_are_added_and_rotated(self):
        self.make()
        words = self.folder / "words.txt"
        words.write_text(PASSPHRASE + "\n")
        words.chmod(0o600)
        self.assertEqual(self.json("add-key", "--other-passphrase-file", words, "--name", "office")["slot"], 2)
        fresh = self.folder / "fresh.key"
        self.assertTrue(self.json("rotate-key", "--new-key-file", fresh, "--data-key")["data_key"])
        self.run_it("list", "users", code=STORE)
        self.assertEqual(len(self.json("call", "list_keys", EVENTCORE_KEY_FILE=str(fresh))["keys"]), 1)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
