#!/usr/bin/env python3
"""ik_llama.cpp as the wheel `ik-llama-cpp-python` has it (AVX2 without VNNI), asked for the work of peer.py's `speed`.

    ik.py speed MODEL [--threads 2] [--prefill 512] [--prompt 434] [--tokens 50] [--sequences 1,10,32] [--repeat 5]
                [--only JSON]

Run by a Python that has the wheel. Prints the JSON of peer.py; each figure is the best of four variants: weights
repacked when they are loaded or not, flash attention on or off; --only {"prefill 512": VARIANT, ...}: these alone."""
import argparse
import ctypes
import importlib.metadata
import itertools
import json
import os
import random
import resource
import statistics
import time

import ik_llama_cpp._ctypes_api as C
from ik_llama_cpp import _lib_loader

LIB = _lib_loader.load_shared_library()
LIB.llama_kv_cache_seq_cp.argtypes = [ctypes.c_void_p] + [ctypes.c_int32] * 4
LIB.llama_kv_cache_seq_rm.argtypes = [ctypes.c_void_p] + [ctypes.c_int32] * 3
LIB.llama_kv_cache_seq_rm.restype = ctypes.c_bool
BATCH = 512


def fixed_tokens(n, vocab, seed):
    r = random.Random(seed)
    return [r.randrange(vocab) for _ in range(n)]


def load(path, repack):
    p = C.llama_model_default_params()
    p.repack_tensors = repack
    model = C.llama_model_load_from_file(os.fsencode(path), p)
    if not model:
        raise SystemExit(f"peer: {path}: ik_llama.cpp cannot load it")
    return model


class Context:
    def __init__(self, model, threads, tokens, sequences, flash):
        p = C.llama_context_default_params()
        p.n_ctx, p.n_batch, p.n_ubatch, p.n_seq_max = tokens, BATCH, BATCH, sequences
        p.n_threads = p.n_threads_batch = threads
        p.flash_attn = flash
        self.context = C.llama_init_from_model(model, p)
        if not self.context:
            raise SystemExit(f"peer: no context of {tokens} tokens")
        self.batch = C.llama_batch_init(BATCH, 0, 1)

    def close(self):
        C.llama_batch_free(self.batch)
        C.llama_free(self.context)

    def decode(self, entries):
        """entries: (sequence, position, token, wants logits) each."""
        b = self.batch
        b.n_tokens = len(entries)
        for i, (seq, pos, token, wants) in enumerate(entries):
            b.token[i], b.pos[i], b.n_seq_id[i], b.logits[i] = token, pos, 1, wants
            b.seq_id[i][0] = seq
        if C.llama_decode(self.context, b) != 0:
            raise SystemExit("peer: llama_decode failed")

    def prefill(self, tokens):
        for at in range(0, len(tokens), BATCH):
            part = tokens[at:at + BATCH]
            self.decode([(0, at + i, t, at + i == len(tokens) - 1) for i, t in enumerate(part)])


def time_prefill(model, vocab, a, flash):
    c, tokens, times = Context(model, a.threads, a.prefill, 1, flash), fixed_tokens(a.prefill, vocab, 1), []
    for _ in range(a.repeat + 1):  # the first one warms up
        C.llama_kv_cache_clear(c.context)
        start = time.perf_counter()
        c.prefill(tokens)
        C.llama_get_logits_ith(c.context, (len(tokens) - 1) % BATCH)
        times.append(time.perf_counter() - start)
    c.close()
    return a.prefill / statistics.median(times[1:])


def time_decode(model, vocab, a, n, flash):
    c = Context(model, a.threads, a.prompt + (n + 1) * (a.tokens + 1), n + 1, flash)
    tokens, times = fixed_tokens(n * a.tokens, vocab, 2), []
    c.prefill(fixed_tokens(a.prompt, vocab, 1))
    for _ in range(a.repeat + 1):
        for s in range(1, n + 1):
            LIB.llama_kv_cache_seq_rm(c.context, s, -1, -1)
            LIB.llama_kv_cache_seq_cp(c.context, 0, s, -1, -1)
        start = time.perf_counter()
        for t in range(a.tokens):
            c.decode([(s, a.prompt + t, tokens[t * n + s - 1], True) for s in range(1, n + 1)])
            C.llama_get_logits_ith(c.context, n - 1)
        times.append(time.perf_counter() - start)
    c.close()
    return n * a.tokens / statistics.median(times[1:])


def best(rates):
    top = max(rates, key=rates.get)
    return {"tok_per_s": rates[top], "variant": top, "all": {v: round(t, 2) for v, t in rates.items()}}


def measure(a):
    only, rates = json.loads(a.only), {}
    works = [f"prefill {a.prefill}"] + [f"decode {n}" for n in a.sequences.split(",")]
    for repack, flash in itertools.product((True, False), (True, False)):
        name = f"{'repacked' if repack else 'as it lies'}, flash attention {'on' if flash else 'off'}"
        mine = [w for w in works if not only or only.get(w) == name]
        model = load(a.model, repack) if mine else None
        vocab = C.llama_vocab_n_tokens(C.llama_model_get_vocab(model)) if mine else 0
        for what in mine:
            kind, n = what.split()
            rates.setdefault(what, {})[name] = (time_prefill(model, vocab, a, flash) if kind == "prefill" else
                                                time_decode(model, vocab, a, int(n), flash))
        if mine:
            C.llama_free_model(model)
    return {"model": a.model, "threads": a.threads, "repeat": a.repeat,
            "version": f"ik-llama-cpp-python {importlib.metadata.version('ik-llama-cpp-python')}",
            "prefill": [{"tokens": a.prefill} | best(rates[w]) for w in works[:1] if w in rates],
            "decode": [{"batch": int(w.split()[1]), "prompt": a.prompt, "tokens": a.tokens} | best(rates[w])
                       for w in works[1:] if w in rates],
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("command", choices=["speed"])
    p.add_argument("model")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--prefill", type=int, default=512)
    p.add_argument("--prompt", type=int, default=434)
    p.add_argument("--tokens", type=int, default=50)
    p.add_argument("--sequences", default="1,10,32")
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--only", default="{}")
    C.llama_backend_init()
    print(json.dumps(measure(p.parse_args())))


if __name__ == "__main__":
    main()
