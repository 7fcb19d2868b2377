"""tools/tidy.py must see what it is there to see, and nothing else."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import tidy  # noqa: E402

LONG_BODY = "\n".join("  x();" for _ in range(80))


class TidyTest(unittest.TestCase):
    def found_by(self, check, *arguments):
        tidy.problems.clear()
        check(*arguments)
        return list(tidy.problems)

    def test_long_functions_are_found_in_every_shape(self):
        for head, tail in [
            ("namespace a {\nclass B {\n public:\n  int f(int a = 3) const {\n", "\n }\n};\n}"),
            ("Foo::Foo(int a) : a_{a}, b_(2) {\n", "\n}"),
            ("template <class T>\nauto operator==(T a) -> bool {\n", "\n}"),
            ("namespace {\nvoid g() {\n if (x) {\n", "\n }\n}\nvoid h() { y(); }\n}"),
            ("#define M(x) do { \\\n x; \\\n } while (0)\nint f() {\n", "\n}"),
        ]:
            source = head + LONG_BODY + tail
            self.assertEqual(len(self.found_by(tidy.check_functions, "f", tidy.blank_out(source)[0])), 1, head)

    def test_long_tables_and_types_are_no_functions(self):
        for head, tail in [("constexpr Table t = {\n", "\n};"), ("constexpr Table t[] {\n", "\n};"),
                           ("struct X {\n", "\n};"), ("inline constexpr auto t = std::to_array<Row>({\n", "\n});")]:
            source = head + LONG_BODY + tail
            self.assertEqual(self.found_by(tidy.check_functions, "f", tidy.blank_out(source)[0]), [], head)

    def test_includes_point_down(self):
        refused = [("base", "store/x.hpp"), ("ticket", "schema/x.hpp"), ("policy", "audit/x.hpp"),
                   ("policy", "ecsql.h"), ("base", "nlohmann/json.hpp"), ("api", "eventcore.h"), ("base", "x.hpp")]
        allowed = [("ticket", "base/x.hpp"), ("work", "policy/x.hpp"), ("store", "ecsql.h"), ("rules", "rules/x.hpp")]
        for room, name in refused:
            self.assertTrue(self.found_by(tidy.check_includes, f"src/{room}/a.hpp", f'#include "{name}"'), name)
        for room, name in allowed:
            self.assertFalse(self.found_by(tidy.check_includes, f"src/{room}/a.hpp", f'#include "{name}"'), name)

    def test_banned_calls_and_sql_are_found_outside_comments(self):
        for line in ["a.value();", 'f("SELECT x");', "time(nullptr);", 'getenv("X");', 'fprintf(stderr, "x");']:
            self.assertTrue(self.found_by(tidy.check_source, "src/rules/x/a.cpp", line), line)
        for line in ["// a.value()", "x.time(1);", "auto c = '\"'; auto n = 1'000;", 'snprintf(a, 1, "b");',
                     'f("selected UPDATED");']:
            self.assertFalse(self.found_by(tidy.check_source, "src/rules/x/a.cpp", line), line)


if __name__ == "__main__":
    unittest.main()
