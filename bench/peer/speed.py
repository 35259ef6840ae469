"""Tokens per second of llama.cpp: prefill, and decoding of sequences that share a prompt."""
import random
import resource
import statistics
import time

from llama import Context

VARIANTS = [(unified, flash) for unified in (True, False) for flash in (True, False)]


def name(unified, flash):
    return f"{'unified' if unified else 'separate'} KV, flash attention {'on' if flash else 'off'}"


def fixed_tokens(n, vocab, seed):
    r = random.Random(seed)
    return [r.randrange(vocab) for _ in range(n)]


def time_prefill(path, a, flash):
    c = Context(path, a.threads, a.prefill, flash=flash, batch=max(512, a.prefill))
    tokens = fixed_tokens(a.prefill, c.size, 1)
    times = []
    for _ in range(a.repeat + 1):  # the first one warms up
        c.clear()
        start = time.perf_counter()
        c.prefill(tokens)
        c.logits(len(tokens) - 1)
        times.append(time.perf_counter() - start)
    c.close()
    return a.prefill / statistics.median(times[1:])


def time_decode(path, a, n, unified, flash):
    """Median over `repeat` runs of (n sequences) x (tokens steps) after a prompt that they share."""
    room = a.prompt + (n + 1) * (a.tokens + 1)
    c = Context(path, a.threads, room if unified else a.prompt + a.tokens + 1, n + 1, unified, flash)
    prompt, tokens = fixed_tokens(a.prompt, c.size, 1), fixed_tokens(n * a.tokens, c.size, 2)
    c.prefill(prompt)
    times = []
    for _ in range(a.repeat + 1):
        for s in range(1, n + 1):
            c.copy(0, s)
        start = time.perf_counter()
        for t in range(a.tokens):
            c.decode([(s, a.prompt + t, tokens[t * n + s - 1], True) for s in range(1, n + 1)])
            c.logits(n - 1)
        times.append(time.perf_counter() - start)
    c.close()
    return n * a.tokens / statistics.median(times[1:])


def best(measurements):
    """The fastest of [(tokens per second, variant name)], and all of them."""
    top = max(measurements)
    return {"tok_per_s": top[0], "variant": top[1], "all": {v: round(t, 2) for t, v in measurements}}


def wanted(only, what, variants):
    """Those variants that --only leaves of a figure."""
    return [v for v in variants if not only or only.get(what) == name(*v)]


def measure(a):
    result, only = {"model": a.model, "threads": a.threads, "repeat": a.repeat, "prefill": [], "decode": []}, a.only
    runs = [(time_prefill(a.model, a, v[1]), name(*v))
            for v in wanted(only, f"prefill {a.prefill}", [(True, True), (True, False)])]
    if runs:
        result["prefill"].append({"tokens": a.prefill} | best(runs))
    for n in (int(s) for s in a.sequences.split(",")):
        runs = [(time_decode(a.model, a, n, *v), name(*v)) for v in wanted(only, f"decode {n}", VARIANTS)]
        if runs:
            result["decode"].append({"batch": n, "prompt": a.prompt, "tokens": a.tokens} | best(runs))
    result["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return result
