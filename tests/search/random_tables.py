#!/usr/bin/env python3
"""Random tables of sixteen kinds: `random_tables.py DIRECTORY [SEEDS [FIRST]]` writes KIND-SEED.json for each.

Kinds differ in what makes a text good and in how the model is spread; each asks something else of a search: rewards
made of tokens at their places, of prefixes, of neighbours, of the first or the last token alone, of no parts at all;
rare or forbidden texts; texts of different lengths; peaked and flat priors; rewards that go against the model."""

import json
import math
import os
import random
import sys


class Kind:
    def __init__(self, reward, vocab=6, steps=4, eos=None, peak=1.0, spread=1.0):
        self.reward, self.vocab, self.steps, self.eos = reward, vocab, steps, eos
        self.peak, self.spread = peak, spread


class World:
    """Normal numbers by key: the same effect wherever it is asked for."""

    def __init__(self, rng):
        self.rng, self.known = rng, {}

    def normal(self, *key):
        if key not in self.known:
            self.known[key] = self.rng.gauss(0, 1)
        return self.known[key]


def additive(w, x, logp):
    return sum(w.normal("t", i, a) for i, a in enumerate(x)) / math.sqrt(len(x))


def prefixes(w, x, logp):
    return sum(w.normal("p", x[: i + 1]) for i in range(len(x))) / math.sqrt(len(x))


def pairs(w, x, logp):
    return sum(w.normal("n", a, b) for a, b in zip(x, x[1:])) / math.sqrt(max(len(x) - 1, 1))


def first(w, x, logp):
    return w.normal("f", x[0]) + 0.1 * w.normal("x", x)


def last(w, x, logp):
    return w.normal("l", x[-1]) + 0.1 * w.normal("x", x)


def lone(w, x, logp):
    return w.normal("x", x)


def mixed(w, x, logp):
    return 0.6 * additive(w, x, logp) + 0.5 * prefixes(w, x, logp) + 0.6 * lone(w, x, logp)


def jackpot(w, x, logp):
    return 3.0 if w.normal("x", x) > 2.2 else 0.2 * w.normal("y", x)


def holes(w, x, logp):
    return None if w.normal("h", x) > 0 else additive(w, x, logp)


def barren(w, x, logp):
    return None if w.normal("h", x) < 1.5 else additive(w, x, logp)


def matches(w, x, logp):
    return 1.0 if sum(a in (1, 2) for a in x) * 2 > len(x) else 0.0


def count(w, x, logp):
    return sum(a == 1 for a in x) - len(x) / 2


def against(w, x, logp):
    return -0.4 * logp / 2 + 0.5 * w.normal("x", x)


def length(w, x, logp):
    return 0.5 * len(x) + 0.5 * w.normal("x", x)


KINDS = {
    "additive": Kind(additive),
    "prefixes": Kind(prefixes),
    "pairs": Kind(pairs),
    "first": Kind(first),
    "last": Kind(last),
    "lone": Kind(lone),
    "mixed": Kind(mixed, vocab=4, steps=5),
    "jackpot": Kind(jackpot),
    "holes": Kind(holes),
    "barren": Kind(barren),
    "matches": Kind(matches, vocab=4, steps=6, peak=1.5),
    "count": Kind(count, vocab=3, steps=7),
    "against": Kind(against, peak=1.5),
    "length": Kind(length, vocab=4, steps=6, eos=0),
    "ends": Kind(mixed, vocab=5, steps=5, eos=0, peak=0.7),
    "flat": Kind(mixed, vocab=8, steps=4, peak=0.2),
}


def table(kind, seed):
    rng = random.Random(f"{kind}-{seed}")
    k, world, prior, reward = KINDS[kind], World(rng), {}, {}

    def below(x, logp):
        weights = [math.exp(k.peak * rng.gauss(0, 1)) for _ in range(k.vocab)]
        p = [w / sum(weights) for w in weights]
        prior[",".join(map(str, x))] = p
        for a in range(k.vocab):
            y, q = x + (a,), logp + math.log(p[a])
            if a == k.eos or len(y) == k.steps:
                r = k.reward(world, y, q)
                reward[",".join(map(str, y))] = None if r is None else k.spread * r
            else:
                below(y, q)

    below((), 0.0)
    return {"vocab_size": k.vocab, "max_tokens": k.steps, "eos": k.eos, "prior": prior, "reward": reward}


def main():
    where = sys.argv[1]
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    start = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    os.makedirs(where, exist_ok=True)
    for kind in KINDS:
        for seed in range(start, start + seeds):
            with open(os.path.join(where, f"{kind}-{seed}.json"), "w") as out:
                json.dump(table(kind, seed), out)


if __name__ == "__main__":
    main()
