"""The installed engine as its users meet it: install_test.py BUILD SOURCE SCRATCH CMAKE CPACK CC CXX [arguments].

A fresh prefix, pkg-config and CMake, shared and static, moved elsewhere, and as Debian packages. Small programs only.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

BUILD, SOURCE, SCRATCH = map(pathlib.Path, sys.argv[1:4])
CMAKE, CPACK, CC, CXX = sys.argv[4:8]
EXAMPLES = SOURCE / "examples"
HERE = pathlib.Path(__file__).resolve().parent


def run(*command, fails=False, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=500, **options)
    if (done.returncode != 0) != fails:
        raise AssertionError(f"{command} answered {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def fresh(name):
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Installed:
    """A prefix with the engine in it, and the ways to build against it."""

    def __init__(self, prefix, libdir="lib"):
        self.prefix = prefix
        self.lib = prefix / libdir

    def flags(self, package, *options):
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.lib / "pkgconfig")}
        return run("pkg-config", *options, "--cflags", "--libs", package, env=environment).split()

    def build(self, program, compiler, source, flags, standard):
        run(compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", program, source, *flags)
        return program

    def check_box_office(self, program, shared):
        environment = {**os.environ, "LD_LIBRARY_PATH": str(self.lib) if shared else ""}
        self.check_linked(program, shared, environment)
        told = run(program, fresh("box_office"), env=environment)
        assert "sold ticket" in told, told

    def check_linked(self, program, shared, environment):
        listing = run("ldd", program, env=environment)
        linked = re.findall(r"(libeventcore\S*) => (.+) \(0x", listing)
        if not shared:
            assert linked == [], linked
            return
        assert linked == [("libeventcore.so.0", str(self.lib / "libeventcore.so.0"))], listing

    def check_pkg_config_c(self, folder):
        program = self.build(folder / "shared", CC, EXAMPLES / "c/box_office.c", self.flags("eventcore"), "c99")
        self.check_box_office(program, shared=True)
        flags = self.flags("eventcore", "--static")
        assert "-leventcore" in flags, flags
        flags = ["-l:libeventcore.a" if flag == "-leventcore" else flag for flag in flags]
        program = self.build(folder / "static", CC, EXAMPLES / "c/box_office.c", flags, "c99")
        self.check_box_office(program, shared=False)

    def check_pkg_config_cpp(self, folder):
        program = self.build(folder / "first", CXX, HERE / "first.cpp", self.flags("eventcore-static"), "c++20")
        self.check_linked(program, False, os.environ)
        assert json.loads(run(program, fresh("first")))["owner"]["email"] == "ada@aurora.example"

    def check_cmake(self, folder):
        run(CMAKE, "-S", HERE / "consumer", "-B", folder, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={CC}", f"-DCMAKE_CXX_COMPILER={CXX}", f"-DEXAMPLES={EXAMPLES}")
        run(CMAKE, "--build", folder, "--parallel", "1")
        self.check_box_office(folder / "box_office_shared", shared=True)
        self.check_box_office(folder / "box_office_static", shared=False)
        run(sys.executable, "-B", HERE / "shop_test.py", folder / "shop/shop", self.prefix / "bin/eventcore")


class PrefixTest(unittest.TestCase):
    """Made first; RelocatedTest moves what this one installed."""

    @classmethod
    def setUpClass(cls):
        cls.folder = fresh("prefix")
        run(CMAKE, "--install", BUILD, "--prefix", cls.folder / "here")
        cls.installed = Installed(cls.folder / "here")

    def test_everything_is_where_it_belongs(self):
        prefix = self.installed.prefix
        for name in ["bin/eventcore", "include/eventcore.h", "include/eventcore_codes.h",
                     "include/eventcore/engine.hpp", "lib/libeventcore.a", "lib/libeventcore.so",
                     "lib/libeventcore.so.0", "lib/pkgconfig/eventcore.pc", "lib/pkgconfig/eventcore-static.pc",
                     "lib/cmake/eventcore/eventcoreConfig.cmake", "share/man/man1/eventcore.1",
                     "share/bash-completion/completions/eventcore", "share/doc/libeventcore0/copyright",
                     "share/doc/libeventcore-dev/examples/shop/shop.cpp"]:
            self.assertTrue((prefix / name).exists(), name)
        self.assertEqual(os.readlink(prefix / "lib/libeventcore.so"), "libeventcore.so.0")
        self.assertIn("libeventcore.so.0", run("readelf", "-d", prefix / "lib/libeventcore.so.0"))
        self.assertFalse((prefix / "lib/python3").exists())

    def test_no_text_names_the_build(self):
        for path in self.installed.prefix.rglob("*"):
            if path.is_file() and path.suffix in (".pc", ".cmake", ".hpp", ".h", ".txt"):
                text = path.read_text(encoding="utf-8")
                for folder in (BUILD, SOURCE, self.installed.prefix):
                    self.assertNotIn(str(folder), text, path)

    def test_programs_carry_no_path_to_their_libraries(self):
        for name in ["bin/eventcore", "lib/libeventcore.so.0"]:
            self.assertNotRegex(run("readelf", "-d", self.installed.prefix / name), r"R(UN)?PATH")

    def test_headers_compile_alone(self):
        include = self.installed.prefix / "include"
        headers = sorted(include.rglob("*.h*"))
        self.assertGreaterEqual(len(headers), 5)
        for header in headers:
            dialects = [(CXX, "c++20", "c++")] + ([(CC, "c99", "c")] if header.suffix == ".h" else [])
            for compiler, standard, language in dialects:
                run(compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I",
                    include, "-x", language, "-", input=f'#include "{header}"\nextern int something;\n')

    def test_pkg_config_builds_c_shared_and_static(self):
        self.installed.check_pkg_config_c(fresh("pkg_config_c"))

    def test_pkg_config_builds_cpp(self):
        self.installed.check_pkg_config_cpp(fresh("pkg_config_cpp"))

    def test_a_project_in_c_alone_needs_the_shared_library_only(self):
        folder = fresh("only_c")
        run(CMAKE, "-S", HERE / "consumer", "-B", folder, "-G", "Ninja", "-DONLY_C=ON", f"-DCMAKE_C_COMPILER={CC}",
            f"-DCMAKE_PREFIX_PATH={self.installed.prefix}", f"-DEXAMPLES={EXAMPLES}",
            "-DCMAKE_DISABLE_FIND_PACKAGE_date=ON", "-DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON")
        run(CMAKE, "--build", folder)
        self.installed.check_box_office(folder / "box_office_shared", shared=True)

    def test_a_missing_dependency_of_the_static_library_is_named(self):
        folder = fresh("missing")
        done = subprocess.run([CMAKE, "-S", HERE / "consumer", "-B", folder, "-G", "Ninja",
                               f"-DCMAKE_PREFIX_PATH={self.installed.prefix}", f"-DEXAMPLES={EXAMPLES}",
                               "-DCMAKE_DISABLE_FIND_PACKAGE_date=ON"], capture_output=True, text=True, timeout=100)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("eventcore::static needs: date", " ".join(done.stderr.split()))


class RelocatedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        target = fresh("moved") / "some where"
        shutil.move(PrefixTest.installed.prefix, target)
        cls.installed = Installed(target)

    def test_cmake_builds_everything_from_a_moved_prefix(self):
        self.installed.check_cmake(fresh("cmake_moved"))

    def test_the_tool_runs_from_a_moved_prefix(self):
        self.assertIn("eventcore ", run(self.installed.prefix / "bin/eventcore", "--version"))


class DebianTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = fresh("deb")
        run(CPACK, "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder / "packages")
        cls.packages = {path.name.split("_")[0]: path for path in (cls.folder / "packages").glob("*.deb")}
        cls.root = cls.folder / "root"
        for package in cls.packages.values():
            run("dpkg-deb", "-x", package, cls.root)

    def field(self, package, name):
        return run("dpkg-deb", "-f", self.packages[package], name).strip()

    def test_the_packages_are_named_and_sorted(self):
        named = {"libeventcore0": "libs", "libeventcore-dev": "libdevel", "eventcore": "database"}
        first_lines = {self.field(package, "Description").splitlines()[0] for package in named}
        self.assertEqual(len(first_lines), len(named), first_lines)
        self.assertEqual(set(self.packages) - {"python3-eventcore"}, set(named))
        for package, section in named.items():
            self.assertEqual(self.field(package, "Section"), section)
            self.assertEqual(self.field(package, "Package"), package)
            about = self.field(package, "Description").splitlines()
            self.assertGreaterEqual(len(about), 3, about)
            for line in about[1:]:
                self.assertRegex(line, r"^ \S")

    def test_they_depend_on_what_they_need(self):
        self.assertRegex(self.field("libeventcore0", "Depends"), r"libc6.*libsodium23.*libssl3")
        self.assertIn("tzdata", self.field("libeventcore0", "Depends"))
        self.assertRegex(self.field("libeventcore-dev", "Depends"), r"libeventcore0 \(= [\d.]+\)")
        self.assertIn("libssl3", self.field("eventcore", "Depends"))
        self.assertNotIn("libeventcore0", self.field("eventcore", "Depends"))

    def test_each_file_lies_in_its_package_with_the_licence(self):
        where = {"libeventcore0": ["/usr/lib/libeventcore.so.0"],
                 "libeventcore-dev": ["/usr/include/eventcore.h", "/usr/lib/libeventcore.a", "/usr/lib/libeventcore.so",
                                      "/usr/lib/pkgconfig/eventcore.pc"],
                 "eventcore": ["/usr/bin/eventcore", "/usr/share/man/man1/eventcore.1"]}
        seen = {}
        for package, files in where.items():
            listing = run("dpkg-deb", "--contents", self.packages[package])
            listed = [line.split()[5].lstrip(".") for line in listing.splitlines() if not line.startswith("d")]
            for path in [*files, f"/usr/share/doc/{package}/copyright"]:
                # Debian's own folder for libraries when the build was configured for /usr.
                found = [one for one in listed if one == path or one.replace(f"/{self.triplet()}", "") == path]
                self.assertEqual(len(found), 1, f"{package}: {path}\n{listing}")
            for path in listed:
                self.assertNotIn(path, seen, f"in {package} and {seen.get(path)}")
                seen[path] = package

    def triplet(self):
        return run(CC, "-dumpmachine").strip().replace("-pc", "")

    def test_the_library_tells_others_how_to_depend_on_it(self):
        control = fresh("control")
        run("dpkg-deb", "-e", self.packages["libeventcore0"], control)
        self.assertRegex((control / "shlibs").read_text(), r"^libeventcore 0 libeventcore0")

    def test_programs_build_and_run_against_the_unpacked_packages(self):
        libdir = next(self.root.rglob("libeventcore.so")).parent.relative_to(self.root / "usr")
        installed = Installed(self.root / "usr", libdir)
        installed.check_pkg_config_c(fresh("deb_pkg_config_c"))
        self.assertIn("eventcore ", run(installed.prefix / "bin/eventcore", "--version"))

    def test_the_python_package_works_from_where_debian_looks(self):
        folder = self.root / "usr/lib/python3/dist-packages"
        if not (BUILD / "python/eventcore").exists():
            self.assertFalse(folder.exists(), "a Python package out of nothing")
            return
        program = ("import eventcore as ec, sys\n"
                   "with ec.open(sys.argv[1], key=ec.Key.raw(bytes(32)), create=True) as engine:\n"
                   "    engine.session(ec.Principal.service('installed'))\n"
                   "print(ec.__file__)")
        environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        told = run(sys.executable, "-c", program, fresh("python") / "a.ecdb", env=environment, cwd=self.folder)
        self.assertTrue(pathlib.Path(told.strip()).is_relative_to(folder), told)
        sold = run(sys.executable, EXAMPLES / "python/box_office.py", fresh("office"), "--places", "1",
                   env=environment, cwd=self.folder)
        self.assertIn("so far: 1 sold", sold)
        self.assertEqual(self.field("python3-eventcore", "Section"), "python")
        self.assertIn("python3", self.field("python3-eventcore", "Depends"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[8:]])
