#!/usr/bin/env python3
"""What the small model can: `maxts eval` on series that were made up for this alone, and on what data/ ships.

    tools/train_series/evaluate.py MAXTS series.gguf [-n 100] [--checkpoint series.gguf.pt] [--method greedy]

Statements are judged by maxts's own checker. Questions that maxts asks in another form than the model was taught (ECG,
lettered options) are put in PyTorch, from the checkpoint: the option of largest probability."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import bodies
import tasks
from features import Features

DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "data"
SEED = 1 << 28


def listed(x):
    return '"[' + ", ".join(f"{v:.6g}" for v in x) + ']"'


def rng_of(kind):
    return np.random.default_rng([SEED, *kind.encode()])


def captions(folder, n):
    rng, source, rows = rng_of("m4"), tasks.Source(), []
    while len(rows) < n:
        rows.append(f"s{len(rows)}," + listed(source.values(rng)))
    return ["m4", "--data", put(folder, "m4.csv", "id,series", rows), "--constraint", "none", "-n", "160"]


def activities(folder, n):
    rng, rows = rng_of("har"), []
    while len(rows) < n:
        x, options, right, _ = bodies.activity(rng)
        if all(o in bodies.NAMES for o in options):
            rows.append(options[right] + "," + ",".join(listed(c) for c in x))
    return ["har", "--data", put(folder, "har.csv", "label,x_axis,y_axis,z_axis", rows)]


def nights(folder, n):
    rng, rows = rng_of("sleep"), []
    while len(rows) < n:
        x, stage, _ = bodies.sleep(rng)
        rows.append(listed(x) + "," + bodies.STAGES[stage])
    return ["sleep", "--data", put(folder, "sleep.csv", "time_series,label", rows)]


def questions(folder, n):
    rng, source, rows = rng_of("tsqa"), tasks.Source(), []
    while len(rows) < n:
        x = source.values(rng)
        made = tasks.question(rng, Features(x))
        if not made or len(made[1]) != 3:
            continue
        text, options, right, task = made
        order = rng.permutation(3)
        said = [f"({'abc'[i]}) {options[k]}" for i, k in enumerate(order)]
        rows.append(listed(x) + f',"{text} {said[0]}, {said[1]} or {said[2]}?",'
                    f'"{said[list(order).index(right)]}",{task}')
    return ["tsqa", "--data", put(folder, "tsqa.csv", "Series,Question,Answer,Task", rows)]


def futures(folder, n):
    rng, past, come = rng_of("forecast"), [], []
    while len(past) < n:
        _, parts, answer = tasks.forecast(rng)
        future = answer.split(", ")
        if len(future) != 12 or len(parts) != 1:
            continue
        past.append(f"H{len(past)}," + listed(map(float, parts[0].split("\n")[1].split(", "))))
        come.append(f"H{len(come)}," + listed(map(float, future)))
    return ["forecast", "--data", put(folder, "past.csv", "id,series", past), "--more",
            put(folder, "future.csv", "id,series", come), "--horizon", "12"]


def put(folder, name, head, rows):
    path = pathlib.Path(folder) / name
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(path)


SHIPPED = {
    "m4 of data/": ["m4", "--data", f"{DATA}/m4.csv", "--constraint", "none", "-n", "160"],
    "har of data/ (exercises it never saw)": ["har", "--data", f"{DATA}/har.csv"],
    "forecast of data/": ["forecast", "--data", f"{DATA}/forecast_past.csv", "--more", f"{DATA}/forecast_future.csv",
                          "--horizon", "12"],
}


def run(args, folder, name, stage):
    out = pathlib.Path(folder) / "run.jsonl"
    out.unlink(missing_ok=True)
    done = subprocess.run([args.maxts, "eval", "-m", args.model, "--stage", *stage, "--method", args.method, "--out",
                           str(out), "--samples", str(args.n)], capture_output=True, text=True)
    if done.returncode:
        print(f"{name}: {done.stderr.strip().splitlines()[-1]}")
        return
    records = [json.loads(s) for s in out.read_text(encoding="utf-8").splitlines()[1:]]
    scores, said = [r["scores"] for r in records], f"{name}: {len(records)} samples"
    if stage[0] == "m4":
        claims, true = sum(s["claims"] for s in scores), np.array([s["claims_true"] for s in scores])
        said += (f", {true.mean():.2f} true statements a caption ({np.mean(true >= 4):.2f} of captions have four), "
                 f"{true.sum() / max(claims, 1):.3f} of all true")
    elif stage[0] == "forecast":
        said += f", sMAPE {np.mean([s['smape'] for s in scores]):.2f}"
    else:
        said += f", accuracy {np.mean([bool(r['correct']) for r in records]):.3f}"
    print(said + f", {np.mean([r['seconds'] for r in records]):.3f} s each", flush=True)


def in_torch(args):
    import torch

    from check_export import load
    from model import collate, encode
    from train import losses
    model, vocab, _ = load(args.checkpoint)
    source = tasks.Source()
    for kind in ("ecg", "choice"):
        rng, right, count = rng_of(kind), 0, 0
        while count < args.n:
            _, parts, answer = source.sample(rng, kind)
            true = answer[answer.rfind("Answer:"):] if "Answer:" in answer else answer[:3]
            options = [f"Answer: {w}" for w in (bodies.RHYTHMS if "rhythm" in parts[-1] else ("yes", "no"))]
            if kind == "choice":
                options = ([f"({c})" for c in "abc"] if "Answer:" not in answer else
                           [f"Answer: {c}" for c in "ABCDEF" if f"\n{c}) " in parts[-1]])
            score = []
            for option in options:
                b = collate([encode((kind, parts, option), vocab, model.c["patch"])], model.c["patch"], False)
                with torch.no_grad():
                    score.append(-float(losses(model, b, False)[0].sum()))
            right += options[int(np.argmax(score))] == true
            count += 1
        print(f"{kind}, options compared in PyTorch: {count} samples, accuracy {right / count:.3f}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("maxts")
    p.add_argument("model")
    p.add_argument("-n", type=int, default=100)
    p.add_argument("--method", default="greedy")
    p.add_argument("--checkpoint")
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, make in (("captions", captions), ("activities", activities), ("nights", nights),
                           ("questions", questions), ("futures", futures)):
            run(args, folder, name, make(folder, args.n))
        for name, stage in SHIPPED.items():
            run(args, folder, name, stage)
    if args.checkpoint:
        in_torch(args)


if __name__ == "__main__":
    sys.exit(main())
