#!/usr/bin/env python3
"""Searches stopped at random moments: each returns at least one text, valid JSON, and its reason.

A dozen of them; MAXTS_STOPS=200 makes it 200, MAXTS_STOPS_MODEL=FILE takes another model than the tiny one."""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from program import NOBODY, PROGRAM, TINY, check, finish, work_dir

COUNT = int(os.environ.get("MAXTS_STOPS", 12))
MODEL = os.environ.get("MAXTS_STOPS_MODEL", TINY)
METHODS = ["greedy", "sample", "beam", "best-of-n", "smc", "mcts", "dts", "dts-star", "maxent-ts", "maxent-ts"]
STOPS = ["SIGINT", "SIGTERM", "--seconds", "--nfe"]
SLOW = "import sys, time\nfor line in sys.stdin:\n    time.sleep(0.05)\n    print(len(line), flush=True)\n"


def moment(chance, most):
    return most * chance.random() ** 3 # early ones, where no text is finished yet, more often


def stopped(args, sign, saved, wait):
    """Runs a search, and sends it `sign` (None: nothing) so many seconds after it has begun."""
    process = subprocess.Popen([PROGRAM, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **NOBODY})
    while sign and process.poll() is None and not saved.exists():
        time.sleep(0.001)
    if sign:
        time.sleep(wait)
        process.send_signal(sign)
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def one(chance, number, folder):
    saved, stop, method = folder / f"{number}.ckpt", STOPS[number % 4], chance.choice(METHODS)
    tokens = chance.choice([5, 40, 300])
    args = ["search", "-m", MODEL, "-p", "x", "-n", tokens, "--method", method, "--seed", number, "--json", "--quiet",
            "--grace", 600, "--save", saved,
            "--rollouts", chance.choice([1, 40, 400]) if method in ("beam", "smc") else 100000,
            "--reward", chance.choice(["length:80", "logprob", "regex:x", f"command:{folder}/slow.py"])]
    if method != "greedy" and chance.random() < 0.5:
        args += ["--end-stop", "off"]
    if stop == "--seconds":
        args += [stop, 0.001 + moment(chance, 2)]
    elif stop == "--nfe":
        args += [stop, tokens - 1 + int(moment(chance, 3000))]
    sign = getattr(signal, stop) if stop.startswith("SIG") else None
    status, out, err = stopped(args, sign, saved, moment(chance, 2))
    what = f"{' '.join(map(str, args))} stopped by {stop}"
    check(status == 0 and not err, f"{what}: exit {status}: {err.decode()}")
    answer = json.loads(out)
    reasons = {"rollouts", "exhausted", {"--seconds": "seconds", "--nfe": "nfe"}.get(stop, "interrupted")}
    check(answer["stop_reason"] in reasons, f"{what}: reason {answer['stop_reason']}")
    check(answer["answers"] and answer["best"]["tokens"] and answer["rollouts"] >= 1, f"{what}: {answer}")
    check(answer["rollouts"] == answer["rollouts_asked"] or answer["stop_reason"] != "rollouts" or method == "greedy"
          or method in ("beam", "smc"), f"{what}: {answer['rollouts']} rollouts")
    ends = {a["end"] for a in answer["answers"]}
    check(ends <= {"complete", "cut"}, f"{what}: {ends}") # the grace is enough on any machine
    check(abs(sum(a["probability"] for a in answer["answers"]) - 1) < 1e-6, f"{what}: {answer['answers']}")
    return answer["stop_reason"], len(answer["answers"])


def main():
    found = {}
    with work_dir() as folder:
        slow = pathlib.Path(folder) / "slow.py"
        slow.write_text(f"#!{sys.executable}\n{SLOW}")
        slow.chmod(0o755)
        for number in range(COUNT):
            reason, texts = one(random.Random(number), number, pathlib.Path(folder))
            found.setdefault(reason, []).append(texts)
    print({reason: f"{len(texts)} searches, {texts.count(1)} with one text" for reason, texts in found.items()})
    finish(6 * COUNT)


if __name__ == "__main__":
    main()
