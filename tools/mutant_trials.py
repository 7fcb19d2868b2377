"""Trying the mutants of policy_mutants.py: quickly within one program, then by whole tests, in pieces if need be.

A rehearsal without any mutant notes which switches make a difference during each test: a term that was true all the
time is not missed when it is forced to be true. So a mutant is shown only to tests that can notice it, the quickest
first. Results are appended to a file as they come, and a later run goes on from there.
"""
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import resource
import subprocess
import tempfile
import threading
import time

# A random test is rehearsed with the same dice, and as long, as it is tried.
SETTINGS = {"EC_TEST_SEED": "20261123", "EC_ACCESS_PROBES": "4000", "EC_POLICY_PAIRS": "20000"}
FIRST_SECONDS = 1.0    # of the first tests that share a process
SILENCE_SECONDS = 900  # of a program that no longer says anything
CPU_TIMES = 20         # a test that takes so many times its processor's time, and a minute, is stopped: it hangs


@dataclasses.dataclass(eq=False)
class SlowTest:
    program: str
    name: str
    seconds: float
    notes: set
    kills: float = 0.0


class State:
    """What is known of each mutant: its killer, None for survivors. Only of these very sources."""

    def __init__(self, path, digest):
        self.path, self.known, self.lock = path, {}, threading.Lock()
        lines = path.read_text().splitlines() if path and path.exists() else []
        if lines and lines[0] != digest:
            print(f"{path} is of other sources: all is tried anew", flush=True)
            lines = []
        for line in lines[1:]:
            name, _, killer = line.rpartition("\t")
            self.known[name] = killer if killer != "-" else None
        if path:
            path.write_text("\n".join([digest, *lines[1:], ""]))

    def put(self, name, killer):
        with self.lock:
            self.known[name] = killer
            if self.path:
                with self.path.open("a") as file:
                    file.write(f"{name}\t{killer or '-'}\n")


def environment(**more):
    clean = {k: v for k, v in os.environ.items() if k != "EC_MUTANT" and not k.startswith("EC_MUTANTS_")}
    return {**clean, **SETTINGS, **more}


def output_of(program, **more):
    """The driver's lines for EC_MUTANTS_ONLY and the like."""
    return subprocess.run([program, "--gtest_filter=PolicyMutants.*"], env=environment(**more), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=program.parent).stdout.splitlines()


def drive(program, names, state, ends, describe):
    """One process after the other tries the names, quickly: a crash kills its mutant, and a new one takes the rest."""
    left = list(names)
    kept = program.parent / f"rehearsal-{program.stat().st_mtime_ns}"
    while left and time.monotonic() < ends:
        with tempfile.NamedTemporaryFile("w", suffix=".names") as file:
            file.write("\n".join(left) + "\n")
            file.flush()
            process = subprocess.Popen([program, "--gtest_filter=PolicyMutants.*"], text=True, cwd=program.parent,
                                       env=environment(EC_MUTANTS_NAMES=file.name, EC_MUTANTS_REHEARSAL=str(kept)),
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            trying = follow(process, left, state, ends, describe)
            process.wait()
        if trying is None:
            if process.returncode != 0 and time.monotonic() < ends:
                raise SystemExit(f"the quick tests fail without a mutant: {process.returncode}")
            continue
        state.put(trying, "crash" if process.returncode != -9 else None)  # a silent one is for the slower tests
        left.remove(trying)


def follow(process, left, state, ends, describe):
    """Takes the results from the driver's lines; the mutant that it was trying when it ended, if any."""
    trying = None
    for line in lines_of(process):
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "TRYING":
            trying = rest
        elif word in ("KILLED", "SURVIVED"):
            killer, _, name = rest.partition(" ")
            state.put(name, killer if word == "KILLED" else None)
            left.remove(name)
            trying = None
            if word == "SURVIVED" and not name.startswith("p"):
                print("survived:", describe(name), flush=True)
        if time.monotonic() > ends:
            process.terminate()
            return None
    return trying


def lines_of(process):
    while True:
        alarm = threading.Timer(SILENCE_SECONDS, process.kill)
        alarm.start()
        line = process.stdout.readline()
        alarm.cancel()
        if not line:
            return
        yield line


def drive_all(program, names, state, ends, describe, workers):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(drive, program, names[i::workers], state, ends, describe) for i in range(workers)]:
            done.result()


# ---- whole tests ----------------------------------------------------------------------------------------------------

def tests_of(program, wanted):
    listed = subprocess.run([program, "--gtest_list_tests", f"--gtest_filter={wanted}"], check=True, text=True,
                            env=environment(), stdout=subprocess.PIPE).stdout
    suite, names = "", []
    for line in listed.splitlines():
        if line.startswith("  "):
            names.append(suite + line.split("#")[0].strip())
        elif not line.startswith("Running"):
            suite = line.split("#")[0].strip()
    return names


def run_tests(program, tests, seconds=None, **more):
    """The exit code of the tests, and the processor's time that they took."""
    def limit():
        if seconds is not None:
            most = int(seconds * CPU_TIMES) + 60
            resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))

    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([program, "--gtest_filter=" + ":".join(tests), "--gtest_brief=1",
                                    "--gtest_fail_fast"], cwd=folder, env=environment(**more), preexec_fn=limit,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        alarm = threading.Timer(SILENCE_SECONDS, process.kill)
        alarm.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        alarm.cancel()
    return process.returncode, used.ru_utime + used.ru_stime


def rehearse(folder, lists, workers):
    """Every slower test once without a mutant; kept beside the programs while these stay as they are."""
    kept = folder / "rehearsal.json"
    programs = sorted({program for program, _ in lists})
    digest = hashlib.sha256(repr(SETTINGS).encode() + b"".join((folder / p).read_bytes() for p in programs)).hexdigest()
    if kept.exists():
        known = json.loads(kept.read_text())
        if known["digest"] == digest:
            return [SlowTest(t["program"], t["name"], t["seconds"], set(t["notes"])) for t in known["tests"]]

    def one(program, name):
        with tempfile.NamedTemporaryFile() as notes:
            code, seconds = run_tests(folder / program, [name], EC_MUTANTS_NOTES=notes.name)
            if code != 0:
                raise SystemExit(f"{program} {name} fails without a mutant")
            return SlowTest(program, name, seconds, {int(word) for word in notes.read().split()})

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(one, program, name) for program, wanted in lists
                for name in tests_of(folder / program, wanted)]
        tests = sorted((job.result() for job in jobs), key=lambda test: test.seconds)
    kept.write_text(json.dumps({"digest": digest, "tests": [
        {"program": t.program, "name": t.name, "seconds": t.seconds, "notes": sorted(t.notes)} for t in tests]}))
    return tests


def batches_of(tests):
    """Tests of one program that run in one process: a few that are quick and have killed most, then more and more."""
    ordered = sorted(tests, key=lambda test: test.seconds / (1 + test.kills))
    at, seconds = 0, FIRST_SECONDS
    while at < len(ordered):
        some, spent = [], 0.0
        while at < len(ordered) and (not some or spent + ordered[at].seconds <= seconds):
            some.append(ordered[at])
            spent += ordered[at].seconds
            at += 1
        for program in dict.fromkeys(test.program for test in some):
            yield [test for test in some if test.program == program]
        seconds *= 3


def killed_slowly(folder, tests, number, rounds):
    """The program that notices switch `number` within so many batches, None when none does, "?" when one did not end.

    Tests that have passed are taken from `tests`.
    """
    for _, batch in zip(range(rounds), list(batches_of(tests))):
        program = batch[0].program
        code, _ = run_tests(folder / program, [t.name for t in batch], sum(t.seconds for t in batch),
                            EC_MUTANT=str(number))
        if code == -9:  # a busy machine proves nothing
            return "?"
        if code != 0:
            for test in batch:
                test.kills += 1 / len(batch)
            return program
        tests[:] = [test for test in tests if test not in batch]
    return None


def try_slowly(folder, lists, names, state, ends, workers):
    """Whole tests for those p<number> that the quick ones left; names that stay unknown are tried again next time."""
    if not names:
        return
    tests = rehearse(folder, lists, workers)
    left = {name: [test for test in tests if int(name[1:]) in test.notes] for name in names}

    def one(name, rounds):
        if time.monotonic() > ends:
            return
        killer = killed_slowly(folder, left[name], int(name[1:]), rounds)
        if killer == "?":
            print(f"{name}: a test did not end", flush=True)
        elif killer or not left[name]:
            state.put("slow " + name, killer)

    # A little of everything first: what is killed at all is mostly killed early.
    for rounds in (1, 2, 1000):
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(one, name, rounds) for name in names if "slow " + name not in state.known]:
                done.result()
