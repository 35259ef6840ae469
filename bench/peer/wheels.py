#!/usr/bin/env python3
"""Engines that come as Python wheels, asked for the same work as peer.py's `speed`, and its JSON.

    wheels.py openvino|xllamacpp|mistralrs MODEL [--threads 2] [--prefill 512] [--prompt 434] [--tokens 50]
              [--sequences 1,10,32] [--repeat 5]

Run by a Python that has the engine (`openvino-genai`, `xllamacpp`, `mistralrs`). They offer no step by itself, so a
figure is a difference: `n` tokens take t(n) seconds after a prompt that was seen before, decoding runs at
sequences * (n - 1) / (t(n) - t(1)), prefill at prompt / t(1) of a prompt that was not."""
import argparse
import concurrent.futures
import importlib.metadata
import json
import pathlib
import random
import resource
import statistics
import sys
import time

WORDS = "time series level trend season noise peak valley slow fast high low rise fall step wave day week".split()


def text(words, seed):
    """About as many tokens; the engines say how many there were."""
    r = random.Random(seed)
    return " ".join(r.choice(WORDS) for _ in range(words))


class OpenVino:
    package = "openvino-genai"

    def __init__(self, model, threads, sequences):
        import openvino_genai as ov
        scheduler = ov.SchedulerConfig()
        scheduler.max_num_seqs = sequences
        scheduler.cache_size = 2
        scheduler.enable_prefix_caching = True
        self.config = ov.GenerationConfig
        self.pipe = ov.LLMPipeline(model, "CPU", scheduler_config=scheduler, INFERENCE_NUM_THREADS=threads)

    def generate(self, prompts, n):
        config = self.config(max_new_tokens=n, ignore_eos=True, apply_chat_template=False)
        metrics = self.pipe.generate(prompts, config).perf_metrics
        return metrics.get_num_input_tokens() // len(prompts), metrics.get_num_generated_tokens()


class XLlama:
    package = "xllamacpp"

    def __init__(self, model, threads, sequences):
        import xllamacpp as x
        p = x.CommonParams()
        p.model.path = model
        p.n_parallel, p.n_ctx, p.warmup = sequences, 16384, True
        p.cpuparams.n_threads = p.cpuparams_batch.n_threads = threads
        self.server = x.Server(p)
        self.pool = concurrent.futures.ThreadPoolExecutor(sequences)

    def generate(self, prompts, n):
        def one(prompt):
            done = self.server.handle_completions({"prompt": prompt, "n_predict": n, "ignore_eos": True,
                                                   "max_tokens": n, "cache_prompt": True})
            return done["usage"]["prompt_tokens"], done["usage"]["completion_tokens"]

        counts = list(self.pool.map(one, prompts))
        return counts[0][0], sum(c for _, c in counts)


class MistralRs:
    package = "mistralrs"

    def __init__(self, model, threads, sequences):
        import mistralrs as m
        del threads  # RAYON_NUM_THREADS, which is set for it
        path = pathlib.Path(model)
        which = m.Which.GGUF(quantized_model_id=str(path.parent), quantized_filename=path.name)
        self.request = m.CompletionRequest
        self.runner = m.Runner(which=which, max_seqs=sequences)
        self.pool = concurrent.futures.ThreadPoolExecutor(sequences)

    def generate(self, prompts, n):
        def one(prompt):
            usage = self.runner.send_completion_request(self.request(model="m", prompt=prompt, max_tokens=n)).usage
            return usage.prompt_tokens, usage.completion_tokens

        counts = list(self.pool.map(one, prompts))
        return counts[0][0], sum(c for _, c in counts)


ENGINES = {"openvino": OpenVino, "xllamacpp": XLlama, "mistralrs": MistralRs}


def timed(engine, prompts, n):
    began = time.perf_counter()
    asked, made = engine.generate(prompts, n)
    return time.perf_counter() - began, asked, made


def measure_prefill(engine, words, repeat):
    rates = []
    for i in range(repeat + 1):  # the first one warms up
        seconds, asked, _ = timed(engine, [text(words, i)], 1)
        rates.append(asked / seconds)
    return statistics.median(rates[1:])


def measure_decode(engine, words, sequences, tokens, repeat):
    prompts, rates = [text(words, 1)] * sequences, []
    timed(engine, prompts, 2)
    for _ in range(repeat):
        (short, _, few), (long, _, many) = timed(engine, prompts, 1), timed(engine, prompts, tokens)
        rates.append((many - few) / (long - short))
    return statistics.median(rates)


def measure(engine, a):
    sequences = [int(n) for n in a.sequences.split(",")]
    return {"model": a.model, "threads": a.threads, "repeat": a.repeat,
            "prefill": [{"tokens": a.prefill, "tok_per_s": measure_prefill(engine, a.prefill, a.repeat)}],
            "decode": [{"batch": n, "prompt": a.prompt, "tokens": a.tokens,
                        "tok_per_s": measure_decode(engine, a.prompt, n, a.tokens, a.repeat)} for n in sequences],
            "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("engine", choices=ENGINES)
    p.add_argument("model")
    for name, value in (("threads", 2), ("prefill", 512), ("prompt", 434), ("tokens", 50), ("repeat", 5)):
        p.add_argument(f"--{name}", type=int, default=value)
    p.add_argument("--sequences", default="1,10,32")
    a = p.parse_args()
    kind = ENGINES[a.engine]
    try:
        version = importlib.metadata.version(kind.package)
    except importlib.metadata.PackageNotFoundError:
        sys.exit(f"wheels: {sys.executable} has no {kind.package}")
    result = measure(kind(a.model, a.threads, max(int(n) for n in a.sequences.split(","))), a)
    print(json.dumps(result | {"version": f"{kind.package} {version}"}))


if __name__ == "__main__":
    main()
