#!/usr/bin/env python3
"""Tokens per second under JSON schemas beside the unconstrained figure, and whether every answer is valid.

    pip install jsonschema
    bench/schema_speed.py build/src/cli/maxts MODEL.gguf schemas.jsonl.gz [--count N] [--branches B]

Each schema is searched under (`--method best-of-n`, B rollouts in flight), and in turn with it the same search without
it. The figure is tokens drawn per second of processor time behind the prompt, which a busy machine disturbs least."""
import argparse
import gzip
import json
import os
import resource
import statistics
import subprocess
import tempfile

import jsonschema


def search(args, *options):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([args.program, "search", "-m", args.model, "-p", "Give an example.", "-n", str(args.tokens),
                           "--method", "best-of-n", "--rollouts", str(args.branches), "--in-flight",
                           str(args.branches), "--reward", "length:200", "--threads", "1", "--json", *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (json.loads(done.stdout) if done.returncode == 0 else None), spent, done.stderr.decode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("schemas")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--branches", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=96)
    args = parser.parse_args()
    with gzip.open(args.schemas, "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    lines = lines[::max(1, len(lines) // args.count)][:args.count]
    _, start, _ = search(argparse.Namespace(**{**vars(args), "branches": 1, "tokens": 1})) # loading and the prompt
    ratios, valid, wrong, skipped = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "schema.json")
        for line in lines:
            with open(path, "w", encoding="utf-8") as file:
                json.dump(line["schema"], file)
            held, spent, why = search(args, "--schema", path)
            free, free_spent, _ = search(args)
            if held is None:
                skipped += 1
                print(f"{line['id']}: {why.strip()[:150]}")
                continue
            check = jsonschema.validators.validator_for(line["schema"])(line["schema"])
            for answer in held["answers"]:
                try:
                    right = check.is_valid(json.loads(answer["text"]))
                except ValueError:
                    right = False
                valid += right
                wrong += not right
            rate, free_rate = (one["decode_tokens"] / max(time - start, 1e-3)
                               for one, time in ((held, spent), (free, free_spent)))
            ratios.append(rate / free_rate)
            print(f"{line['id']}: {rate:.0f} of {free_rate:.0f} tokens/s, {ratios[-1]:.2f}; so far {valid} answers "
                  f"valid, {wrong} not", flush=True)
    print(f"median {statistics.median(ratios):.2f}, least {min(ratios):.2f} of the unconstrained figure over "
          f"{len(ratios)} schemas, {skipped} not searched under; {valid} answers valid, {wrong} not")


if __name__ == "__main__":
    main()
