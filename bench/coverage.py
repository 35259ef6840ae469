#!/usr/bin/env python3
"""What share of what comes lies below each quantile of `maxts forecast`: at ends drawn at random in the second half of
series of a file of M4 (Hourly-train.csv.gz, Weekly-train.csv.gz), on what came before.

    bench/coverage.py MAXTS TRAIN.csv.gz --horizon 48 [--test TEST.csv.gz] [--windows 400] [--seed 1]

With --test the windows are the competition's: what comes after the end of the file's series. Prints the share of all
steps below each quantile with the standard error over windows, the mean quantile loss over the mean magnitude of the
last 64 values, sMAPE of the median, and whose path it was how often."""
import argparse
import collections
import csv
import gzip
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

LEVELS = {"q05": 0.05, "q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9, "q95": 0.95}


def read(path):
    with gzip.open(path, "rt", encoding="utf-8") as f:
        return {row[0]: [float(v) for v in row[1:] if v not in ("", "NA")] for row in list(csv.reader(f))[1:]}


def windows(a):
    """[(past, what comes)]"""
    chance, series = random.Random(a.seed), read(a.train)
    names = sorted(series)
    if a.test:
        after = read(a.test)
        return [(series[name], after[name][:a.horizon]) for name in chance.sample(names, min(a.windows, len(names)))]
    out = []
    while len(out) < a.windows:
        x = series[chance.choice(names)]
        end = chance.randint(len(x) // 2, len(x) - a.horizon) if len(x) >= 2 * a.horizon else 0
        if end >= 64:
            out.append((x[:end], x[end:end + a.horizon]))
    return out


def forecast(a, past, table):
    table.write_text("value\n" + "".join(f"{v!r}\n" for v in past))
    done = subprocess.run([a.maxts, "forecast", table, "--horizon", str(a.horizon), "--json"], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        sys.exit(f"coverage: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("maxts")
    p.add_argument("train")
    p.add_argument("--test")
    p.add_argument("--horizon", type=int, required=True)
    p.add_argument("--windows", type=int, default=400)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    below, loss, smape, by = collections.defaultdict(list), [], [], collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for past, truth in windows(a):
            got = forecast(a, past, pathlib.Path(folder, "past.csv"))
            by[got["errors_of"]] += 1
            unit = statistics.fmean(map(abs, past[-64:])) + 1e-9
            pairs = list(zip(truth, got["steps"]))
            for name, level in LEVELS.items():
                below[name].append(statistics.fmean(y <= step[name] for y, step in pairs))
            loss.append(statistics.fmean(2 * max(level * (y - step[name]), (level - 1) * (y - step[name])) / unit
                                         for y, step in pairs for name, level in LEVELS.items()))
            smape.append(statistics.fmean(200 * abs(y - step["median"]) / (abs(y) + abs(step["median"]) + 1e-12)
                                          for y, step in pairs))
    n = len(loss)
    for name, level in LEVELS.items():
        print(f"{name:7} {level:.2f} {statistics.fmean(below[name]):.3f} +- "
              f"{statistics.stdev(below[name]) / n ** 0.5:.3f}")
    worst = max(abs(statistics.fmean(below[name]) - level) for name, level in LEVELS.items())
    print(f"{n} windows of {a.horizon} steps; worst {worst:.3f}; quantile loss {statistics.fmean(loss):.4f}; "
          f"sMAPE {statistics.fmean(smape):.2f}; {', '.join(f'{k} {v}' for k, v in by.most_common())}")


if __name__ == "__main__":
    main()
