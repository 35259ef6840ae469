#!/usr/bin/env python3
"""Whether what a search answers under a schema is valid by Python's jsonschema.

    pip install jsonschema
    bench/schema_answers.py build/src/cli/maxts MODEL.gguf schemas.jsonl.gz [--every 20] [--rollouts 4] [--tokens 120]

Takes every so-many-th schema of a file like those of bench/constraints.py. Schemas that are refused by name, and those
whose shortest text does not fit into the tokens, are counted and named; every finished answer of the others must be
JSON and valid. Objects in which a name stands twice are counted too: a name that no schema lists may, and what reads
JSON takes the last, which is valid as each of them is."""
import argparse
import collections
import gzip
import json
import subprocess
import sys
import tempfile

from jsonschema import validators

PROMPT = "Give an example of a JSON document that is valid under this schema.\n{}"


def fault(schema, text):
    """Why the text is wrong, None: it is not; and whether a name stands twice."""
    twice = []

    def members(pairs):
        twice.extend([1] if len({name for name, _ in pairs}) < len(pairs) else [])
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=members)
    except ValueError as why:
        return f"is no JSON: {why}", False
    errors = validators.validator_for(schema)(schema).iter_errors(value)
    return next((f"is not valid: {error.message[:80]}" for error in errors), None), bool(twice)


def search(args, schema):
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(schema, file)
        file.flush()
        prompt = PROMPT.format(json.dumps(schema)[:1500])
        return subprocess.run([args.program, "search", "-m", args.model, "--prompt", prompt, "--schema", file.name,
                               "--rollouts", str(args.rollouts), "--max-tokens", str(args.tokens), "--json", "--quiet"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("schemas")
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--rollouts", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=120)
    args = parser.parse_args()
    opener = gzip.open if args.schemas.endswith(".gz") else open
    with opener(args.schemas, "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for i, line in enumerate(file) if i % args.every == 0]
    counts, wrong = collections.Counter(schemas=len(lines)), []
    for line in lines:
        done = search(args, line["schema"])
        if done.returncode:
            sentence = done.stderr.strip().splitlines()[-1][:120] if done.stderr.strip() else f"exit {done.returncode}"
            counts["without an answer"] += 1
            print(f"  {line['id']}: {sentence}", flush=True)
            continue
        answers = json.loads(done.stdout)["answers"]
        counts["searched"] += 1
        counts["answers"] += len(answers)
        for answer in answers:
            why, twice = fault(line["schema"], answer["text"])
            counts["with a name twice"] += twice
            if why:
                wrong.append(f"{line['id']}: {answer['text'][:200]} {why}")
                print("WRONG " + wrong[-1], flush=True)
    print(", ".join(f"{name}: {n}" for name, n in counts.items()) + f", invalid: {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
