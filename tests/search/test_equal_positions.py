#!/usr/bin/env python3
"""What best-first rollouts bring: `test_equal_positions.py [RUNS [SEEDS [FIRST]]]`, on the tables of random_tables.py.

The total variation of the default search over that of one whose rollouts are all drawn (`--best-first 0`), at equal
positions, as a mean over the kinds of tables at lambda 3. The search compared has as many rollouts as need at most the
positions of the other's: it is a little worse off for that."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from program import check, run  # noqa: E402

import random_tables  # noqa: E402

BOUNDS = {10: 0.98, 30: 0.85, 100: 0.85}


def verify(path, rollouts, runs, *options):
    done = run("verify", "-m", path, "--lambda", 3, "--rollouts", rollouts, "--runs", runs, "--seed", 1, *options)
    check(done.returncode == 0, done.stderr.decode())
    return json.loads(done.stdout)


def at_most(path, positions, start, runs):
    """The search of the most rollouts that need at most so many positions."""
    count, best = start, verify(path, start, runs)
    while best["nfe_mean"] > positions:
        count -= 1
        best = verify(path, count, runs)
    while True:
        step = max(1, int(0.7 * count * (positions / best["nfe_mean"] - 1)))
        more = verify(path, count + step, runs)
        if more["nfe_mean"] > positions or more["nfe_mean"] == best["nfe_mean"]:
            if step == 1 or more["nfe_mean"] == best["nfe_mean"]:
                return best
            more = verify(path, count + 1, runs)
            if more["nfe_mean"] > positions:
                return best
            step = 1
        count, best = count + step, more


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    with tempfile.TemporaryDirectory() as folder:
        sums = {n: [0.0, 0.0] for n in BOUNDS}
        for kind in random_tables.KINDS:
            for seed in range(first, first + seeds):
                path = os.path.join(folder, f"{kind}-{seed}.json")
                with open(path, "w") as out:
                    json.dump(random_tables.table(kind, seed), out)
                for n in BOUNDS:
                    drawn = verify(path, n, runs, "--best-first", 0)
                    ours = at_most(path, drawn["nfe_mean"], n, runs)
                    print(f"{kind}-{seed} {n}: {drawn['tv_mean']:.3f}, best-first {ours['tv_mean']:.3f}", flush=True)
                    sums[n][0] += ours["tv_mean"]
                    sums[n][1] += drawn["tv_mean"]
    for n, (ours, drawn) in sums.items():
        print(f"{n} rollouts: x {ours / drawn:.3f}")
        check(ours <= BOUNDS[n] * drawn, f"{n} rollouts: total variation is {ours / drawn:.3f} of that of all drawn")


if __name__ == "__main__":
    main()
