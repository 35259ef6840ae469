#!/usr/bin/env python3
"""Reward against cost: every method at five budgets, on real models and real rewards.

    bench/reward_nfe.py MAXTS MODEL... [--samples 12] [--texts 1,2,4,8,16] [--tasks forecast,shape,no-e] [--methods ...]
                        [--jobs 2] [--out DIR]

A budget is a number of finished texts (rollouts, particles, beams) and at most that many times the longest text in
NFE, token positions that the model evaluates; what is drawn is the NFE that a search used. Every sample is searched
once by each method at each budget with the same prompt, reward, limits and seed. Three tasks:

  forecast  24 steps after 72 hours of an M4 series (data/m4_hourly.csv), digits, commas and blanks only; reward
  forecast, lambda 20
  shape     a question whose answer should give a date in figures, in 32 tokens; reward regex, lambda 5
  no-e      a sentence that does without the letter e, in 32 tokens; reward by a program (rewards/no_e.py), lambda 20

Rejection and CARS, which know a constraint and no tilt, stand in constrained_methods.py.

DIR/reward_nfe.jsonl gets a line a search, and a run that was stopped goes on where it was; DIR/reward_nfe.csv has
means with standard errors over samples, and paired differences to best-of-N at the same budget; DIR/reward_nfe.svg the
curves."""
import argparse
import concurrent.futures
import csv
import json
import math
import pathlib
import statistics
import subprocess
import sys
import threading

import chart

ROOT = pathlib.Path(__file__).resolve().parent.parent
METHODS = ["greedy", "sample", "beam", "stochastic-beam", "best-of-n", "metropolis", "smc", "mcts", "dts", "dts-star",
           "maxent-ts"]
ONE_TEXT = {"greedy"}
SERIES = [f"{ROOT / 'data/m4_hourly.csv'}#{name}[{start}:{start + 72}]" for start in (0, 168, 336, 504)
          for name in ("H10", "H150", "H410")]
EVENTS = ["the first landing on the moon", "the end of the Second World War",
          "the signing of the American Declaration of Independence",
          "the fall of the Berlin Wall", "the sinking of the Titanic", "the storming of the Bastille",
          "the Battle of Hastings", "the birth of Albert Einstein", "the first flight of the Wright brothers",
          "the eruption of Mount Saint Helens",
          "the opening of the Suez Canal", "the premiere of Beethoven's Ninth Symphony"]
THINGS = ["a dog", "the sea", "a rainy day", "a train ride", "an old house", "a birthday", "the moon", "a garden",
          "winter", "a good book", "a long walk", "music"]
DATE = "(1[0-9]{3}|20[0-9]{2})-(0[1-9]|1[0-2])-[0-3][0-9]"


def tasks(a):
    """{name: (options of every search, longest text, [options of sample i])}"""
    program = f"command:prefixes=1 {sys.executable} {ROOT / 'bench/rewards/no_e.py'}"
    return {
        "forecast": (["--raw", "-p", "Hourly values: {series}, ", "--constraint", "[0-9][0-9, ]*", "--reward",
                      "forecast:horizon=24,season=24", "--lambda", "20"], 120, [["--series", s] for s in SERIES]),
        "shape": (["--reward", "regex:" + DATE, "--lambda", "5"], 32, [["-p",
                                                                        f"On which day was {e}? Write the date as "
                                                                        f"YYYY-MM-DD."] for e in EVENTS]),
        "no-e": (["--reward", program, "--lambda", "20", "--look-ahead", "8"], 32,
                 [["-p", f"Write one short sentence about {t}."] for t in THINGS]),
    }


def search(a, job):
    options, longest, sample = a.known[job["task"]][0], a.known[job["task"]][1], a.known[job["task"]][2][job["sample"]]
    command = [a.maxts, "search", "-m", a.paths[job["model"]], "--json", "--threads", "1", "--method", job["method"],
               "--rollouts", str(job["texts"]),
               "--nfe", str(job["texts"] * longest), "-n", str(longest), "--seed", str(job["sample"]), *options,
               *sample]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    found = json.loads(done.stdout)
    return dict(job, nfe=found["nfe"], reward_calls=found["reward_calls"], seconds=found["seconds"],
                best=found["best"]["reward"], mean=found["mean_reward"]["rollouts"],
                weighted=found["mean_reward"]["answers"])


def key(row):
    return tuple(row[k] for k in ("model", "task", "method", "texts", "sample"))


def run(a, jobs, path):
    """What is missing is searched; everything is returned."""
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")] if path.exists() else []
    have = {key(r) for r in rows}
    left = [j for j in jobs if key(j) not in have]
    lock = threading.Lock()
    with open(path, "a", encoding="utf-8") as out, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        def one(job):
            row = search(a, job)
            with lock:
                out.write(json.dumps(row) + "\n")
                out.flush()
                rows.append(row)
                if len(rows) % 50 == 0:
                    print(f"{len(rows)} of {len(jobs)}", file=sys.stderr)
        for done in concurrent.futures.as_completed([pool.submit(one, j) for j in left]):
            done.result()
    wanted = {key(j) for j in jobs}
    return [r for r in rows if key(r) in wanted]


def mean_se(values):
    return statistics.fmean(values), statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def summarise(rows):
    groups = {}
    for r in rows:
        groups.setdefault((r["model"], r["task"], r["method"], r["texts"]), {})[r["sample"]] = r
    out = []
    for (model, task, method, texts), samples in sorted(groups.items()):
        line = {"model": model, "task": task, "method": method, "texts": texts, "samples": len(samples),
                "nfe": round(statistics.fmean(r["nfe"] for r in samples.values()), 1),
                "reward_calls": round(statistics.fmean(r["reward_calls"] for r in samples.values()), 1),
                "seconds": round(statistics.fmean(r["seconds"] for r in samples.values()), 3)}
        beside = groups.get((model, task, "best-of-n", texts), {})
        for what in ("best", "mean", "weighted"):
            line[what], line[what + "_se"] = (round(x, 4) for x in mean_se([r[what] for r in samples.values()]))
            pairs = [r[what] - beside[s][what] for s, r in samples.items() if s in beside]
            line[what + "_over_best_of_n"], line[what + "_over_se"] = (round(x, 4)
                                                                       for x in mean_se(pairs)) if pairs else ("", "")
        out.append(line)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("maxts")
    p.add_argument("models", nargs="+")
    p.add_argument("--samples", type=int, default=12, help="of each task, at most 12")
    p.add_argument("--texts", default="1,2,4,8,16")
    p.add_argument("--tasks", default="forecast,shape,no-e")
    p.add_argument("--methods", default=",".join(METHODS))
    p.add_argument("--jobs", type=int, default=2, help="searches at a time, a thread each")
    p.add_argument("--out", type=pathlib.Path, default=pathlib.Path("bench-results"))
    a = p.parse_args()
    a.known = tasks(a)
    a.paths = {pathlib.Path(m).stem: m for m in a.models}
    a.out.mkdir(parents=True, exist_ok=True)
    names = a.methods.split(",")
    jobs = [{"model": model, "task": task, "method": method, "texts": texts, "sample": sample}
            for sample in range(a.samples) for task in a.tasks.split(",") for model in a.paths
            for texts in map(int, a.texts.split(",")) for method in names if texts == 1 or method not in ONE_TEXT]
    table = summarise(run(a, jobs, a.out / "reward_nfe.jsonl"))
    with open(a.out / "reward_nfe.csv", "w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, table[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    panels = [(f"{task}, {model.split('-')[0]}: {what} reward",
               {m: [(r["nfe"], r[what], r[what + "_se"]) for r in table
                    if (r["model"], r["task"], r["method"]) == (model, task, m)] for m in names})
              for task in a.tasks.split(",") for model in a.paths for what in ("best", "mean")]
    (a.out / "reward_nfe.svg").write_text(chart.lines(panels, names, "token positions evaluated (NFE)"),
                                          encoding="utf-8")


if __name__ == "__main__":
    main()
