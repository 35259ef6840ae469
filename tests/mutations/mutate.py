#!/usr/bin/env python3
"""mutate.py --check: every fault of faults.py still has its place in the sources, once.
mutate.py FOLDER [WORD ...]: in FOLDER, a copy of the tree with a build in FOLDER/build, puts in one fault after another
(those whose description has one of the words, where some are given), builds the tests that have to see it and runs
them; a table of which did. Exit status 1 where one was not seen."""
import json
import os
import pathlib
import subprocess
import sys

from faults import FAULTS

ROOT = pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", pathlib.Path(__file__).parents[2]))


def check():
    bad = 0
    for what, path, old, new, tests in FAULTS:
        count = (ROOT / path).read_text(encoding="utf-8").count(old)
        if count != 1 or old == new or not tests:
            print(f"{what}: {path} has {old!r} {count} times")
            bad = 1
    assert len(FAULTS) >= 30 and len({what for what, *_ in FAULTS}) == len(FAULTS)
    print(f"{len(FAULTS)} faults, each with one place in the sources")
    return bad


def introspect(build, what):
    return json.loads(subprocess.run(["meson", "introspect", what, str(build)], check=True, capture_output=True).stdout)


def targets_of(build):
    """{test: what is to be built for it}."""
    outputs = {t["id"]: t["filename"] for t in introspect(build, "--targets")}
    found = {}
    for test in introspect(build, "--tests"):
        names = [name for each in test["depends"] for name in outputs.get(each, [])]
        names += [word for word in test["cmd"] if word.startswith(str(build))]
        found[test["name"]] = sorted({os.path.relpath(name, build) for name in names})
    return found


def caught_by(build, targets, tests):
    """The first test that fails; "the compiler" where it refuses; None: none."""
    for test in tests:
        if subprocess.run(["ninja", "-C", str(build), *targets[test]], stdout=subprocess.DEVNULL).returncode:
            return "the compiler"
        done = subprocess.run(["meson", "test", "-C", str(build), "--no-rebuild", "-t", "3", test],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode:
            return test
    return None


def run(folder, words):
    build = folder.resolve() / "build"
    targets = targets_of(build)
    chosen = [fault for fault in FAULTS if not words or any(word in fault[0] for word in words)]
    for test in sorted({test for fault in chosen for test in fault[4]}):
        if caught_by(build, targets, [test]):
            sys.exit(f"{test} fails without a fault")
    missed = 0
    print("| fault | file | caught by |\n|---|---|---|", flush=True)
    for what, path, old, new, tests in chosen:
        file = folder / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{what}: {path}"
        file.write_text(text.replace(old, new), encoding="utf-8")
        try:
            test = caught_by(build, targets, tests)
        finally:
            file.write_text(text, encoding="utf-8")
        missed += test is None
        print(f"| {what} | `{path}` | {test or 'NONE'} |", flush=True)
    print(f"\n{len(chosen) - missed} of {len(chosen)} faults are caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(check() if sys.argv[1] == "--check" else run(pathlib.Path(sys.argv[1]), sys.argv[2:]))
