#!/usr/bin/env python3
"""The program on a machine that refuses: every call of a kind (memory, open, read, write, sync, rename, map, thread)
fails in turn, one in four of them once more with all behind it, in every command, on a table and on a tiny model. Each
run either says exactly what it says otherwise, or ends with 1, one sentence and nothing on standard output; no signal,
no file damaged, none left behind, no memory and no descriptor kept.

    test_faults.py FAILING.SO [alloc ...] [--stride N] [--dense N] [--only WORD]
                                                  kinds, default all; every call that may fail, or the
                                                  first and last N and every N-th of the others; of the
                                                  commands whose words have WORD
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from program import NOBODY, PROGRAM, ROOT, SKIPPED, TINY, work_dir, write_table  # noqa: E402

KINDS = ["alloc", "open", "read", "write", "sync", "rename", "map", "thread"]
PROGRAM, TINY = str(pathlib.Path(PROGRAM).resolve()), TINY.resolve()  # runs begin in folders of their own
WORKERS = os.cpu_count() or 1
VARIES = [(re.compile(rb'"(\w*seconds|tokens_per_second|\w*_us)":([-+.e0-9]+|[{[][^]}]*[]}])'), rb'"\1":0'),
          (re.compile(rb',"crc":"[0-9a-f]{8}"'), b"")]  # of a line that has its seconds
SPEEDS = [(re.compile(rb'[-+]?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?'), b"0"),
          (re.compile(rb'"(chosen|why)":"[^"]*"'), rb'"\1":""'),  # which is the faster of two,
          (re.compile(rb'"product_from":null'), b'"product_from":0')]  # and from where on

# libgomp, and libgfortran while OpenBLAS is opened, end the process themselves where memory runs out.
ENDING = ("\nlibgomp: ", "Operating system error: Cannot allocate memory\n")

problems = []
lock = threading.Lock()
here = threading.local()


def check(condition, text):
    if not condition:
        with lock:
            problems.append(text)


class Room:
    """A folder where one run at a time works, and what the program counted there."""

    def __init__(self, folder):
        self.out = folder / "out"
        self.counts = folder / "counts"
        self.out.mkdir(parents=True, exist_ok=True)

    def run(self, library, args, fault=None, stdin=b"", cut=0):
        env = {**os.environ, **NOBODY, "LD_PRELOAD": str(library), "MAXTS_FAULT_PROGRAM": pathlib.Path(PROGRAM).name,
               "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "MAXTS_FAULT_COUNTS": str(self.counts),
               "MAXTS_FAULT_CUT": str(cut), "TMPDIR": str(self.out)}
        if fault:
            env["MAXTS_FAULT"] = fault
        self.counts.unlink(missing_ok=True)
        return subprocess.run([PROGRAM, *map(str, args)], env=env, input=stdin, capture_output=True, timeout=600,
                              cwd=self.out)

    def counted(self):
        """Calls of each kind and what was left; places in the program where what was left came from."""
        if not self.counts.exists():
            return {}, []
        lines = [line.split() for line in self.counts.read_text().splitlines()]
        return {word: int(n) for word, n in lines if word != "at"}, [hex(int(n)) for word, n in lines if word == "at"]


class Command:
    """A call of the program, and the files it may write: each holds afterwards what it held before, the start of
    what it holds otherwise (a file that grows), or that. `between`: files that a later run goes on from. `few`: the
    most calls that are made to fail, spread over all, of a command that takes seconds; `every`: all of them always.
    `speeds`: its numbers are other ones each time."""

    def __init__(self, args, stdin=b"", before=None, grows=(), between=(), few=None, every=False, speeds=False):
        self.args, self.stdin, self.before, self.grows, self.few = args, stdin, before or {}, grows, few
        self.every = every
        self.between = between
        self.varies = [*VARIES, *SPEEDS] if speeds else VARIES
        self.name = " ".join(pathlib.Path(str(a)).name for a in args)

    def reset(self, folder):
        for p in folder.iterdir():
            p.unlink()
        for name, data in self.before.items():
            (folder / name).write_bytes(data)

    def plain(self, output):
        """What a run says, without what the clock says."""
        for pattern, instead in self.varies:
            output = pattern.sub(instead, output)
        return output

    def files(self, folder):
        return {p.name: self.plain(p.read_bytes()) for p in folder.iterdir()}

    def places(self, total, stride, dense):
        """Which calls fail."""
        if self.few:
            stride = max(stride, -(-total // self.few))
            dense = min(dense, self.few)
        return [n for n in range(1, total + 1)
                if self.every or min(n, total + 1 - n) <= dense or (total - n) % stride == 0]


class Usual:
    """What a command comes to where nothing fails."""

    def __init__(self, library, command, room):
        command.reset(room.out)
        self.before = command.files(room.out)
        done = room.run(library, command.args, stdin=command.stdin)
        self.counts, places = room.counted()
        check(done.returncode == 0, f"{command.name}: {done.stderr.decode()}")
        check(self.counts["left"] == 0, f"{command.name}: {self.counts['left']} blocks left, from {places}")
        self.says, self.files = command.plain(done.stdout), command.files(room.out)


def fair(command, name, now, before, after):
    """Whether the file may look like this after a failure."""
    if name in command.grows:
        return after is not None and after.startswith(now.rpartition(b"\n")[0])
    return now in (before, after)


def look_at_files(command, usual, room, what):
    files = command.files(room.out)
    for name, now in ((name, now) for name, now in files.items() if name not in command.between):
        check(name in usual.files, f"{what}: left {name} behind")
        check(fair(command, name, now, usual.before.get(name), usual.files.get(name)),
              f"{what}: damaged {name}: {now[-200:]}")
    for name in usual.before:
        check(name in files, f"{what}: {name} is gone")


def one(library, command, usual, room, fault):
    """Whether the run failed where this call did."""
    command.reset(room.out)
    what = f"{fault} in {command.name}"
    try:
        done = room.run(library, command.args, fault, command.stdin)
    except subprocess.TimeoutExpired:
        check(False, f"{what}: still running after 120 s")
        return False
    say = done.stderr.decode(errors="replace")
    check(done.returncode in (0, 1), f"{what}: exit {done.returncode}: {say}")
    counts, places = room.counted()
    runtime = say.startswith(ENDING)
    if not runtime and done.returncode in (0, 1):
        check(counts.get("left") == 0, f"{what}: exit {done.returncode}, {counts.get('left')} blocks left, from "
              f"{places}")
        check(counts.get("descriptors", 0) <= usual.counts["descriptors"], f"{what}: descriptors left")
    if done.returncode == 0:
        files = command.files(room.out)
        check(command.plain(done.stdout) == usual.says, f"{what}: exit 0 with another result\n{done.stdout.decode()}")
        check(files == usual.files, f"{what}: exit 0 with other files: {sorted(files)}")
        return False
    check(done.stdout == b"", f"{what}: failed, but printed {done.stdout[:200]}")
    check(runtime or (say.count("\n") == 1 and say.startswith("maxts: ")), f"{what}: not one sentence: {say!r}")
    look_at_files(command, usual, room, what)
    return True


def sweep(library, command, rooms, pool, kinds, stride, dense):
    usual = Usual(library, command, rooms[0])
    free = list(rooms)

    def task(fault):
        with lock:
            room = free.pop()
        try:
            return one(library, command, usual, room, fault)
        finally:
            with lock:
                free.append(room)

    for kind in kinds:
        total = usual.counts[kind]
        places = command.places(total, stride, dense)
        known = len(problems)
        lasting = places[::4]
        failed = sum(pool.map(task, [f"{kind}:{n}" for n in places]))
        failed += sum(pool.map(task, [f"{kind}:{n}+" for n in lasting]))
        # a text that is made without memory of its own has standard output's buffer alone, which it can do without
        check(kind != "alloc" or failed > 0 or total < 10, f"{command.name}: no failing allocation was noticed")
        if places:
            tried = len(places) + len(lasting)
            print(f"{command.name[:60]:60} {kind:7} {total:6} calls, {tried:5} failed in turn: {failed:5} with "
                  f"exit 1, {tried - failed:4} with exit 0, {len(problems) - known} problems", flush=True)
            totals[kind] = totals.get(kind, 0) + tried


totals = {}


def lost_model(library, folder):
    """A model file that is made shorter right after it was mapped for its weights: by pages, which end in a signal, and
    by some bytes of the last page, which read as zeros."""
    model = folder / "model.gguf"
    room = Room(folder / "lost")
    command = ["generate", "-m", model, "-p", "hi", "-n", 3, "--json"]
    for cut, words in ((10000, "was made shorter"), (100, "was changed while it was read")):
        shutil.copy(TINY, model)
        done = room.run(library, command, "cut:2", cut=cut)
        say = done.stderr.decode()
        check(done.returncode == 1 and not done.stdout, f"model cut by {cut}: exit {done.returncode}: {say}")
        check(words in say and str(model) in say and say.count("\n") == 1, f"model cut by {cut}: {say!r}")


SCHEMA = """{"type": "object", "properties": {"a": {"enum": [1, 2.5, "x", null]}, "b": {"type": "array", "items":
{"type": "boolean"}, "uniqueItems": true}, "c": {"not": {"type": ["integer", "string"]}}, "d": {"oneOf": [{"const": 1},
{"minimum": 5, "type": "number"}]}}, "required": ["a"], "if": {"required": ["b"]}, "then": {"required": ["c"]}}"""
GRAMMAR = 'root ::= word (" " word)*\nword ::= [a-e]+\n'
TEMPLATE = "{% for m in messages %}{{ m.role | upper }}: {{ m.content }}{{ extra }}\n{% endfor %}"
CSV = "".join(f"{t};{t % 7},5;{t * t}\n" for t in range(30))


def labelled():
    """Series that rise and fall, of four people."""
    rows = [f"{'up' if i % 2 else 'down'},p{i // 4}," +
            ",".join(f"{(t if i % 2 else -t) / 4 + (i * t) % 5 / 9:.3f}" for t in range(16)) for i in range(16)]
    return "\n".join(["label,who," + ",".join(f"V{t}" for t in range(16)), *rows, ""])


def motions(first, count):
    """Two sorts of series of three channels, as stage har reads them."""
    rows = [["up" if i % 2 else "down", *(json.dumps([round((t if i % 2 else -t) / 20 + (i * t + c) % 5 / 9, 3)
                                                       for t in range(16)]) for c in range(3))]
            for i in range(first, first + count)]
    return "\n".join(['label,x,y,z', *(",".join([row[0], *(f'"{cell}"' for cell in row[1:])]) for row in rows), ""])


def write_inputs(folder):
    """Files that commands read."""
    rows = [["id", *(f"V{t}" for t in range(60))], *([f"s{i}", *(10 + (i + t) % 7 for t in range(60))] for i in (0, 1))]
    future = [["id", *(f"V{t}" for t in range(6))], *([f"s{i}", *(10 + (i + t) % 7 for t in range(6))] for i in (0, 1))]
    files = {"past.csv": rows, "future.csv": future}
    text = {name: "".join(",".join(map(str, row)) + "\n" for row in rows) for name, rows in files.items()}
    text |= {"schema.json": SCHEMA, "grammar.gbnf": GRAMMAR, "template.jinja": TEMPLATE, "series.csv": "t;a;b\n" + CSV,
             "series.json": '[{"a": 1, "b": 2.5}, {"a": 3, "b": 4, "c": "x"}, {"a": 6, "b": 1}]',
             "messages.json": '[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]',
             "bench.jsonl": '{"id": "x", "schema": {"type": "integer"}, "tests": [{"valid": true, "data": 1}]}\n',
             "lines.jsonl": '"hi"\n{"prompt": "ho", "id": "b"}\n', "labelled.csv": labelled(),
             "har.csv": motions(0, 2), "taught.csv": motions(2, 6)}
    paths = {}
    for name, content in text.items():
        paths[name] = folder / name
        paths[name].write_text(content)
    return paths


def made(library, folder, name, args):
    """The file that a command writes, as bytes; it is given to others before they begin."""
    room = Room(folder / "made")
    done = room.run(library, args)
    check(done.returncode == 0, f"{args}: {done.stderr.decode()}")
    data = (room.out / name).read_bytes()
    (room.out / name).unlink()
    return data


def searches(library, folder, table, files):
    for model, prompt in ((table, []), (TINY, ["-p", "hi", "-n", 3])):
        search = ["search", "-m", model, *prompt, "--rollouts", 4, "--json"]
        stored = "1,0" if model == table else "hello"
        yield Command(["inspect", "-m", model, "--json"])
        yield Command(["score", "-m", model, "--json"], stdin=stored.encode())
        yield Command([*search, "--explain"])
        yield Command([*search, "--in-flight", 1, "--save", "save"], grows=["save"])
        yield Command([*search, "--trace", "trace"], grows=["trace"])
        saved = made(library, folder, "save", [*search, "--in-flight", 1, "--save", "save"])
        traced = made(library, folder, "trace", [*search, "--trace", "trace"])
        yield Command([*search[:-2], 6, "--json", "--resume", "save"], before={"save": saved})
        yield Command(["replay", "trace", "--json"], before={"trace": traced})
        yield Command([*search, "-o", "answer"], before={"answer": b"what was there\n"})
    short = ["search", "-m", TINY, "-p", "hi", "-n", 3, "--rollouts", 3, "--json"]
    for reward in ("regex:[a-e]", "length:9 + 0.5*regex:[a-e]", "command:while read -r l; do echo 1; done"):
        yield Command([*short, "--reward", reward])
    yield Command([*short, "--constraint", "[a-e]+"])
    yield Command([*short, "--grammar", files["grammar.gbnf"]])
    yield Command([*short, "--method", "smc"])
    yield Command([*short, "--method", "beam"])


def texts(files):
    yield Command(["tokenize", "-m", TINY, "--json"], stdin=b"hello, world")
    yield Command(["tokenize", "-m", TINY, "--chat", "--system", "be", "-p", "hi", "--chat-template",
                   files["template.jinja"], "--template-var", 'extra="!"', "--json"])
    yield Command(["tokenize", "-m", TINY, "--chat", "--messages", files["messages.json"], "--chat-template",
                   files["template.jinja"], "--json"])
    yield Command(["generate", "-m", TINY, "-p", "hi", "-n", 3, "--json"])
    yield Command(["generate", "-m", TINY, "-p", "hi", "-n", 3])
    yield Command(["check", "-m", TINY, "--schema", files["schema.json"], "--json", '{"a":1}', '{"a":7}'])
    yield Command(["check", "-m", TINY, "--grammar", files["grammar.gbnf"], "--json", "ab cd", "x"], every=True)
    yield Command(["check", "-m", TINY, "--constraint", "(a|b)*c{2,3}", "--json", "abcc", "x"])
    yield Command(["series", files["series.csv"], "--json"])
    yield Command(["series", files["series.json"], "--json"])
    yield Command(["series", files["past.csv"]])
    yield Command(["man"])
    yield Command(["completion", "bash"])
    yield Command(["help", "search"])


def tasks(library, folder, table, files):
    series = f"{files['past.csv']}#s0"
    lines = ["--batch-in", files["lines.jsonl"], "--out", "run.jsonl", "--json"]
    yield Command(["choose", "-m", TINY, "-p", "hi", "--json", "a", "ser"])
    yield Command(["generate", "-m", TINY, "-n", 3, *lines], grows=["run.jsonl"])
    yield Command(["choose", "-m", TINY, "--options", "a,ser", *lines], grows=["run.jsonl"])
    yield Command(["forecast", series, "--horizon", 3, "--svg", "picture", "--csv", "page", "--json"],
                  before={"page": b"an old page\n"}, few=200)
    teach = ["train", "--labels", "label", "--group", "who", "--data", files["labelled.csv"], "--json", "--out"]
    yield Command([*teach, "of.evidence"], before={"of.evidence": b"what was there\n"}, few=100)
    learnt = made(library, folder, "of.evidence", [*teach, "of.evidence"])
    yield Command(["classify", f"{series}[0:16]", "--evidence", "of.evidence", "--json"],
                  before={"of.evidence": learnt}, few=200)
    for what in (["caption", series], ["ask", series, "does it rise?"]):
        yield Command([*what, "-m", TINY, "-n", 8, "--rollouts", 2, "-q", "--json"], few=200)
    traced = made(library, folder, "trace", ["search", "-m", table, "--rollouts", 4, "--trace", "trace"])
    for form in (["--table"], ["--table", "-m", table, "--json"], ["--html", "page"]):
        yield Command(["replay", "trace", *form], before={"trace": traced, "page": b"an old page\n"}, few=200)


def studies(library, folder, table, files):
    grid = ["eval", "-m", table, "--method", "maxent-ts,smc", "--rollouts", "2,4", "--seeds", "0..1"]
    forecast = ["eval", "-m", TINY, "--stage", "forecast", "--data", files["past.csv"], "--more", files["future.csv"],
                "--context", 12, "--horizon", 4, "--method", "sample,seasonal-naive", "--rollouts", 2, "--samples", 2,
                "--max-tokens", 8, "--keep-trees", 1]
    yield Command([*grid, "--out", "run.jsonl", "--json"], grows=["run.jsonl"])
    yield Command([*forecast, "--out", "run.jsonl", "--json"], grows=["run.jsonl"])
    yield Command([*forecast, "--out", "run.jsonl"], grows=["run.jsonl"], few=200)
    of_grid, of_forecast = (made(library, folder, "run.jsonl", [*which, "--out", "run.jsonl"])
                            for which in (grid, forecast))
    both = {"a.jsonl": of_grid, "b.jsonl": of_forecast}
    for form in ("out", "markdown", "latex", "csv"):
        yield Command(["report", "a.jsonl", "b.jsonl", f"--{form}", "page", "--json"],
                      before={**both, "page": b"an old page\n"})
    parts = {f"{i}.jsonl": made(library, folder, f"{i}.jsonl", [*forecast, "--shard", f"{i}/2", "--out",
                                                                f"{i}.jsonl"]) for i in (0, 1)}
    yield Command(["eval", "--merge", "whole.jsonl", "0.jsonl", "1.jsonl", "--json"], before=parts)
    yield Command(["report", "0.jsonl", "1.jsonl", "--markdown", "page"], before=parts)
    yield Command([*grid[:4], "maxent-ts", "--rollouts", 2, "--total-nfe", 60, "--out", "run.jsonl", "--json"],
                  grows=["run.jsonl"], between=["run.jsonl.first", "run.jsonl.0.search"])
    yield Command(["eval", "-m", TINY, "--stage", "har", "--data", files["har.csv"], "--train", files["taught.csv"],
                   "--points", 2, "-n", 24, "--rollouts", 1, "--samples", 1, "--out", "run.jsonl", "--json"],
                  grows=["run.jsonl"], few=100)
    yield Command(["search", "-m", TINY, "-p", "hi", "-n", 3, "--rollouts", 2, "--series", f"{files['har.csv']}#1",
                   "--reward", f"length:3 + class-spectral:{files['taught.csv']}", "--save", "save", "--json"],
                  grows=["save"], few=100)
    learn = ["eval", "-m", TINY, "--stage", "m4", "--data", files["past.csv"], "--points", 4, "-n", 6, "--rollouts", 3,
             "--samples", 2, "--learn", "--out", "run.jsonl", "--json"]
    yield Command(learn, grows=["run.jsonl"], few=100)
    taught = {"taught.jsonl": made(library, folder, "run.jsonl", learn)}
    yield Command(["search", "-m", TINY, "-p", "hi", "-n", 6, "--rollouts", 3, "--series", f"{files['past.csv']}#s0",
                   "--reward", "claims", "--outlook", "taught.jsonl", "--json"], before=taught, few=100)
    yield Command(["verify", "-m", table, "--runs", 3, "--json"])
    yield Command(["bench", "-m", TINY, "--prefill", 8, "--prompt-tokens", 8, "--sequences", 1, "--json"], few=40,
                  speeds=True)


def main():
    if len(sys.argv) < 2 or not pathlib.Path(sys.argv[1]).exists():
        print("skipped: no library that makes calls fail on this system")
        sys.exit(SKIPPED)
    library = pathlib.Path(sys.argv[1]).resolve()
    words = sys.argv[2:]
    stride, dense = (int(words[words.index(w) + 1]) if w in words else 1 for w in ("--stride", "--dense"))
    only = words[words.index("--only") + 1] if "--only" in words else ""
    kinds = [w for w in words if w in KINDS] or KINDS
    with work_dir() as name, concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        folder = pathlib.Path(name)
        table, files = write_table(folder), write_inputs(folder)
        rooms = [Room(folder / f"room{i}") for i in range(WORKERS)]
        groups = (searches(library, folder, table, files), texts(files), tasks(library, folder, table, files),
                  studies(library, folder, table, files))
        for group in groups:
            for command in group:
                if only in command.name:
                    sweep(library, command, rooms, pool, kinds, stride, dense)
        lost_model(library, folder)
    for text in problems[:40]:
        print(f"FAILED: {text[:600]}")
    print(", ".join(f"{n} {kind}" for kind, n in totals.items()), f"failed in turn; {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
