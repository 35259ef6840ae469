#!/usr/bin/env python3
"""The program on a machine that refuses: every call of a kind (memory, open, read, write, sync, rename, map, thread)
fails in turn, in every command, on a table and on a tiny model. Each run either says exactly what it says otherwise,
or ends with 1, one sentence and nothing on standard output; no signal, no file damaged, none left behind.

    test_faults.py FAILING.SO [alloc ...] [--stride N] [--dense N]     kinds, default all; every call that may fail, or
                                                                       the first N and every N-th of the others
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from program import PROGRAM, SKIPPED, TINY, work_dir, write_table  # noqa: E402

KINDS = ["alloc", "open", "read", "write", "sync", "rename", "map", "thread"]
TIMES = re.compile(rb'"(\w*seconds|tokens_per_second)":[-+.e0-9]+')

problems = []


def check(condition, text):
    if not condition:
        problems.append(text)


def run(library, args, folder, fault=None, stdin=b"", cut=0):
    env = {**os.environ, "LD_PRELOAD": str(library), "MAXTS_FAULT_PROGRAM": pathlib.Path(PROGRAM).name,
           "OMP_NUM_THREADS": "1", "MAXTS_FAULT_COUNTS": str(folder / "counts")}
    env["MAXTS_FAULT_CUT"] = str(cut)
    if fault:
        env["MAXTS_FAULT"] = fault
    done = subprocess.run([PROGRAM, *map(str, args)], env=env, input=stdin, capture_output=True, timeout=60)
    return done


def plain(output):
    """What a run says, without what the clock says."""
    return TIMES.sub(rb'"\1":0', output)


def files_of(folder):
    return {p.name: plain(p.read_bytes()) for p in folder.iterdir()}


class Command:
    """A call of the program, and the files it may write: each holds afterwards what it held before, the start of
    what it holds otherwise (a file that grows), or that."""

    def __init__(self, args, stdin=b"", before=None, grows=()):
        self.args, self.stdin, self.before, self.grows = args, stdin, before or {}, grows

    def reset(self, folder):
        for p in folder.iterdir():
            p.unlink()
        for name, data in self.before.items():
            (folder / name).write_bytes(data)


def fair(command, name, now, before, after):
    """Whether the file may look like this after a failure."""
    if name in command.grows:
        return after is not None and after.startswith(now.rpartition(b"\n")[0])
    return now in (before, after)


def one(library, command, folder, fault, expected, expected_files, before):
    command.reset(folder / "out")
    done = run(library, command.args, folder, fault, command.stdin)
    what = f"{fault} in {' '.join(map(str, command.args))}"
    say = done.stderr.decode(errors="replace")
    check(done.returncode in (0, 1), f"{what}: exit {done.returncode}: {say}")
    files = files_of(folder / "out")
    if done.returncode == 0:
        check(plain(done.stdout) == expected, f"{what}: exit 0 with another result\n{done.stdout.decode()}")
        check(files == expected_files, f"{what}: exit 0 with other files: {sorted(files)}")
        return 0
    check(done.stdout == b"", f"{what}: failed, but printed {done.stdout[:200]}")
    own = say.count("\n") == 1 and say.startswith("maxts: ")
    # The OpenMP runtime ends the process itself.
    check(own or say.startswith("\nlibgomp: "), f"{what}: not one sentence: {say!r}")
    for name, now in files.items():
        check(name in expected_files, f"{what}: left {name} behind")
        check(fair(command, name, now, before.get(name), expected_files[name]), f"{what}: damaged {name}: {now[-200:]}")
    for name in before:
        check(name in files, f"{what}: {name} is gone")
    return 1


def sweep(library, command, folder, kinds, stride, dense):
    command.reset(folder / "out")
    before = files_of(folder / "out")
    done = run(library, command.args, folder, stdin=command.stdin)
    counts = {kind: int(n) for kind, n in map(str.split, (folder / "counts").read_text().splitlines())}
    check(done.returncode == 0, f"{command.args}: {done.stderr.decode()}")
    expected, expected_files = plain(done.stdout), files_of(folder / "out")
    for kind in kinds:
        total = counts[kind]
        places = [n for n in range(1, total + 1) if n <= dense or (total - n) % stride == 0]
        known = len(problems)
        failed = sum(one(library, command, folder, f"{kind}:{n}", expected, expected_files, before) for n in places)
        check(kind != "alloc" or failed > 0, f"{command.args}: no failing allocation was noticed")
        if places:
            name = pathlib.Path(command.args[2]).name
            print(f"{command.args[0]:9} {pathlib.Path(command.args[2]).name:16} {kind:7} {total:6} calls, "
                  f"{len(places):5} failed in turn: {failed:5} with exit 1, {len(places) - failed:3} with exit 0, "
                  f"{len(problems) - known} problems")


def lost_model(library, folder):
    """A model file that is made shorter right after it was mapped for its weights: by pages, which end in a signal, and
    by some bytes of the last page, which read as zeros."""
    model = folder / "model.gguf"
    command = ["generate", "-m", model, "-p", "hi", "-n", 3, "--json"]
    for cut, words in ((10000, "was made shorter"), (100, "was changed while it was read")):
        shutil.copy(TINY, model)
        done = run(library, command, folder, "cut:2", cut=cut)
        say = done.stderr.decode()
        check(done.returncode == 1 and not done.stdout, f"model cut by {cut}: exit {done.returncode}: {say}")
        check(words in say and str(model) in say and say.count("\n") == 1, f"model cut by {cut}: {say!r}")


def commands(out, table):
    text = b"hello, world"
    for model, prompt in ((table, []), (TINY, ["-p", "hi", "-n", 3])):
        search = ["search", "-m", model, *prompt, "--rollouts", 4, "--json"]
        stored = "1,0" if model == table else "hello"
        yield Command(["inspect", "-m", model, "--json"])
        yield Command(["score", "-m", model, "--json"], stdin=stored.encode())
        yield Command([*search, "--explain"])
        yield Command([*search, "--in-flight", 1, "--save", out / "save"], grows=["save"])
        yield Command([*search, "--trace", out / "trace"], grows=["trace"])
    yield Command(["tokenize", "-m", TINY, "--json"], stdin=text)
    yield Command(["generate", "-m", TINY, "-p", "hi", "-n", 3, "--json"])
    yield Command(["search", "-m", TINY, "-p", "hi", "-n", 3, "--rollouts", 3, "--json", "--reward", "regex:[a-e]"])
    yield Command(["search", "-m", TINY, "-p", "hi", "-n", 3, "--rollouts", 3, "--json", "--constraint", "[a-e]+"])
    yield Command(["verify", "-m", table, "--runs", 3, "--json"])


def main():
    if len(sys.argv) < 2 or not pathlib.Path(sys.argv[1]).exists():
        print("skipped: no library that makes calls fail on this system")
        sys.exit(SKIPPED)
    library = pathlib.Path(sys.argv[1]).resolve()
    words = sys.argv[2:]
    stride, dense = (int(words[words.index(w) + 1]) if w in words else 1 for w in ("--stride", "--dense"))
    kinds = [w for w in words if w in KINDS] or KINDS
    with work_dir() as folder:
        folder = pathlib.Path(folder)
        (folder / "out").mkdir()
        table = write_table(folder)
        for command in commands(folder / "out", table):
            sweep(library, command, folder, kinds, stride, dense)
        lost_model(library, folder)
    for text in problems[:40]:
        print(f"FAILED: {text[:600]}")
    print(f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
