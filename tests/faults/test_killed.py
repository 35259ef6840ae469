#!/usr/bin/env python3
"""kill -9 at random moments of a search, an evaluation and a report: what was finished is there afterwards, and the
same command comes to what it comes to undisturbed.

    test_killed.py [MOMENTS] [SEED]     of all three together, default 36
"""
import json
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from program import PROGRAM, TINY, ask, check, finish, lines_in, run, work_dir  # noqa: E402
from test_damage import big_table, result  # noqa: E402


def seconds(command, *outputs):
    """What the command takes, at its best of three; its outputs are removed before and left behind."""
    best = 1e9
    for _ in range(3):
        for path in outputs:
            path.unlink(missing_ok=True)
        start = time.monotonic()
        ask(*command)
        best = min(best, time.monotonic() - start)
    return best


def kill(command, delay):
    """Whether it was still at work after so many seconds, when it was killed."""
    process = subprocess.Popen([PROGRAM, *map(str, command)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def answer(command):
    """The result, without the clock and what its cache took, which is less where a part was read."""
    return {k: v for k, v in result(run(*command)).items() if k != "kv"}


def whole_lines(path):
    return path.read_bytes().rpartition(b"\n")[0].splitlines() if path.exists() else []


class Kills:
    """So many kills of a command that writes a file line by line."""

    def __init__(self, random_, moments):
        self.random, self.moments, self.killed, self.lines = random_, moments, 0, 0

    def count(self, killed, lines):
        self.killed += killed
        self.lines += lines


def search(kills, command, saved, rewarded=None):
    """Goes on with what was left, which is killed in its turn, until it is let through."""
    longest = seconds([*command, "--save", saved], saved)
    whole = answer(command)
    saved.unlink()
    resume = [*command, "--save", saved]
    while kills.moments > 0:
        lines = whole_lines(saved)
        if lines:
            resume = [*command, "--resume", saved, "--save", saved]
        if rewarded:
            rewarded.unlink(missing_ok=True)
        kills.moments -= 1
        killed = kill(resume, kills.random.uniform(0, 1.1 * longest))
        now = whole_lines(saved)
        check(now[:len(lines)] == lines, f"search: {len(lines)} rollouts were finished, now {now}")
        if rewarded and lines_in(rewarded):
            check(len(now) - 1 >= lines_in(rewarded) - 1, f"search: {lines_in(rewarded)} were judged, {len(now)} lines")
        kills.count(killed, len(now) - len(lines))
        if not killed or kills.random.random() < 0.5:  # to the end, and anew
            last = [*command, "--resume", saved] if now else command
            again = answer(last)
            others = {k: (v, again.get(k)) for k, v in whole.items() if v != again.get(k)}
            check(not others and len(again) == len(whole), f"search: after kills another result: {others}")
            saved.unlink(missing_ok=True)
            resume = [*command, "--save", saved]


def evaluate(kills, command, journal):
    longest = seconds([*command, "--out", journal], journal)

    def records():
        return sorted((json.dumps({k: v for k, v in json.loads(line).items() if "seconds" not in k and k != "crc"})
                       for line in whole_lines(journal)[1:]))
    whole = records()
    journal.unlink()
    while kills.moments > 0:
        lines = whole_lines(journal)
        kills.moments -= 1
        killed = kill([*command, "--out", journal], kills.random.uniform(0, 1.1 * longest))
        now = whole_lines(journal)
        check(now[:len(lines)] == lines, f"eval: {len(lines)} lines were finished, now {now}")
        kills.count(killed, len(now) - len(lines))
        if not killed or kills.random.random() < 0.3:
            ask(*command, "--out", journal)
            check(whole_lines(journal)[:len(now)] == now, "eval: finished records were written again")
            check(records() == whole, f"eval: after kills {len(records())} records, not {len(whole)}")
            journal.unlink()


def report(kills, journal, folder):
    """Its four files: each the old one or the new one."""
    files = [folder / name for name in ("page.html", "t.md", "t.tex", "t.csv")]
    command = ["report", journal, "--out", files[0], "--markdown", files[1], "--latex", files[2], "--csv", files[3]]
    longest = seconds(command, *files)
    new = [path.read_bytes() for path in files]
    while kills.moments > 0:
        kills.moments -= 1
        old = kills.random.choice([None, b"what stood there before\n"])
        for path in files:
            path.unlink(missing_ok=True)
            if old:
                path.write_bytes(old)
        killed = kill(command, kills.random.uniform(0, 1.1 * longest))
        for path, data in zip(files, new):
            now = path.read_bytes() if path.exists() else None
            check(now in (old, data), f"report: {path.name} is neither the old file nor the new: {now}")
            kills.count(killed and path == files[0], now == data)


def main():
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 36
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print(f"seed {seed}")
    with work_dir() as name:
        folder = pathlib.Path(name)
        rng = random.Random(seed)
        table, judged, journal = big_table(folder), folder / "judged", folder / "run.jsonl"
        kinds = {what: Kills(rng, share) for what, share in
                 (("table", moments // 3), ("model", moments // 9), ("eval", moments // 3))}
        kinds["report"] = Kills(rng, moments - sum(kind.moments for kind in kinds.values()))
        counts = {what: kind.moments for what, kind in kinds.items()}
        search(kinds["table"], ["search", "-m", table, "--rollouts", 40, "--sweep", 0, "--json"], folder / "saved")
        program = f"command:while read -r l; do echo . >> {judged}; echo 1; done"
        search(kinds["model"], ["search", "-m", TINY, "-p", "hi", "-n", 4, "--rollouts", 12, "--in-flight", 1, "--json",
                                "--reward", program], folder / "saved2", judged)
        evaluate(kinds["eval"], ["eval", "-m", table, "--method", "maxent-ts,smc", "--rollouts", "4,8", "--seeds",
                                 "0..9"], journal)
        shown = folder / "shown.jsonl"
        ask("eval", "-m", table, "--method", "maxent-ts,smc", "--rollouts", "4,8", "--seeds", "0..3", "--out", shown)
        report(kinds["report"], shown, folder)
        for what, kind in kinds.items():
            print(f"{what:6} {counts[what]} moments, {kind.killed} of them before its end; {kind.lines} finished "
                  f"{'files' if what == 'report' else 'lines'} found")
        print(f"{moments} moments of kill -9: nothing finished was lost")
        check(sum(kind.killed for kind in kinds.values()) > moments // 10, "most kills came too late")
    finish(moments)


if __name__ == "__main__":
    main()
