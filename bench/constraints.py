#!/usr/bin/env python3
"""Schemas and instances through maxts and through llguidance, on the same tokens, one thread each, in one run.

    pip install llguidance tokenizers
    bench/constraints.py build/src/cli/maxts MODEL.gguf schemas.jsonl.gz

The file has lines {id, schema, tests[{valid, data}]}, as JSONSchemaBench and MaskBench; instances are written by
json.dumps(data, ensure_ascii=False). A mask is timed before every token and before the end, a compilation up to the
first mask's request; times are the thread's processor time, so that a busy machine matters less."""
import ctypes
import gzip
import json
import struct
import subprocess
import sys
import time

from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper
from tokenizers import Tokenizer, decoders, models, pre_tokenizers


def read_gguf(path):
    """The metadata of a GGUF file."""
    with open(path, "rb") as file:
        def take(form):
            return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))[0]

        def text():
            return file.read(take("Q")).decode("utf-8", "surrogateescape")

        def value(kind):
            if kind == 8:
                return text()
            if kind == 9:
                inner, count = take("I"), take("Q")
                return [value(inner) for _ in range(count)]
            return take("BbHhIif?__Qqd"[kind])

        assert file.read(4) == b"GGUF" and take("I") >= 2
        take("Q")
        return {text(): value(take("I")) for _ in range(take("Q"))}


class Vocabulary:
    """What llguidance asks of a tokenizer, made of a byte-level BPE vocabulary."""

    def __init__(self, path):
        meta = read_gguf(path)
        words, kinds = meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"]
        bpe = models.BPE({word: i for i, word in enumerate(words)},
                         [tuple(merge.split(" ")) for merge in meta["tokenizer.ggml.merges"]])
        self.bpe = Tokenizer(bpe)
        self.bpe.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                          pre_tokenizers.ByteLevel(add_prefix_space=False)])
        self.bpe.decoder = decoders.ByteLevel()
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        to_byte = {chr(b): b for b in printable}
        to_byte.update((chr(256 + i), b) for i, b in enumerate(b for b in range(256) if b not in printable))
        self.special_token_ids = [i for i, kind in enumerate(kinds) if kind == 3]
        self.tokens = [word.encode() if kind == 3 else bytes(to_byte[c] for c in word)
                       for word, kind in zip(words, kinds)]
        self.eos_token_id = meta["tokenizer.ggml.eos_token_id"]
        self.bos_token_id = meta.get("tokenizer.ggml.bos_token_id")

    def __call__(self, text):
        return self.bpe.encode(text if isinstance(text, str) else text.decode("utf-8", "replace")).ids


def run_peer(path, lines):
    vocabulary = Vocabulary(path)
    tokenizer = LLTokenizer(TokenizerWrapper(vocabulary))
    buffer = ctypes.create_string_buffer((tokenizer.vocab_size + 31) // 32 * 4)
    compiled = passing = refused = accepted_wrong = 0
    compiles, masks = [], []

    def accepts(matcher, text):
        for token in [*vocabulary(text), vocabulary.eos_token_id]:
            began = time.thread_time()
            matcher.unsafe_compute_mask_ptr(ctypes.addressof(buffer), len(buffer))
            masks.append((time.thread_time() - began) * 1e6)
            if not buffer[token // 8][0] >> (token & 7) & 1 or not matcher.consume_token(token):
                return False
        return True

    for line in lines:
        began = time.thread_time()
        matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema(json.dumps(line["schema"])), log_level=0)
        took = (time.thread_time() - began) * 1e6
        if matcher.is_error():
            continue
        compiled += 1
        compiles.append(took)
        right = True
        for test in line["tests"]:
            one = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema(json.dumps(line["schema"])), log_level=0)
            good = accepts(one, json.dumps(test["data"], ensure_ascii=False))
            refused += test["valid"] and not good
            accepted_wrong += good and not test["valid"]
            right = right and good == test["valid"]
        passing += right
    masks.sort()
    compiles.sort()
    return {"schemas": len(lines), "compiled": compiled, "passing": passing, "valid_refused": refused,
            "invalid_accepted": accepted_wrong,
            "mask_us": {"mean": sum(masks) / len(masks), "p50": masks[len(masks) // 2],
                        "p99": masks[int(len(masks) * .99)], "max": masks[-1], "count": len(masks)},
            "compile_us": {"p50": compiles[len(compiles) // 2], "p99": compiles[int(len(compiles) * .99)]}}


def main():
    program, model, path = sys.argv[1:4]
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    ours = json.loads(subprocess.run([program, "check", "-m", model, "--bench", path, "--json"], check=True,
                                     stdout=subprocess.PIPE).stdout)
    rows = [("maxts", ours), ("llguidance", run_peer(model, lines))]
    print("| | compiled | passing | valid refused | invalid accepted | mask mean, µs | p50 | p99 | max "
          "| compile p50, µs | p99 |\n|---|---|---|---|---|---|---|---|---|---|---|")
    for name, row in rows:
        mask, compiling = row["mask_us"], row["compile_us"]
        print(f"| {name} | {row['compiled']} of {row['schemas']} | {row['passing']} | {row['valid_refused']} "
              f"| {row['invalid_accepted']} | {mask['mean']:.1f} | {mask['p50']:.1f} | {mask['p99']:.0f} "
              f"| {mask['max']:.0f} | {compiling['p50']:.0f} | {compiling['p99']:.0f} |")


if __name__ == "__main__":
    main()
