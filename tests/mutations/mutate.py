#!/usr/bin/env python3
"""mutate.py --check: every fault of faults.py still has its place in the sources, once, and its row in
docs/reliability.md: not run, or with a test of those that have to see it.
mutate.py FOLDER [WORD ...]: in FOLDER, a copy of the tree with a build in FOLDER/build, puts in one fault after another
(those whose description has one of the words, where some are given), builds the tests that have to see it and runs
them; a table of which did, whose rows go to docs/reliability.md. Exit status 1 where one was not seen.
mutate.py --rows FILE: puts rows that such a run has printed into docs/reliability.md."""
import json
import os
import pathlib
import re
import subprocess
import sys

from faults import FAULTS

ROOT = pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", pathlib.Path(__file__).parents[2]))


DOCUMENT = ROOT / "docs/reliability.md"
HEAD = "| fault | file | caught by |\n|---|---|---|\n"


def row(what, path, test):
    return f"| {what} | `{path}` | {test} |"


def write_rows(lines):
    """Puts the rows of some faults into the document; the others keep theirs."""
    text = DOCUMENT.read_text(encoding="utf-8")
    at = text.index(HEAD) + len(HEAD)
    end = at + re.match(r"(\|.*\n)*", text[at:]).end()
    known = {line.rpartition(" | ")[0]: line for line in [*text[at:end].splitlines(), *lines]}
    rows = [known.get(row(what, path, "").rpartition(" | ")[0], row(what, path, "not run"))
            for what, path, *_ in FAULTS]
    DOCUMENT.write_text(text[:at] + "".join(line + "\n" for line in rows) + text[end:], encoding="utf-8")


def check():
    bad = 0
    document = DOCUMENT.read_text(encoding="utf-8")
    for what, path, old, new, tests in FAULTS:
        count = (ROOT / path).read_text(encoding="utf-8").count(old)
        if count != 1 or old == new or not tests:
            print(f"{what}: {path} has {old!r} {count} times")
            bad = 1
        if not any(row(what, path, test) in document for test in ["not run", *(f"`{name}`" for name in tests)]):
            print(f"{what}: docs/reliability.md has no row that says which of {tests} catches it")
            bad = 1
    assert len(FAULTS) >= 30 and len({what for what, *_ in FAULTS}) == len(FAULTS)
    assert document.count("| `src/") == len(FAULTS), "docs/reliability.md has other faults"
    print(f"{len(FAULTS)} faults, each with one place in the sources and the test that catches it")
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
    """The first test that fails; None: none."""
    for test in tests:
        if subprocess.run(["ninja", "-C", str(build), *targets[test]], stdout=subprocess.DEVNULL).returncode:
            sys.exit("does not compile")
        done = subprocess.run(["meson", "test", "-C", str(build), "--no-rebuild", "-t", "6", test],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode:
            return test
    return None


def run(folder, words):
    build = folder.resolve() / "build"
    targets = targets_of(build)
    chosen = [fault for fault in FAULTS if not words or any(word in fault[0] for word in words)]
    rows, caught = [], set()
    print(HEAD, end="", flush=True)
    for what, path, old, new, tests in chosen:
        file = folder / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{what}: {path}"
        file.write_text(text.replace(old, new), encoding="utf-8")
        try:
            test = caught_by(build, targets, tests)
        finally:
            file.write_text(text, encoding="utf-8")
        caught |= {test} - {None}
        rows.append(row(what, path, f"`{test}`" if test else "none"))
        print(rows[-1], flush=True)
    missed = sum(line.endswith("| none |") for line in rows)
    print(f"\n{len(chosen) - missed} of {len(chosen)} faults are caught")
    for test in sorted(caught):
        if caught_by(build, targets, [test]):
            sys.exit(f"{test} fails without a fault")
    write_rows(rows)
    return 1 if missed else 0


if __name__ == "__main__":
    if sys.argv[1] == "--rows":
        printed = pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")
        write_rows([line for line in printed.splitlines() if "`src/" in line])
    else:
        sys.exit(check() if sys.argv[1] == "--check" else run(pathlib.Path(sys.argv[1]), sys.argv[2:]))
