#!/usr/bin/env python3
"""The mean of Z^ against Z on tables, to be stopped and taken up: `unbiased.py MAXTS JOURNAL [TABLE...] [options]`.

    tests/search/random_tables.py's sixteen kinds (seed 1) and the TABLEs, by `maxts verify`, PIECE searches at a time,
    every table and budget in turn, so that wherever it is stopped all have about as many. Each piece is a line of
    JOURNAL and is not run again. With --runs 0 the journal is summed up alone: per cell the mean of Z^/Z, how many of
    its standard errors it is off by, total variation, and how many intervals held Z; then the cells beyond 3, and
    coverage with its standard error over tables. Pieces have seeds of their own, from FIRST on."""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "search"))
import random_tables  # noqa: E402

PIECE, FIRST = 2000, 1000000


def numbers(text):
    return [int(n) for n in text.split(",")]


def read(journal):
    pieces = {}
    if os.path.exists(journal):
        for line in open(journal):
            p = json.loads(line)
            pieces[p["table"], p["lambda"], p["rollouts"], p["piece"]] = p
    return pieces


def one(maxts, path, name, lam, rollouts, piece, out):
    done = subprocess.run([maxts, "verify", "-m", path, "--lambda", str(lam), "--rollouts", str(rollouts), "--runs",
                           str(PIECE), "--seed", str(FIRST + piece * PIECE)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    v = json.loads(done.stdout)
    line = {"table": name, "lambda": lam, "rollouts": rollouts, "piece": piece,
            **{k: v[k] for k in ("runs", "z_ratio_mean", "z_ratio_se", "tv_mean", "nfe_mean", "coverage")}}
    out.write(json.dumps(line) + "\n")
    out.flush()
    return line


def pooled(pieces):
    """Runs, mean, its standard error, total variation, coverage."""
    n = sum(p["runs"] for p in pieces)
    mean = sum(p["runs"] * p["z_ratio_mean"] for p in pieces) / n
    squares = sum(p["z_ratio_se"] ** 2 * p["runs"] * (p["runs"] - 1) + p["runs"] * (p["z_ratio_mean"] - mean) ** 2
                  for p in pieces)
    return n, mean, math.sqrt(squares / n / (n - 1)), *(sum(p["runs"] * p[k] for p in pieces) / n
                                                        for k in ("tv_mean", "coverage"))


def sum_up(pieces):
    cells, offs, covered = {}, [], {}
    for (table, lam, rollouts, _), p in pieces.items():
        cells.setdefault((rollouts, lam, table), []).append(p)
    for (rollouts, lam, table), some in sorted(cells.items()):
        n, mean, se, tv, coverage = pooled(some)
        off = (mean - 1) / se if se > 0 else 0.0
        offs.append((abs(off), f"{table} lambda {lam}, {rollouts} rollouts"))
        covered.setdefault((rollouts, f"lambda {lam}"), {}).setdefault(table, []).append(coverage)
        covered.setdefault((rollouts, "all"), {}).setdefault(table, []).append(coverage)
        print(f"{rollouts} rollouts, lambda {lam}, {table}: {n} searches, Z^/Z {mean:.5f} +- {se:.5f}, {off:+.2f} SE; "
              f"TV {tv:.4f}; coverage {coverage:.4f}")
    for (rollouts, of), tables in sorted(covered.items()):
        each = [sum(c) / len(c) for c in tables.values()]
        mean = sum(each) / len(each)
        spread = math.sqrt(sum((c - mean) ** 2 for c in each) / max(len(each) - 1, 1) / len(each))
        print(f"{rollouts} rollouts, {of}: coverage {mean:.4f} +- {spread:.4f} over {len(each)} tables")
    if offs:
        print(f"largest deviation {max(offs)[0]:.2f} SE: {max(offs)[1]}; beyond 3: {sum(o > 3 for o, _ in offs)}, "
              f"beyond 2: {sum(o > 2 for o, _ in offs)} of {len(offs)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maxts")
    parser.add_argument("journal")
    parser.add_argument("tables", nargs="*", metavar="TABLE")
    parser.add_argument("--rollouts", type=numbers, default=[10, 30, 100])
    parser.add_argument("--lambdas", type=numbers, default=[1, 3])
    parser.add_argument("--runs", type=int, default=40000)
    parser.add_argument("--kinds", type=int, default=1, help="tables of each random kind (0: none)")
    args = parser.parse_intermixed_args()
    pieces = read(args.journal)
    with tempfile.TemporaryDirectory() as folder, open(args.journal, "a") as out:
        tables = {pathlib.Path(path).stem: path for path in args.tables}
        for seed in range(1, args.kinds + 1):
            for kind in random_tables.KINDS:
                name = f"{kind}-{seed}"
                tables[name] = os.path.join(folder, f"{name}.json")
                with open(tables[name], "w") as file:
                    json.dump(random_tables.table(kind, seed), file)
        for piece in range(-(-args.runs // PIECE)):
            for rollouts in args.rollouts:
                for lam in args.lambdas:
                    for name, path in tables.items():
                        key = name, lam, rollouts, piece
                        if key not in pieces:
                            pieces[key] = one(args.maxts, path, *key, out)
    sum_up(pieces)


if __name__ == "__main__":
    main()
