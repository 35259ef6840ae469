#!/usr/bin/env python3
"""A checkpoint against maxts: writes NAME.gguf (fp32) and NAME.json with what PyTorch computes of a few prompts and
their answers, which `test_opentslm NAME` compares at every position to 1e-4; and NAME-q8_0.gguf, NAME-q4_0.gguf with
what their rounding costs in nats a token.

    tools/train_series/check_export.py CHECKPOINT NAME && build/tests/encoder/test_opentslm NAME"""
import json
import sys

import gguf
import numpy as np
import torch

import export
import tasks
from model import Model, collate, encode
from train import losses
from vocab import Vocab

KINDS = ("caption", "ask", "choice", "har", "sleep", "ecg", "forecast")


def load(path):
    state = torch.load(path, weights_only=False)
    vocab = Vocab(state["vocab"])
    model = Model(state["sizes"], len(vocab.tokens))
    model.load_state_dict(state["model"])
    return model.eval(), vocab, state


def held_out(vocab, patch, kind, count, seed=77):
    source, rng = tasks.Source(), np.random.default_rng([seed, 1 << 29])
    return [encode(source.sample(rng, None if kind == "ask" else kind), vocab, patch) for _ in range(count)]


def cases(model, vocab):
    source, rng = tasks.Source(), np.random.default_rng(3)
    ids = sorted(rng.choice(len(vocab.tokens), 8, replace=False).tolist())
    made = []
    for kind in ("caption", "choice", "har", "forecast"):
        sample = source.sample(rng, kind)
        _, tokens, _, _, rows = encode(sample, vocab, model.c["patch"])
        tokens = tokens[:-1]  # the test has no end token in a text
        with torch.no_grad():
            b = collate([(kind, tokens, 1, [p for p in sample[1] if not isinstance(p, str)], rows)], model.c["patch"])
            h, _ = model.hidden(b["ids"], b["values"], b["mask"], b["where"])
            logp = torch.log_softmax(model.logits(h)[0].double(), -1).numpy()
        parts = [{"text": p} if isinstance(p, str) else {"values": [float(f"{v:.9g}") for v in p]} for p in sample[1]]
        made.append({"parts": [*parts, {"text": sample[2]}], "tokens": tokens,
                     "logprobs": [[float(f"{v:.7g}") for v in row[ids]] for row in logp]})
    return {"ids": ids, "cases": made}


def rounded(model, kind):
    """The same model with its matrices as a file of this kind holds them."""
    import copy
    other = copy.deepcopy(model)
    for name, tensor in export.tensors(other):
        array, of = export.stored(name, np.ascontiguousarray(tensor.detach().numpy()), export.KINDS[kind])
        if of != export.KINDS["f32"]:
            tensor.data = torch.from_numpy(gguf.quants.dequantize(array, of).astype(np.float32))
    return other


def main():
    model, vocab, _ = load(sys.argv[1])
    name = sys.argv[2]
    export.write(model, vocab, name + ".gguf", "f32")
    json.dump({"model": name + ".gguf", **cases(model, vocab)}, open(name + ".json", "w", encoding="utf-8"))
    samples = held_out(vocab, model.c["patch"], None, 48)
    for kind in ("f32", "q8_0", "q4_0"):
        size = export.write(model, vocab, f"{name}-{kind}.gguf", kind) if kind != "f32" else 0
        m = model if kind == "f32" else rounded(model, kind)
        with torch.no_grad():
            each = torch.cat([losses(m, collate([s], m.c["patch"], False), False)[0] for s in samples])
        print(f"{kind}: {each.mean():.4f} nats a token of answers" + (f", {size} bytes" if size else ""))


if __name__ == "__main__":
    sys.exit(main())
