#!/usr/bin/env python3
"""Trains the small model that reads series and writes it as GGUF: data/series.gguf.

    pip install torch gguf tokenizers numpy
    tools/train_series/train.py --out data/series.gguf [--fred FOLDER] [--mitbih FOLDER]

Series, captions, questions and forecasts are made as it goes, each a function of its number, so that a run that was
stopped goes on where it was: the same command reads CHECKPOINT, which is kept every five minutes and when the run is
told to stop, and continues. --fred is the folder of fedstl.idx and fedstl.bin (Debian's gretl-data), --mitbih one of
MIT-BIH's records; without them the data is made up alone."""
import argparse
import os
import pathlib
import shutil
import signal
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import export
import real
import tasks
from model import AUXILIARY, SIZES, Model, collate, encode
from vocab import Vocab, learn

POOL, POSITIONS = 768, 3000  # samples drawn together; positions of a batch


def batches(source, vocab, seed, pool, patch):
    """The pool's samples in batches of like length."""
    rng = np.random.default_rng([seed, pool])
    samples = [encode(source.sample(rng), vocab, patch) for _ in range(POOL)]
    samples.sort(key=lambda s: (len(s[1]), s[4]))
    made, batch = [], []
    for s in samples:
        if batch and len(s[1]) * (len(batch) + 1) > POSITIONS:
            made.append(batch)
            batch = []
        batch.append(s)
    made.append(batch)
    return [made[i] for i in rng.permutation(len(made))]


def rate(seen, whole):
    """Warm-up, level, and the last 40 % down to 0.03."""
    p = seen / whole
    return min(1.0, seen / 4000 + 0.02) * (1.0 if p < 0.6 else max(0.03, (1 - p) / 0.4))


def losses(model, b, bf16=True):
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        h, extra = model.hidden(b["ids"], b["values"], b["mask"], b["where"])
        at = b["loss"]
        logits = model.logits(h[at]).float()
    want = b["ids"][:, 1:][at[:, :-1]]
    each = F.cross_entropy(logits, want, reduction="none")
    side = torch.zeros(())
    if extra is not None and "targets" in b:
        extra = extra.float()
        side = (4 * F.smooth_l1_loss(extra[:, :AUXILIARY], b["targets"]) +
                F.cross_entropy(extra[:, AUXILIARY:], b["bins"]))
    return each, side, (logits.argmax(-1) == want).float()


def optimisers(model, speed):
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embedding" not in n and "places" not in n
                and "auxiliary" not in n and "patches" not in n]
    held = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in held]
    return [torch.optim.Muon(matrices, lr=0.008 * speed, momentum=0.95, weight_decay=0.02),
            torch.optim.AdamW(rest, lr=0.0012 * speed, betas=(0.9, 0.98), weight_decay=0.0)]


def compiled(model):
    """Blocks and layers as machine code of one piece each, where there is a C++ compiler: half the time of a step."""
    if shutil.which("c++") or shutil.which("g++"):
        for part in [*model.encoder.blocks, *model.layers]:
            part.compile(dynamic=True)
    else:
        print("no C++ compiler: about half as fast", flush=True)


class Run:
    def __init__(self, args):
        self.args = args
        self.source = tasks.Source(real.fred(args.fred) if args.fred else (),
                                   real.heart(args.mitbih) if args.mitbih else ())
        path = pathlib.Path(args.checkpoint)
        state = torch.load(path, weights_only=False) if path.exists() else None
        learnt = state["vocab"] if state else self.learn()
        self.vocab = Vocab(learnt)
        torch.manual_seed(args.seed)
        self.sizes = state["sizes"] if state else dict(SIZES)
        self.model = Model(self.sizes, len(self.vocab.tokens))
        compiled(self.model)
        self.steps = optimisers(self.model, args.speed)
        self.base = [[g["lr"] for g in o.param_groups] for o in self.steps]
        self.seen = self.pool = self.batch = 0
        self.seconds, self.curve, self.stopped = 0.0, [], False
        if state:
            self.model.load_state_dict(state["model"])
            for o, s in zip(self.steps, state["optimisers"]):
                o.load_state_dict(s)
            self.seen, self.pool, self.batch = state["seen"], state["pool"], state["batch"]
            self.seconds, self.curve = state["seconds"], state["curve"]
            print(f"goes on after {self.seen} samples, {self.seconds / 60:.0f} minutes", flush=True)

    def learn(self):
        rng = np.random.default_rng([self.args.seed, 1 << 30])
        texts = []
        for _ in range(4000):
            _, parts, answer = self.source.sample(rng)
            texts += [p for p in parts if isinstance(p, str)] + [answer]
        return learn(texts, self.args.tokens)

    def over(self):
        return self.stopped or self.seen >= self.args.samples or self.seconds >= self.args.hours * 3600

    def stop(self, *_):
        self.stopped = True

    def save(self):
        state = {"model": self.model.state_dict(), "optimisers": [o.state_dict() for o in self.steps],
                 "vocab": {"tokens": self.vocab.tokens, "merges": self.vocab.merges}, "sizes": self.sizes,
                 "seen": self.seen, "pool": self.pool, "batch": self.batch, "seconds": self.seconds,
                 "curve": self.curve, "samples": self.args.samples}
        torch.save(state, self.args.checkpoint + ".part")
        os.replace(self.args.checkpoint + ".part", self.args.checkpoint)

    def step(self, batch):
        b = collate(batch, self.sizes["patch"])
        each, side, right = losses(self.model, b)
        (each.mean() + 0.1 * side).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        now = rate(self.seen, self.args.samples)
        for o, lrs in zip(self.steps, self.base):
            for g, lr in zip(o.param_groups, lrs):
                g["lr"] = lr * now
            o.step()
            o.zero_grad(set_to_none=True)
        kinds = [s[0] for s in batch for _ in range(len(s[1]) - s[2])]
        return each.detach().numpy(), right.numpy(), kinds, float(side.detach())

    def tell(self, sums, side):
        """A line of the log: of each kind nats and the share of right ones among the answers' tokens."""
        line = {"seen": self.seen, "minutes": round(self.seconds / 60, 2), "side": round(side, 3)}
        line.update({k: (round(float(a / n), 4), round(float(r / n), 4)) for k, (a, r, n) in sorted(sums.items())})
        self.curve.append(line)
        print(line, flush=True)

    def train(self):
        sums, side, steps, last, saved = {}, 0.0, 0, time.time(), time.time()
        while not self.over():
            made = batches(self.source, self.vocab, self.args.seed, self.pool, self.sizes["patch"])
            while self.batch < len(made):
                each, right, kinds, extra = self.step(made[self.batch])
                self.seen += len(made[self.batch])
                self.batch += 1
                steps += 1
                side += extra
                for k in set(kinds):
                    at = [i for i, x in enumerate(kinds) if x == k]
                    s = sums.setdefault(k, [0.0, 0.0, 0])
                    s[0], s[1], s[2] = s[0] + each[at].sum(), s[1] + right[at].sum(), s[2] + len(at)
                now = time.time()
                self.seconds, last = self.seconds + now - last, now
                if steps % self.args.every == 0:
                    self.tell(sums, side / self.args.every)
                    sums, side = {}, 0.0
                if now - saved > 300:
                    self.save()
                    saved = time.time()
                if self.over():
                    break
            if self.batch >= len(made):
                self.pool, self.batch = self.pool + 1, 0
        self.save()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", required=True, help="the GGUF file, Q8_0")
    p.add_argument("--checkpoint", help="default: OUT with .pt behind it")
    p.add_argument("--fred")
    p.add_argument("--mitbih")
    p.add_argument("--samples", type=int, default=200000)
    p.add_argument("--hours", type=float, default=3.0, help="stop then at the latest")
    p.add_argument("--tokens", type=int, default=1536)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--speed", type=float, default=1.0, help="times the learning rates")
    p.add_argument("--every", type=int, default=200, help="steps between lines of the log")
    args = p.parse_args()
    args.checkpoint = args.checkpoint or args.out + ".pt"
    run = Run(args)
    print(f"{sum(x.numel() for x in run.model.parameters())} weights, {len(run.vocab.tokens)} tokens, "
          f"{torch.get_num_threads()} threads", flush=True)
    signal.signal(signal.SIGTERM, run.stop)
    signal.signal(signal.SIGINT, run.stop)
    run.train()
    size = export.write(run.model.eval(), run.vocab, args.out, "q8_0")
    print(f"{args.out}: {size} bytes after {run.seen} samples and {run.seconds / 3600:.2f} hours")


if __name__ == "__main__":
    sys.exit(main())
