"""What pages show of several ways at once fits together: pages_test.py ROOT EVENTCORE C_PROGRAM, where Python finds the
package. C_PROGRAM is the C program of README.md."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest

import eventcore as ec

ROOT, EVENTCORE, C_PROGRAM = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
CLASSES = {2: ec.ValidationError, 3: ec.AccessDenied, 4: ec.Conflict, 5: ec.RuleViolation, 6: ec.StoreError}


class ReadmeTest(unittest.TestCase):
    def test_its_programs_run_one_after_the_other_in_one_folder(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        sh, python = (re.search(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE).group(1)
                      for language in ("sh", "python"))
        self.assertEqual(sh.count(" --follow"), 1, "which would wait for ever here")
        with tempfile.TemporaryDirectory(prefix="eventcore-readme-") as held:
            folder = pathlib.Path(held)
            (folder / "eventcore").symlink_to(EVENTCORE)
            environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTCORE_")}
            environment["PATH"] = f"{folder}:{environment['PATH']}"
            for command, printed in ((["bash", "-eu", "-c", sh.replace(" --follow", "")], "ada@aurora.example"),
                                     ([sys.executable, "-c", python], "admitted"), ([C_PROGRAM], "1 organization")):
                done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True,
                                      timeout=120, stdin=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
                self.assertIn(printed, done.stdout)


class StripeGuideTest(unittest.TestCase):
    def setUp(self):
        self.text = (ROOT / "docs/guides/stripe-webhooks.md").read_text(encoding="utf-8")
        self.numbers = {error["name"]: error["number"] for error in json.loads(
            subprocess.run([EVENTCORE, "schema", "errors"], capture_output=True, check=True).stdout)}

    def answer(self, outcome):
        class Session:
            def apply_stripe_webhook(self, **_):
                if isinstance(outcome, Exception):
                    raise outcome
                return {"effect": outcome}
        names = {"ec": ec, "session": Session()}
        function = re.search(r"^    def webhook\(.*?\n\n(?=\S)", self.text, re.DOTALL | re.MULTILINE).group()
        exec(compile(textwrap.dedent(function), "stripe-webhooks.md", "exec"), names)
        return names["webhook"](b"{}", "t=1,v1=")

    def test_the_function_answers_as_the_table_says(self):
        rows = re.findall(r"^\| (effect )?(.*?) \|.*\| (\d+) \|$", self.text, re.MULTILINE)
        self.assertGreaterEqual(len(rows), 9)
        for effect, names, answer in rows:
            for name in re.findall(r"`(\w+)`", names):
                number = self.numbers.get(name, 0)
                outcome = name if effect else CLASSES[number // 1000](name, code=name, number=number)
                self.assertEqual(self.answer(outcome), int(answer), name)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
