#!/usr/bin/env python3
"""tools/check_abidiff.py can fail: each case takes one thing of the surface away or changes it."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "tools/check_abidiff.py"
HEADERS = ROOT / "bindings/c/include"
DUMP = ROOT / "bindings/c/abi/eventcore.abi"


def check(change, dump_change=lambda text: text):
    """What the program answers for a header and a dump that are changed so."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        shutil.copytree(HEADERS, folder / "include")
        header = folder / "include/eventcore.h"
        text = header.read_text(encoding="utf-8")
        header.write_text(change(text), encoding="utf-8")
        dump = folder / "eventcore.abi"
        dump.write_text(dump_change(DUMP.read_text(encoding="utf-8")), encoding="utf-8")
        return subprocess.run([sys.executable, PROGRAM, "--headers", folder / "include", "--dump", dump],
                              capture_output=True, text=True)


class CheckAbidiff(unittest.TestCase):
    def refused(self, *changes):
        done = check(*changes)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)

    def test_the_surface_as_it_is(self):
        done = check(lambda text: text)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_an_added_function_is_fine(self):
        done = check(lambda text: text.replace("EC_API int32_t ec_abi",
                                               "EC_API int32_t ec_new(void) EC_NOEXCEPT;\nEC_API int32_t ec_abi"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_function_that_is_gone(self):
        self.refused(lambda text: re.sub(r"EC_API ec_status ec_wait\([^)]*\) EC_NOEXCEPT;", "", text))

    def test_a_parameter_of_another_type(self):
        self.refused(lambda text: text.replace("int64_t lines_max,", "int32_t lines_max,"))

    def test_a_result_of_another_type(self):
        self.refused(lambda text: text.replace("EC_API size_t ec_bytes_size", "EC_API int32_t ec_bytes_size"))

    def test_members_that_changed_places(self):
        self.refused(lambda text: text.replace("  int64_t cache_bytes;", "  int64_t swapped;")
                     .replace("  int64_t busy_timeout_us;", "  int64_t cache_bytes;"))

    def test_a_symbol_that_only_the_dump_knows(self):
        self.refused(lambda text: text, lambda dump: dump.replace("'ec_row_get'", "'ec_row_got'"))


if __name__ == "__main__":
    unittest.main()
