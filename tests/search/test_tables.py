#!/usr/bin/env python3
"""Estimates and intervals on random tables: `test_tables.py [RUNS [TABLE...]]`, those of random_tables.py and TABLEs.

Z^ is unbiased at a fixed budget: the mean of RUNS searches is within 4 standard errors of Z on every table, which a
right one of some hundred means is not once in 200 times. At lambda 3 the z have so long a tail that a mean of few
searches has not met it, nor has its error: from FEW runs on all count, below it lambda 1 alone. The intervals hold the
truth in between 92 and 98 of a hundred searches of 30 and of 100 rollouts, as a mean over the tables, and at lambda 3,
where one rare text may be most of Z, in at least 89; and the texts' distribution comes nearer with every budget."""
import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from program import PROGRAM, check, run  # noqa: E402

import random_tables  # noqa: E402

ROLLOUTS = (10, 30, 100)
LAMBDAS = (1, 3)
FEW, FAR = 10000, 4


def tables(folder, others):
    for kind in random_tables.KINDS:
        path = os.path.join(folder, f"{kind}.json")
        with open(path, "w") as out:
            json.dump(random_tables.table(kind, 1), out)
        yield path
    yield from others


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    cells = {(n, lam): [] for n in ROLLOUTS for lam in LAMBDAS}
    with tempfile.TemporaryDirectory() as folder:
        for path in tables(folder, sys.argv[2:]):
            for n, lam in cells:
                done = run("verify", "-m", path, "--lambda", lam, "--rollouts", n, "--runs", runs, "--seed", 7)
                check(done.returncode == 0, done.stderr.decode())
                v = json.loads(done.stdout)
                off = (v["z_ratio_mean"] - 1) / v["z_ratio_se"] if v["z_ratio_se"] > 0 else 0.0
                name = f"{pathlib.Path(path).stem} lambda {lam}, {n} rollouts"
                print(f"{name}: Z^/Z {v['z_ratio_mean']:.4f}, {off:+.2f} SE; TV {v['tv_mean']:.3f}; "
                      f"coverage {v['coverage']:.3f}", flush=True)
                cells[n, lam].append((abs(off), v["tv_mean"], v["coverage"], name))
    every = [cell for (n, lam), group in cells.items() if runs >= FEW or lam == 1 for cell in group]
    print(f"largest deviation {max(every)[0]:.2f} SE: {max(every)[3]}; beyond 3: {sum(c[0] > 3 for c in every)} of "
          f"{len(every)}")
    for n in ROLLOUTS:
        group = [cell for lam in LAMBDAS for cell in cells[n, lam]]
        covered = sum(cell[2] for cell in group) / len(group)
        print(f"{n} rollouts: coverage {covered:.3f}")
        check(n < 30 or 0.92 <= covered <= 0.98, f"{n} rollouts: intervals hold Z in {covered:.3f}")
        tilted = sum(cell[2] for cell in cells[n, 3]) / len(cells[n, 3])
        check(n < 30 or tilted >= 0.89, f"{n} rollouts, lambda 3: intervals hold Z in {tilted:.3f}")
    for lam in LAMBDAS:
        means = [sum(c[1] for c in cells[n, lam]) / len(cells[n, lam]) for n in ROLLOUTS]
        check(means == sorted(means, reverse=True), f"lambda {lam}: total variation does not fall: {means}")
    check(max(every)[0] <= FAR, f"Z^ is {max(every)[0]:.2f} standard errors from Z: {max(every)[3]}")


if __name__ == "__main__":
    main()
