#!/usr/bin/env python3
"""tools/gen_misuse.py refuses what it does not understand: each case changes the real header in one place."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "tools/gen_misuse.py"
HEADER = (ROOT / "bindings/c/include/eventcore.h").read_text(encoding="utf-8")
END = "#ifdef __cplusplus\n}\n#endif\n"


def answer(header):
    """(exit code, what was printed) for a header."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "eventcore.h"
        path.write_text(header, encoding="utf-8")
        ran = subprocess.run([sys.executable, PROGRAM, "--check", "--header", path], capture_output=True, text=True)
        return ran.returncode, ran.stdout


def with_function(comment, declaration):
    return HEADER.replace(END, f"/* {comment} */\nEC_API {declaration} EC_NOEXCEPT;\n\n" + END)


class GenMisuse(unittest.TestCase):
    def refused(self, header, why):
        code, printed = answer(header)
        self.assertEqual(code, 1, printed)
        self.assertIn(why, printed)

    def test_the_header_as_it_is_is_in_order(self):
        self.assertEqual(answer(HEADER), (0, ""))

    def test_a_new_function_makes_the_file_stale(self):
        self.refused(with_function("It. Outcomes: EC_OK. Any thread. Since 0.1.",
                                   "ec_status ec_engine_new(ec_engine *engine, ec_error **error_out)"), "stale")

    def test_a_parameter_of_an_unknown_kind(self):
        self.refused(with_function("It. Outcomes: EC_OK. Any thread. Since 0.1.",
                                   "ec_status ec_engine_new(double seconds, ec_error **error_out)"), "no known kind")

    def test_a_text_without_a_good_value(self):
        self.refused(with_function("It. Outcomes: EC_OK. Any thread. Since 0.1.",
                                   "ec_status ec_engine_new(const char *colour, size_t colour_length,"
                                   " ec_error **error_out)"), "no known kind")

    def test_a_text_without_its_length(self):
        self.refused(HEADER.replace("const char *principal_json, size_t length, ", "const char *principal_json, "),
                     "no length behind it")

    def test_a_comment_without_outcomes_owner_thread_or_release(self):
        for missing, why in (("Outcomes: EC_OK. ", "outcomes"), ("Owner: the caller frees it. ", "owns"),
                             ("Any thread. ", "thread"), ("Since 0.1.", "release")):
            comment = "It. Outcomes: EC_OK. Owner: the caller frees it. Any thread. Since 0.1.".replace(missing, "")
            with self.subTest(missing=missing):
                self.refused(with_function(comment, "ec_status ec_new(ec_bytes **it_out, ec_error **error_out)"), why)

    def test_an_outcome_that_is_no_code(self):
        self.refused(HEADER.replace("EC_OK; EC_E_CLOCK_NOT_SETTABLE", "EC_OK; EC_E_CLOCK_BROKEN"), "no code")

    def test_a_declaration_without_a_comment(self):
        self.refused(HEADER.replace(END, "EC_API int32_t ec_bare(void) EC_NOEXCEPT;\n" + END), "without a comment")

    def test_error_out_that_is_not_last(self):
        self.refused(HEADER.replace("ec_engine *engine, int64_t now_us, ec_error **error_out",
                                    "ec_engine *engine, ec_error **error_out, int64_t now_us"), "last")

    def test_an_options_member_of_an_unknown_kind(self):
        self.refused(HEADER.replace("  int64_t if_version;", "  double if_version;"), "no known kind")


if __name__ == "__main__":
    unittest.main()
