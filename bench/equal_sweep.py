#!/usr/bin/env python3
"""What every method finds of pi* at equal positions, all with the same look at the ends of texts.

    bench/equal_sweep.py MAXTS TABLE... [--positions 25,60,150] [--lambda 3] [--runs 10] [--methods ...]

MaxEnt-TS has the likeliest finished continuations of each position that it evaluates scored (`--sweep`), which costs
rewards and no positions; other methods leave them. Here all have the same: of each search's trace, all prefixes that it
evaluated are swept as MaxEnt-TS sweeps (the 16 likeliest finished children of p >= 2^-10), and what is found is these
texts and those that it had scored itself. Weighted exactly, as p exp(lambda r) allows for known texts, they are within
1 - found of pi* in total variation. A method that draws has rollouts as long as positions last, one of a population
the largest that needs no more positions in the mean over its runs.

For each method and budget: the share of pi* found with the sweep, without it, and the rewards that either asked."""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import tempfile

METHODS = ["sample", "beam", "stochastic-beam", "metropolis", "smc", "mcts", "dts", "dts-star", "cars", "maxent-ts"]
POPULATIONS = {"beam", "stochastic-beam", "smc"}
SWEEP, LEAST = 16, -10 * math.log(2)


class Table:
    def __init__(self, path, lam):
        self.path = path
        told = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.steps, self.eos = told["max_tokens"], told.get("eos")
        self.prior = {key(k): [math.log(p) if p > 0 else -math.inf for p in ps] for k, ps in told["prior"].items()}
        logs = {}
        for text, reward in told["reward"].items():
            x = key(text)
            logs[x] = -math.inf if reward is None else self.logp(x) + lam * reward
        top = max(logs.values())
        z = sum(math.exp(v - top) for v in logs.values())
        self.target = {x: math.exp(v - top) / z for x, v in logs.items()}

    def logp(self, x):
        return sum(self.prior[x[:i]][a] for i, a in enumerate(x))

    def swept(self, prefix):
        """The finished children of an evaluated prefix that a sweep has scored."""
        logp = self.prior[prefix]
        order = sorted(range(len(logp)), key=lambda a: (-logp[a], a))
        ends = [a for a in order if logp[a] >= LEAST and (a == self.eos or len(prefix) + 1 == self.steps)]
        return [prefix + (a,) for a in ends[:SWEEP]]


def key(text):
    return tuple(int(a) for a in text.split(",")) if text else ()


def search(a, table, method, positions, rollouts, seed):
    """Positions, the texts that were scored, and the prefixes that were evaluated."""
    with tempfile.NamedTemporaryFile() as trace:
        limit = [] if method in POPULATIONS else ["--nfe", str(positions)]
        command = [a.maxts, "search", "-m", table.path, "--json", "--method", method, "--lambda", str(a.lam),
                   "--rollouts", str(rollouts), *limit, "--seed", str(seed), "--trace", trace.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
        scored, evaluated = set(), set()
        for line in pathlib.Path(trace.name).read_bytes().splitlines():
            if line.startswith((b'{"reward":', b'{"prior":')):
                told = json.loads(line)
                if "prior" in told:
                    evaluated.add(tuple(told["prior"]))
                elif told["finished"]:
                    scored.add(tuple(told["reward"]))
    return json.loads(done.stdout)["nfe"], scored, evaluated


def runs(a, table, method, positions):
    """All runs of a method with about so many positions."""
    def of(size):
        return [search(a, table, method, positions, size, seed) for seed in range(a.runs)]
    if method not in POPULATIONS:
        return of(20 * positions)
    size, best = 1, of(1)
    while statistics.fmean(r[0] for r in best) < positions:
        step = max(1, size // 8)
        more = of(size + step)
        if statistics.fmean(r[0] for r in more) > positions:
            break
        size, best = size + step, more
    return best


def measure(a, table, method, positions):
    rows = []
    for nfe, scored, evaluated in runs(a, table, method, positions):
        swept = scored | {x for prefix in evaluated for x in table.swept(prefix)}
        rows.append((sum(table.target[x] for x in swept), sum(table.target[x] for x in scored), len(swept), len(scored),
                     nfe))
    return [statistics.fmean(column) for column in zip(*rows)]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("maxts")
    p.add_argument("tables", nargs="+")
    p.add_argument("--positions", default="25,60,150")
    p.add_argument("--lambda", dest="lam", type=float, default=3)
    p.add_argument("--runs", type=int, default=10)
    p.add_argument("--methods", default=",".join(METHODS))
    a = p.parse_args()
    tables = [Table(path, a.lam) for path in a.tables]
    budgets = [int(n) for n in a.positions.split(",")]
    print("| method | " + " | ".join(f"{n}: swept, own; rewards" for n in budgets) + " |")
    print("|---|" + "---|" * len(budgets))
    for method in a.methods.split(","):
        cells = []
        for n in budgets:
            found = [measure(a, table, method, n) for table in tables]
            swept, own, asked, asked_own, nfe = (statistics.fmean(column) for column in zip(*found))
            cells.append(f"{swept:.3f}, {own:.3f}; {asked:.0f}, {asked_own:.0f} ({nfe:.0f})")
        print(f"| {method} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
