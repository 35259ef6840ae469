#!/usr/bin/env python3
"""Two runs at once on one file: one is refused by name, the other's lines are all there.

    test_pairs.py [PAIRS]     of each kind, default 5
"""
import fcntl
import json
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from program import PROGRAM, TINY, ask, check, finish, refuse, work_dir, write_table  # noqa: E402


def held(folder):
    """A reward that answers once `go` is there: until then no run can end but by being refused."""
    return f"command:until [ -e {folder}/go ]; do sleep 0.01; done; while read -r l; do echo 1; done"


def pair(what, file, command):
    """The outputs of the run that was not refused."""
    go = file.parent / "go"
    go.unlink(missing_ok=True)
    both = [subprocess.Popen([PROGRAM, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE) for _ in range(2)]
    end = time.monotonic() + 600
    while all(p.poll() is None for p in both) and time.monotonic() < end:
        time.sleep(0.01)
    go.touch()
    ends = [(*p.communicate(timeout=600), p.returncode) for p in both]
    check(sorted(code for _, _, code in ends) == [0, 1], f"{what}: exits {[code for _, _, code in ends]}: {ends}")
    refused = next(err for _, err, code in ends if code).decode()
    check(str(file) in refused and "is being written by another run" in refused and refused.count("\n") == 1,
          f"{what}: {refused!r}")
    return json.loads(next(out for out, _, code in ends if not code))


def evals(folder, turn, data):
    out = folder / f"eval{turn}.jsonl"
    pair("eval", out, ["eval", "-m", TINY, "--stage", "forecast", "--data", data[0], "--more", data[1], "--context", 24,
                       "--method", "sample", "--rollouts", 3, "--samples", 2, "--max-tokens", 4, "--seeds", "0..2",
                       "--reward", held(folder), "--out", out])
    head, *records = map(json.loads, out.read_text().splitlines())
    keys = {r["key"] for r in records}
    check(len(records) == len(keys) == 6, f"eval: {len(records)} records, {len(keys)} keys")


def searches(folder, turn):
    saved = folder / f"saved{turn}"
    answer = pair("search", saved, ["search", "-m", TINY, "-p", "hi", "-n", 4, "--rollouts", 8, "--in-flight", 2,
                                    "--reward", held(folder), "--save", saved, "--json"])
    lines = list(map(json.loads, saved.read_text().splitlines()))
    check([r["rollout"] for r in lines[1:]] == list(range(answer["rollouts"])), f"search: {len(lines)} lines")


def writers(folder, data):
    """What each command that writes is told where another has the file."""
    table = write_table(folder)
    search, batch = ["search", "-m", table, "--rollouts", 4], folder / "prompts.jsonl"
    run, trace, labels = folder / "run.jsonl", folder / "trace", folder / "labels.csv"
    ask("eval", "-m", table, "--rollouts", 4, "--out", run)
    ask(*search, "--trace", trace)
    batch.write_text('"hi"\n')
    labels.write_text("label,who," + ",".join(f"V{t}" for t in range(16)) + "\n" + "".join(
        f"{'up' if i % 2 else 'down'},p{i // 4}," + ",".join(f"{(t if i % 2 else -t) + i % 3}" for t in range(16)) +
        "\n" for i in range(16)))
    yield "trace", search
    yield "out", search
    yield "out", ["generate", "-m", TINY, "-n", 2, "--batch-in", batch]
    yield "out", ["choose", "-m", TINY, "-p", "hi", "a", "ser"]
    yield "out", ["inspect", "-m", TINY]
    yield "merge", ["eval", run]
    yield "html", ["replay", trace]
    for what in ("out", "markdown", "latex", "csv"):
        yield what, ["report", run]
    for what in ("svg", "csv", "out"):
        yield what, ["forecast", f"{data[0]}#s0", "--horizon", 3]
    yield "out", ["train", "--labels", "label", "--group", "who", "--data", labels]


def held_files(folder, data):
    """A file that another program has locked: refused by name, and as it was."""
    file, count = folder / "held", 0
    for what, command in writers(folder, data):
        file.write_text("another run's")
        with file.open("r+b") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            refuse(1, [str(file), "is being written by another run"], *command, f"--{what}", file)
        check(file.read_text() == "another run's", f"{command} --{what}: the file is another one now")
        count += 1
    print(f"{count} options that write: each is refused a file that another run writes")


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with work_dir() as name:
        folder = pathlib.Path(name)
        data = folder / "train.csv", folder / "test.csv"
        for path, values in zip(data, (60, 6)):
            rows = [["id", *(f"V{t}" for t in range(values))],
                    *([f"s{i}", *(10 + (i + t) % 7 for t in range(values))] for i in range(4))]
            path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
        for turn in range(pairs):
            evals(folder, turn, data)
            searches(folder, turn)
        held_files(folder, data)
        left = [p.name for p in folder.iterdir() if p.name.startswith(".maxts")]
        check(not left, f"left behind: {left}")
    print(f"{pairs} pairs of evals and {pairs} of searches on one file: one of each refused by name, no line lost")
    finish(6 * pairs)


if __name__ == "__main__":
    main()
