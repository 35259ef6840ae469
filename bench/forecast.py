#!/usr/bin/env python3
"""What each method finds on a real task with a prefix reward: forecasts of M4 hourly series.

    bench/forecast.py MAXTS MODEL M4_HOURLY_TRAIN.csv.gz [--windows 24] [--first 1] [--step 17] [--seeds 1]
                      [--rollouts 16] [--tokens 100] [--lambda 20] [--prompt raw|chat] [--jobs 2]
                      [--methods NAME=OPTIONS;...]

Window k is the last 72 values of series H(first + k step), rounded to integers; the model goes on with 24 numbers,
constrained to digits, commas and blanks, under forecast:horizon=24. Prints, for every method, the means over windows
and seeds of the best reward, of the mean reward over rollouts, of the mean over answers by their probability, and of
the positions used; and for each the difference to the first method with its standard error, which is that of the
windows (seeds of one window are averaged first)."""
import argparse
import concurrent.futures
import gzip
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

CONTEXT, HORIZON = 72, 24
METHODS = ("best-of-n=--method best-of-n;smc=--method smc --look-ahead 0;smc+look=--method smc --look-ahead 8;"
           "maxent-ts=--method maxent-ts")


def read_windows(path, first, step, count):
    with gzip.open(path, "rt") as f:
        rows = [line.rstrip("\n").split(",") for line in f][1:]
    rows = [[cell.strip('"') for cell in row] for row in rows]
    out = []
    for i in range(count):
        row = rows[(first - 1 + i * step) % len(rows)]
        values = [round(float(v)) for v in row[1:] if v not in ("", "NA")]
        out.append((row[0], values[-CONTEXT:]))
    return out


def command(a, values, series, options, seed):
    if a.prompt == "raw":
        prompt = ["--raw", "-p", ",".join(map(str, values)) + ","]
    else:
        prompt = ["-p", f"The last {CONTEXT} values of a time series:\n{', '.join(map(str, values))}\n"
                        f"Continue it with the next {HORIZON} values, separated by commas, and nothing else."]
    return [a.maxts, "search", "-m", a.model, *prompt, "--series", series, "-n", str(a.tokens), "--constraint",
            a.constraint,
            "--reward", f"forecast:horizon={HORIZON}", "--lambda", str(a.lam), "--rollouts", str(a.rollouts), "--seed",
            str(seed), "--threads", "1", "--json", *options.split()]


def run(job):
    done = subprocess.run(job, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"forecast: {' '.join(job)}: {done.stderr.strip()}")
    r = json.loads(done.stdout)
    return {"best": r["best"]["reward"], "mean": r["mean_reward"]["rollouts"], "weighted": r["mean_reward"]["answers"],
            "nfe": r["nfe"], "seconds": r["seconds"], "log_z": r["log_z"]}


def mean_se(x):
    return statistics.fmean(x), statistics.stdev(x) / math.sqrt(len(x)) if len(x) > 1 else math.nan


def main():
    p = argparse.ArgumentParser()
    p.add_argument("maxts")
    p.add_argument("model")
    p.add_argument("train")
    p.add_argument("--windows", type=int, default=24)
    p.add_argument("--first", type=int, default=1)
    p.add_argument("--step", type=int, default=17)
    p.add_argument("--seeds", type=int, default=1)
    p.add_argument("--rollouts", type=int, default=16)
    p.add_argument("--tokens", type=int, default=100)
    p.add_argument("--lambda", dest="lam", type=float, default=20)
    p.add_argument("--prompt", choices=("raw", "chat"), default="raw")
    p.add_argument("--constraint", default="[0-9, ]+")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--methods", default=METHODS)
    p.add_argument("--out", help="a file for every run's numbers (JSON)")
    a = p.parse_args()
    methods = [m.split("=", 1) for m in a.methods.split(";")]
    windows = read_windows(a.train, a.first, a.step, a.windows)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        jobs = {}
        for name, values in windows:
            series = pathlib.Path(folder, f"{name}.csv")
            series.write_text("value\n" + "\n".join(map(str, values)) + "\n")
            for method, options in methods:
                for seed in range(1, a.seeds + 1):
                    jobs[method, name, seed] = pool.submit(run, command(a, values, str(series), options, seed))
        got = {key: job.result() for key, job in jobs.items()}
    if a.out:
        pathlib.Path(a.out).write_text(json.dumps([dict(zip(("method", "window", "seed"), k)) | v
                                                   for k, v in got.items()]))
    print(f"{len(windows)} windows from {windows[0][0]}, {a.seeds} seeds, {a.rollouts} rollouts of {a.tokens} tokens, "
          f"lambda {a.lam:g}, "
          f"prompt {a.prompt}")
    base = methods[0][0]
    print(f"{'method':22} {'best':>7} {'mean':>7} {'weighted':>8} {'nfe':>6} {'s':>5}   difference to {base}: best, "
          f"mean, weighted")
    for method, _ in methods:
        row = {f: [statistics.fmean(got[method, w, s][f] for s in range(1, a.seeds + 1)) for w, _ in windows]
               for f in ("best", "mean", "weighted", "nfe", "seconds")}
        ref = {f: [statistics.fmean(got[base, w, s][f] for s in range(1, a.seeds + 1)) for w, _ in windows]
               for f in row}
        text = [f"{m:+.3f} +- {e:.3f}" for m, e in
                (mean_se([x - y for x, y in zip(row[f], ref[f])]) for f in ("best", "mean", "weighted"))]
        m = {f: statistics.fmean(v) for f, v in row.items()}
        print(f"{method:22} {m['best']:7.3f} {m['mean']:7.3f} {m['weighted']:8.3f} {m['nfe']:6.0f} "
              f"{m['seconds']:5.2f}   "
              f"{'  '.join(text)}", flush=True)


if __name__ == "__main__":
    main()
