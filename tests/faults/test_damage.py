#!/usr/bin/env python3
"""One flipped bit in what a search or an evaluation left on disk: a checkpoint, a trace, a journal. Whoever reads it
either refuses it with a sentence, or comes to the very result of the undamaged file; a changed line is never believed.

    test_damage.py [FLIPS]     of each kind of file, spread over it; default 150
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from program import TINY, ask, check, finish, refuse, run, work_dir, write_table  # noqa: E402


def big_table(folder):
    """Two levels of five tokens: a search of it does not end before its rollouts do."""
    prior = {"": [0.1, 0.3, 0.2, 0.25, 0.15]}
    reward = {"0": 0.125}
    for a in range(1, 5):
        prior[f"{a}"] = [0.2, 0.1, 0.3, 0.15, 0.25]
        for b in range(5):
            if b:
                prior[f"{a},{b}"] = [0.3, 0.2, 0.1, 0.15, 0.25]
                reward.update({f"{a},{b},{c}": 0.37 * a - 0.21 * b + 0.11 * c for c in range(5)})
            else:
                reward[f"{a},0"] = 0.5 * a
    return write_table(folder, name="damage", vocab_size=5, max_tokens=3, prior=prior, reward=reward)


def result(done):
    """What a run came to, without the clock."""
    answer = json.loads(done.stdout)
    return {k: v for k, v in answer.items() if "seconds" not in k}


def flips(data, count):
    """`count` single bits, spread over all of the data."""
    bits = 8 * len(data)
    for i in range(min(count, bits)):
        bit = i * bits // count + i % 8 if count < bits else i
        bit = min(bit, bits - 1)
        yield bit, data[:bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1:]


def sweep(kind, path, count, command, same):
    whole = path.read_bytes()
    refused = 0
    for bit, damaged in flips(whole, count):
        path.write_bytes(damaged)
        done = run(*command)
        say = done.stderr.decode(errors="replace")
        if done.returncode == 0:
            check(same(done), f"{kind}: bit {bit} of {path.name} flipped: exit 0 with another result")
        else:
            check(say.startswith("maxts: ") and say.count("\n") == 1 and not done.stdout, f"{kind}: bit {bit}: {say!r}")
            refused += 1
    path.write_bytes(whole)
    print(f"{kind:11} {len(whole):6} bytes, {count} single bits flipped: {refused} refused, {count - refused} without "
          "effect")
    check(refused > 0.9 * count, f"{kind}: only {refused} of {count} were refused")


def old_files(folder, table, saved, resume, whole):
    """Checkpoints from before there were checksums are read; a line with one among them is not."""
    bare = [json.loads(line) for line in saved.read_text().splitlines()]
    seal = saved.read_text().splitlines()[1]
    for line in bare:
        check(len(line.pop("crc")) == 8, "a checkpoint has checksums")
    old = folder / "old"
    old.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in bare))
    done = run(*resume[:-1], old)
    check(done.returncode == 0 and result(done) == whole, "a checkpoint without checksums goes on as one with them")
    again = folder / "again"
    check(result(run(*resume[:-1], old, "--save", again)) == whole, "and is saved")
    check(result(run(*resume[:-1], again)) == whole, "with checksums of its own")
    lines = old.read_text().splitlines(keepends=True)
    first = json.loads(lines[1])
    for key, value in (("reward", first["reward"] + 9), ("logp", [x - 1 for x in first["logp"]])):
        old.write_text("".join([lines[0], json.dumps({**first, key: value}) + "\n", *lines[2:]]))
        refuse(2, ["old: line 2", "of a text is", "changed"], *resume[:-1], old)  # evaluated again
    old.write_text("".join(lines) + seal + "\n")
    refuse(1, ["old", "checksum"], *resume[:-1], old)


def changed_reward(folder):
    """A reward program that was changed since, under its old name."""
    program, saved = folder / "score.sh", folder / "scored"
    search = ["search", "-m", TINY, "-p", "hi", "-n", 4, "--rollouts", 6, "--json",
              "--reward", f"command:sh {program}"]
    program.write_text("while read -r l; do echo 1; done\n")
    ask(*search, "--save", saved)
    whole = saved.read_bytes()
    check(ask(*search, "--resume", saved)["rollouts"] == 6, "the same program goes on")
    program.write_text("while read -r l; do echo 2; done\n")
    refuse(2, ["scored: line 2", "reward of a text is 1 there and 2 now"], *search, "--resume", saved, "--save", saved)
    check(saved.read_bytes() == whole, "a refused checkpoint stays as it is")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    with work_dir() as name:
        folder = pathlib.Path(name)
        table, saved, trace, journal = big_table(folder), folder / "saved", folder / "trace", folder / "run.jsonl"
        search = ["search", "-m", table, "--rollouts", 12, "--sweep", 0, "--json"]
        ask(*search, "--save", saved, "--trace", trace)
        resume = [*search, "--resume", saved]
        whole = result(run(*resume))
        sweep("checkpoint", saved, count, resume, lambda done: result(done) == whole)
        old_files(folder, table, saved, resume, whole)
        changed_reward(folder)
        confirmed = result(run("replay", trace, "--json"))
        sweep("trace", trace, count, ["replay", trace, "--json"], lambda done: result(done) == confirmed)
        ask("eval", "-m", table, "--method", "maxent-ts,smc", "--rollouts", "4,8", "--seeds", "0..3", "--out", journal)
        tables = folder / "tables.csv"
        report = ["report", journal, "--csv", tables, "--json"]
        shown = result(run(*report)), tables.read_bytes()
        sweep("journal", journal, count, report, lambda done: (result(done), tables.read_bytes()) == shown)
    finish(3 * count)


if __name__ == "__main__":
    main()
