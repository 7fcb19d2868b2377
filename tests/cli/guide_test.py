"""The shell lines of a guide do what it says: guide_test.py PAGE EVENTCORE SHOP."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PAGE, EVENTCORE, SHOP = map(pathlib.Path, sys.argv[1:4])


class GuideTest(unittest.TestCase):
    def test_its_lines_run_in_their_order(self):
        blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        self.assertGreaterEqual(len(blocks), 5)
        with tempfile.TemporaryDirectory(prefix="eventcore-guide-") as held:
            folder = pathlib.Path(held)
            (folder / "bin").mkdir()
            (folder / "bin/eventcore").symlink_to(EVENTCORE)
            (folder / "bin/shop").symlink_to(SHOP)
            environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTCORE_")}
            environment["PATH"] = f"{folder / 'bin'}:{environment['PATH']}"
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(blocks)], cwd=folder, env=environment,
                                  capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            answers = (folder / "answers.ndjson").read_text(encoding="utf-8")
        self.assertEqual(answers.count('"ok":true'), 2, answers)
        self.assertRegex(done.stdout, r"Standing +25\.00 +200")
        self.assertRegex(done.stdout, r"Eve +valid +25\.00\nEve +valid +25\.00")
        self.assertIn('"ok":true', done.stdout.splitlines()[-1])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
