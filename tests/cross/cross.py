#!/usr/bin/env python3
"""Builds maxts for other processors by the wrap files alone, runs its tests there in qemu's user mode, and compares
its output with this machine's, class by class of results (calls.py). "musl" is this machine's processor with another C
library.

The target "levels" is this machine's own program on each level of x86-64: by mask, and in qemu without AVX and with
AVX2; "masks" those by mask. "windows" is built by MinGW and run in Wine: what a system does otherwise (manners.py);
"wine" is the same build's unit tests, but for those that are written for POSIX. Prints one row of
docs/portability.md's table for each. Exits 77 (skipped) where a cross compiler, qemu, Wine or the sources are
missing, 1 where a test fails or a class that is promised to be equal is not.
What each unit test came to is kept in FOLDER/TARGET/results.json for as long as its program is the same, so that a
run that was interrupted goes on where it was; the short ones run first.
usage: tests/cross/cross.py [--quick] [--tests NAME,...] [--limit SECONDS] [--jobs N] [--install] [--build FOLDER]
       TARGET...
  --quick    of the unit tests those of the rooms that know a byte's place, or a processor, only
  --tests    of the unit tests these only ("-": none); the row counts those that ran before too
  --limit    how long a unit test may take; one that took longer once is run again only where it may take longer now
  --jobs     unit tests at once
  --install  what is missing, by apt-get
MAXTS_PROGRAM: this machine's maxts (default build/src/cli/maxts, which is built first where it is a build's)"""
import argparse
import concurrent.futures
import contextlib
import functools
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import calls
import manners

ROOT = calls.ROOT
sys.path.insert(0, str(ROOT / "tests/cli"))
from program import TABLE  # pylint: disable=wrong-import-position

# target: Debian's triple, qemu's name and options, meson's family and byte order
TARGETS = {
    "i386": ("i686-linux-gnu", ["qemu-i386", "-cpu", "max"], "x86", "little"),
    "aarch64": ("aarch64-linux-gnu", ["qemu-aarch64", "-cpu", "max"], "aarch64", "little"),
    "armhf": ("arm-linux-gnueabihf", ["qemu-arm", "-cpu", "max"], "arm", "little"),
    "riscv64": ("riscv64-linux-gnu", ["qemu-riscv64"], "riscv64", "little"),
    "ppc64le": ("powerpc64le-linux-gnu", ["qemu-ppc64le"], "ppc64", "little"),
    "s390x": ("s390x-linux-gnu", ["qemu-s390x"], "s390x", "big"),
}
MUSL = "musl"
if platform.machine() in ("x86_64", "aarch64"):
    TARGETS[MUSL] = (MUSL, [], platform.machine(), "little")
# level of x86-64: qemu's processor or None, what is masked
LEVELS = {
    "Nehalem (qemu)": ("Nehalem", ""), # before AVX
    "Haswell (qemu)": ("Haswell", ""), # AVX2
    "scalar": (None, "scalar"),
    "AVX2": (None, "avxvnni,avx512"),
    "AVX-VNNI": (None, "avx512"),
    "AVX-512": (None, "avx512vnni"),
    "AVX-512 VNNI": (None, "amx"),
}
PACKAGES = {"i386": "i386", "aarch64": "arm64", "ppc64le": "ppc64el"} # of libc6-dev-…-cross, where it differs
QUICK = ("core", "gguf", "quant", "kernels", "kv", "model", "golden", "search", "table")
OWN = ("levels", "masks") # of this machine
WINDOWS = "windows"
WINE_UNITS = "wine"
FOR_POSIX = {"core", "output", "quota", "checkasm", "series_formats", "series_records", "search_driver",
             "reward_command", "stage", "journal", "progress", "model choice"} # tests that call what Windows has not
MINGW = "x86_64-w64-mingw32-gcc-posix" # as mingw.ini says
WINE_BEGINS = 3 # seconds, within which a second program could wait for ever
WINE = "/usr/lib/wine/wine64" # Debian's, which is in nobody's path
SKIPPED, TIME_OUT = 77, 124 # exit status
RUNNING = set() # groups of processes
LEFT_OUT = {"layers", "headers", "faults", "examples", "slow", "real_models", "eval"}
PYTHON = ("cli_table", "cli_series") # that call the program, and not with signals
EQUAL = ("files read and written", "logits") # promised on every processor
# Times and a slow run's progress, which kernels a processor has, and what an emulator says of itself.
ITS_OWN = re.compile(r'(?m)^qemu-.*\n|^(?:\d+ of \d+ rollouts|[^"\n]*about [\d.]+ (?:s|min|h) left).*\n|'
                     r'"(?:kernels|[a-z_]*(seconds|per_second|_ms|_us)[a-z_]*)":'
                     r'(\{[^}]*\}|\[[^\]]*\]|[^,}\]]*)')
# In an emulator compiling with -O3 takes longer than it saves.
OPTIONS = ["--wrap-mode=forcefallback", "-Dopenblas=disabled", "-Dtests=enabled", "-Doptimization=1"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def digest(*paths):
    return hashlib.sha256(b"".join(hashlib.sha256(pathlib.Path(path).read_bytes()).digest() for path in paths)
                          ).hexdigest()


def run_in_group(command, timeout, **options):
    """(exit status, output) of a program; where its time is over it ends with all that it has started."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True, errors="replace", start_new_session=True, **options) as program:
        RUNNING.add(program.pid)
        try:
            text, _ = program.communicate(timeout=timeout)
            return program.returncode, text
        except subprocess.TimeoutExpired:
            return TIME_OUT, "time-out"
        finally:
            end_group(program.pid)
            RUNNING.discard(program.pid)


def end_group(number):
    try:
        os.killpg(number, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_all(what, _):
    """A signal ends what was started too: no group but this program's own gets the terminal's."""
    for number in list(RUNNING):
        end_group(number)
    os._exit(128 + what)


def sysroot(triple):
    return pathlib.Path("/usr") / triple


def wine():
    return shutil.which("wine64") or WINE


def in_wine(folder):
    return ["env", f"WINEPREFIX={folder}/wine", "WINEDEBUG=-all", wine()]


def missing(target):
    """Debian's packages without which a target cannot be built and run."""
    if target in (WINDOWS, WINE_UNITS):
        return ([] if shutil.which(MINGW) else ["gcc-mingw-w64-x86-64-posix"]) + ([] if runs([wine(), "--version"]) else
                                                                           ["wine64"])
    triple, emulator, _, _ = TARGETS[target]
    if target == MUSL:
        return [] if shutil.which("musl-gcc") else ["musl-tools"]
    need = []
    if not shutil.which(f"{triple}-gcc"):
        need.append(f"gcc-{triple.replace('_', '-')}")
    if not (sysroot(triple) / "include/stdio.h").exists():
        need.append(f"libc6-dev-{PACKAGES.get(target, target)}-cross")
    return need if shutil.which(emulator[0]) else [*need, "qemu-user"]


def install(packages):
    root = [] if os.geteuid() == 0 else ["sudo"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        subprocess.run([*root, "apt-get", "-q", *command], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def runs(command):
    """Whether it ends well here."""
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=60).returncode == 0
    except OSError:
        return False


@functools.cache
def emulation(target):
    """What a program of the target is started by. An x86-64 runs one of i386 itself where its kernel lets it: qemu 7.2
    is slower, and a child that such a program forks does not end in it."""
    triple, emulator, _, _ = TARGETS[target]
    if not emulator:
        return []
    libraries = sysroot(triple) / "lib"
    loader = [str(libraries / "ld-linux.so.2"), "--library-path", str(libraries)]
    if target == "i386" and platform.machine() == "x86_64" and runs([*loader, "--list", loader[0]]):
        return loader
    return [*emulator, "-L", str(sysroot(triple))]


def is_emulated(target):
    return emulation(target)[:1] == TARGETS[target][1][:1] and target != MUSL


def cross_file(target, folder):
    triple, _, family, endian = TARGETS[target]
    path = folder / f"{target}.ini"
    ccache = ["ccache"] if shutil.which("ccache") else []
    tools = f"{triple}-" if target != MUSL else ""
    wrapper = f"exe_wrapper = {emulation(target)}" if emulation(target) else "[properties]\nneeds_exe_wrapper = false"
    path.write_text(f"""[binaries]
c = {[*ccache, triple + '-gcc']}
ar = '{tools}ar'
strip = '{tools}strip'
{wrapper}
[host_machine]
system = 'linux'
cpu_family = '{family}'
cpu = '{target}'
endian = '{endian}'
""")
    return path


def script(folder, before, program, mask=""):
    """What starts a program of another machine as if it were this one's."""
    path = folder / pathlib.PurePath(program).stem
    setting = f"MAXTS_CPU_MASK={mask} " if mask else ""
    path.write_text(f'#!/bin/sh\n{setting}exec {" ".join(before)} {program} "$@"\n')
    path.chmod(0o755)
    return path


def seconds_elsewhere(folder):
    """{test: the shortest time that it took on any target}"""
    took = {}
    for path in folder.glob("*/results.json"):
        for name, outcome in json.loads(path.read_text()).items():
            took[name] = min(outcome["seconds"], took.get(name, outcome["seconds"]))
    return took


class Target:
    """A build of one target."""

    def __init__(self, name, folder, options):
        self.name, self.quick, self.limit, self.jobs = name, options.quick, options.limit, options.jobs
        self.folder, self.build = folder, folder / (WINDOWS if name == WINE_UNITS else name)
        self.before = in_wine(folder) if name == WINE_UNITS else emulation(name)
        if name == WINE_UNITS:
            set_up_windows(self.build)
        else:
            self.set_up()
        self.tests = [test for test in self.all_tests() if self.wanted(test) and
                      (not options.tests or test["name"] in options.tests)]
        self.kept = self.build / "results.json"
        ending = ".exe" if name == WINE_UNITS else ""
        self.made = [f"src/cli/maxts{ending}", f"tests/cross/bits{ending}"]
        self.program, self.bits = (script(self.build, self.before, self.build / program) for program in self.made)

    def set_up(self):
        if (self.build / "build.ninja").exists():
            return
        threads = ["-Dopenmp=disabled"] if self.name == MUSL else [] # the compiler's OpenMP is for glibc
        dear = ["-Dc_args=-DMTS_DEAR=1"] if is_emulated(self.name) else [] # tests/test.h
        done = subprocess.run(["meson", "setup", self.build, ROOT, "--cross-file", cross_file(self.name, self.folder),
                               *OPTIONS, *threads, *dear], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stdout + done.stderr)

    def all_tests(self):
        return json.loads((self.build / "meson-info/intro-tests.json").read_text())

    def is_program(self, test):
        return test["cmd"][0].startswith(f"{self.build}/")

    def wanted(self, test):
        suites = {suite.split(":")[1] for suite in test["suite"]}
        if self.name == WINE_UNITS and (test["name"] in FOR_POSIX or not self.is_program(test)):
            return False
        if self.is_program(test):
            return suites.isdisjoint(LEFT_OUT) and (not self.quick or not suites.isdisjoint(QUICK))
        return test["name"] in PYTHON and not self.quick

    def compile(self):
        made = {test["cmd"][0][len(str(self.build)) + 1:] for test in self.tests if self.is_program(test)}
        made |= set(self.made)
        done = subprocess.run(["ninja", "-C", self.build, *sorted(made)], check=False, capture_output=True, text=True)
        warnings = re.findall(r"^.*(?:warning|error): .*$", done.stdout, re.M)
        ours = [line for line in warnings if "subprojects/" not in line]
        for line in ours:
            say(line)
        if done.returncode != 0 or ours:
            said = (done.stdout + done.stderr)[-4000:]
            raise SystemExit(f"{self.name}: does not build, or not without warnings\n{said}")

    def run(self, test):
        """What a test came to; where it failed what it said is told."""
        command = [*(self.before if self.is_program(test) else []), *test["cmd"]]
        environment = {**os.environ, **test["env"], "MAXTS_PROGRAM": str(self.program), "OMP_NUM_THREADS": "2"}
        began = time.monotonic()
        status, text = run_in_group(command, self.limit, cwd=ROOT, env=environment)
        if status not in (0, SKIPPED):
            say(f"{self.name}: {test['name']}: exit {status}\n{text[-3000:]}")
        return {"made": self.made_of(test), "status": status, "seconds": round(time.monotonic() - began, 1)}

    def made_of(self, test):
        """The hash of what a test runs: while it is the same, so is what the test came to."""
        return digest(test["cmd"][0]) if self.is_program(test) else digest(self.build / self.made[0], test["cmd"][1])

    def finished(self, test, outcome):
        """Whether what was kept of a test is still so."""
        return (outcome is not None and outcome["made"] == self.made_of(test) and
                (outcome["status"] != TIME_OUT or outcome["seconds"] >= self.limit))

    def run_tests(self):
        """How many tests passed and how many ran, those that ran before with the same program among them."""
        kept = json.loads(self.kept.read_text()) if self.kept.exists() else {}
        left = [test for test in self.tests if not self.finished(test, kept.get(test["name"]))]
        took = seconds_elsewhere(self.folder)
        left.sort(key=lambda test: took.get(test["name"], test["timeout"]))
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            waited_for = {pool.submit(self.run, test): test["name"] for test in left}
            for done in concurrent.futures.as_completed(waited_for):
                kept[waited_for[done]] = done.result()
                new = self.kept.with_suffix(".new")
                new.write_text(json.dumps(kept, indent=1))
                new.replace(self.kept)
        named = {test["name"]: test for test in self.all_tests() if self.wanted(test)}
        ran = [outcome["status"] for name, outcome in kept.items()
               if name in named and outcome["status"] != SKIPPED and outcome["made"] == self.made_of(named[name])]
        return ran.count(0), len(ran)


def outputs(program, bits):
    """{class: the output of each of its calls}, without what is a machine's own and the folder's name."""
    found = {}
    for kind, list_of_calls in calls.CALLS.items():
        with tempfile.TemporaryDirectory(prefix="maxts-cross-") as folder:
            (pathlib.Path(folder) / "table.json").write_text(json.dumps(TABLE))
            places = {"MODEL/": f"{ROOT}/tests/golden/", "DATA/": f"{ROOT}/data/", "OUT/": f"{folder}/"}

            def ask(words):
                for name, path in places.items():
                    words = [word.replace(name, path, 1) if word.startswith(name) else word for word in words]
                command = [program, *words, "--json"] if words[0] != "bits" else [bits, *words[1:]]
                done = subprocess.run(command, check=False, capture_output=True, cwd=folder,
                                      stdin=subprocess.DEVNULL)
                text = (done.stdout + done.stderr).decode().replace(folder, "").replace("\r\n", "\n")
                if done.returncode != 0:
                    say(f"{program} {' '.join(words)}: exit {done.returncode}: {text}")
                return done.returncode, ITS_OWN.sub("", text)

            found[kind] = [ask(words) for words in list_of_calls]
    return found


def compare(name, program, bits, here):
    """The cells of a target's row, and whether all that is promised holds."""
    there, cells, good = outputs(program, bits), [], True
    for kind, results in here.items():
        same = [mine == its and mine[0] == 0 for mine, its in zip(results, there[kind])]
        cells.append(f"{sum(same)} of {len(same)}")
        if not all(same):
            say(f"{name}: {kind}: other output of calls {[i for i, equal in enumerate(same) if not equal]}")
        good = good and not any(status for status, _ in there[kind]) and (kind not in EQUAL or all(same))
    return cells, good


def run_levels(folder, program, bits, here, emulated):
    """Whether every level of x86-64 gives what this machine gives, all of it: the C library is the same."""
    good = True
    for name, (processor, mask) in LEVELS.items():
        if processor and not emulated:
            continue
        if processor and not shutil.which("qemu-x86_64"):
            say(f"skipped: {name}: qemu-user is not installed")
            continue
        level = folder / re.sub(r"\W+", "-", name)
        level.mkdir(exist_ok=True)
        before = ["qemu-x86_64", "-cpu", processor] if processor else []
        cells, held = compare(name, script(level, before, program, mask), script(level, before, bits, mask), here)
        print(f"| {name} | | " + " | ".join(cells) + " |", flush=True)
        good = good and held
    return good


def run_target(name, folder, options, here):
    target = Target(name, folder, options)
    target.compile()
    passed, ran = target.run_tests()
    cells, good = compare(name, target.program, target.bits, here)
    print(f"| {name} | {passed} of {ran} | " + " | ".join(cells) + " |", flush=True)
    return good and passed == ran and ran > 0


def without_own(text):
    return ITS_OWN.sub("", text)


def run_wine_units(folder, options):
    target = Target(WINE_UNITS, folder, options)
    target.compile()
    with awake(target.before, target.program):
        passed, ran = target.run_tests()
    print(f"| {WINE_UNITS} | {passed} of {ran} |", flush=True)
    return passed == ran and ran > 0


def set_up_windows(build):
    if (build / "build.ninja").exists():
        return
    faster = build.parent / "ccache.ini"
    faster.write_text(f"[binaries]\nc = ['ccache', '{MINGW}']\n" if shutil.which("ccache") else "")
    subprocess.run(["meson", "setup", build, ROOT, "--cross-file", ROOT / "tests/cross/mingw.ini", "--cross-file",
                    faster, "--werror", *OPTIONS], check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def awake(before, program):
    """As long as one program runs, Wine does not begin anew."""
    with subprocess.Popen([program, "tokenize", "-m", manners.TINY], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL):
        time.sleep(WINE_BEGINS)
        try:
            yield
        finally: # also what a program that was killed has left
            subprocess.run([*before[:-1], f"{wine().removesuffix('wine64')}wineserver64", "-k"], check=False)


def run_windows(folder, program, here):
    """Windows' program in Wine beside this machine's."""
    build = folder / WINDOWS
    set_up_windows(build)
    made = [f"{name}.exe" for name in ("src/cli/maxts", "tests/cross/bits", "tests/cross/scorer")]
    done = subprocess.run(["ninja", "-C", build, *made], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{WINDOWS}: does not build without warnings\n{done.stdout[-4000:]}")
    before = in_wine(folder)
    its, its_bits = (script(build, before, build / name) for name in made[:2])
    with awake(before, its):
        return compare_windows(build, before, (its, its_bits), program, here)


def compare_windows(build, before, theirs, program, here):
    its, its_bits = theirs
    cells, good = compare(WINDOWS, its, its_bits, here)
    scorer = f"Z:{build}/tests/cross/scorer.exe".replace("/", "\\")
    mine = manners.manners(program, program, [], str(program.parents[2] / "tests/cross/scorer"), without_own)
    there = manners.manners(its, build / "src/cli/maxts.exe", before, scorer, without_own)
    other = [what for what, outcome in mine.items() if there[what] != outcome]
    for what in other:
        say(f"{WINDOWS}: {what}: {there[what]} instead of {mine[what]}")
    print(f"| {WINDOWS} | {len(mine) - len(other)} of {len(mine)} | " + " | ".join(cells) + " |", flush=True)
    return good and not other


def run_any(name, folder, options, program, bits, here):
    if name == WINDOWS:
        return run_windows(folder, program, here)
    if name == WINE_UNITS:
        return run_wine_units(folder, options)
    return (run_levels(folder, program, bits, here, name == "levels") if name in OWN else
            run_target(name, folder, options, here))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tests", type=lambda text: text.split(","), default=[])
    parser.add_argument("--limit", type=int, default=3600)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build-cross")
    parser.add_argument("target", nargs="+", choices=[*sorted(TARGETS), WINDOWS, WINE_UNITS, *OWN])
    options = parser.parse_args()
    for what in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(what, end_all)
    targets = [name for name in options.target if name not in OWN]
    if not targets and platform.machine() != "x86_64":
        print(f"skipped: this is {platform.machine()}, which has no levels of x86-64")
        return 77
    need = sorted({package for target in targets for package in missing(target)})
    if need and options.install:
        install(need)
    elif need:
        print(f"skipped: {', '.join(need)} not installed")
        return 77
    if targets:
        fetched = subprocess.run([sys.executable, ROOT / "tools/fetch_sources.py"], check=False)
        if fetched.returncode:
            return fetched.returncode
    folder = options.build.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # The question makes Wine's folder, too.
    if not {WINDOWS, WINE_UNITS}.isdisjoint(targets) and not runs([*in_wine(folder), "cmd", "/c", "exit"]):
        print("skipped: Wine is installed and runs nothing here")
        return 77
    program = pathlib.Path(os.environ.get("MAXTS_PROGRAM", ROOT / "build/src/cli/maxts"))
    build = program.parent.parent.parent
    bits = build / "tests/cross/bits"
    if (build / "build.ninja").exists(): # else it would be of another commit than what it is compared with
        subprocess.run(["ninja", "-C", build, "src/cli/maxts", "tests/cross/bits", "tests/cross/scorer"], check=True,
                       stdout=sys.stderr)
    here = outputs(program, bits) if options.target != [WINE_UNITS] else {}
    print("| target | tests | " + " | ".join(here) + " |")
    held = [run_any(name, folder, options, program, bits, here) for name in options.target]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
