#!/usr/bin/env python3
"""Forward passes per valid text, method by method, under three grammars (bench/grammars).

    bench/constrained_methods.py build/src/cli/maxts SmolLM2.gguf [--positions 2000] [--texts 10] [--seeds 3]

A pass is a position evaluated by the model after the prompt; a prefix that was evaluated before is none. Each method
draws at lambda 0, one text at a time, until it has so many valid texts or has spent its positions. Passes are counted
from the checkpoint's lines where tries may fail: the prefixes that a rollout evaluated first. awrs-smc draws as many
particles as texts are asked for; what it refuses costs calls of the constraint and no passes. Distinct texts are those
not found before, of maxent-ts also those that it sweeps up on its way: they stand in its result with their
probabilities and cost no pass. Where the constraint is asked, the model is not masked: its whole vocabulary is drawn
from.

MaxEnt-TS does not find a text twice, so its rollouts are as many distinct texts. At lambda 0 no reward tells it where
to go: it is given one that is 0 everywhere and does not score prefixes (under one that does it goes in waves, which
look further than a text's end). `best first` stands for nine rollouts of ten that go to the likeliest text not found
yet (`--best-first 0.9`); the tenth is drawn, and the drawn ones alone estimate Z."""
import argparse
import json
import pathlib
import subprocess
import tempfile

PROMPTS = {
    "arithmetic": ("Write one more arithmetic expression like these, and nothing else.\n"
                   "1 + 2 * 3\n(4 + 5) * 6\n7 - (2 + 1)\n8 * (3 - 2)", 24),
    "smiles": ("Write the SMILES of one more molecule like these, and nothing else.\n"
               "CCO\nCC(=O)O\nCCN\nCC(C)C\nCCCl\nc1ccccc1O", 16),
    "plan": ("Write the plan that brings ball1 from rooma to roomb, and nothing else. The plan for ball2 was:\n"
             "(pick ball2 rooma)\n(move rooma roomb)\n(drop ball2 roomb)", 40),
}
METHODS = ["rejection", "adaptive-rejection", "cars", "awrs-smc", "sample", "maxent-ts", "maxent-ts best first"]
TRIES = {"rejection", "adaptive-rejection", "cars"} # their rollouts may fail
ASK = {"rejection", "adaptive-rejection", "awrs-smc"}
MAXENT = ["--reward", "command:sed -u s/.*/0/", "--sweep", 16]
OPTIONS = {"maxent-ts": MAXENT + ["--best-first", 0], "maxent-ts best first": MAXENT + ["--best-first", 0.9]}


def search(args, grammar, method, seed, journal):
    prompt, tokens = PROMPTS[grammar]
    rollouts = 1000000 if method in TRIES else args.texts
    command = [args.program, "search", "-m", args.model, "--prompt", prompt, "--method", method.split()[0],
               "--lambda", 0, "--grammar", pathlib.Path(__file__).parent / "grammars" / f"{grammar}.gbnf",
               "--max-tokens", tokens, "--top-k", 0, "--top-p", 1, "--in-flight", 1, "--rollouts", rollouts,
               "--nfe", args.positions, "--seed", seed, "--quiet", "--json", "--temperature", 1]
    command += OPTIONS.get(method, [])
    if method in TRIES:
        command += ["--save", journal]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def count(journal, texts):
    """(passes, valid texts, distinct ones, tries) up to the last valid text that was asked for."""
    evaluated, found, valid, tries = set(), set(), 0, 0
    for line in journal.read_text().splitlines()[1:]:
        rollout = json.loads(line)
        tokens = tuple(rollout["tokens"])
        tries += 1
        # the last token of a finished text is not evaluated; a try that failed stands at an evaluated prefix
        evaluated.update(tokens[:n] for n in range(1, len(tokens) + rollout["dead"]))
        if not rollout["dead"] and isinstance(rollout["reward"], (int, float)) and rollout["reward"] > -1e300:
            valid += 1
            found.add(tokens)
            if valid == texts:
                break
    return len(evaluated), valid, len(found), tries


def measure(args, grammar, method, seed):
    with tempfile.TemporaryDirectory() as folder:
        journal = pathlib.Path(folder) / "journal"
        result = search(args, grammar, method, seed, journal)
        if method in TRIES:
            return count(journal, args.texts)
        if result is None:
            return args.positions, 0, 0, args.texts
        return result["nfe"], result["rollouts"], len(result["answers"]), args.texts


def ratio(passes, texts):
    return f"{passes / texts:.1f}" if texts else f"> {passes}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--positions", type=int, default=2000)
    parser.add_argument("--texts", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--grammars", default=",".join(PROMPTS))
    parser.add_argument("--methods", default=",".join(METHODS))
    args = parser.parse_args()
    print("| grammar | method | constraint | tries | valid | passes | per valid text | per distinct one |\n"
          "|---|---|---|---|---|---|---|---|", flush=True)
    for grammar in args.grammars.split(","):
        for method in args.methods.split(","):
            rows = [measure(args, grammar, method, seed) for seed in range(args.seeds)]
            passes, valid, distinct, tries = (sum(column) for column in zip(*rows))
            print(f"| {grammar} | {method} | {'asked' if method in ASK else 'masks'} | {tries} | {valid} | {passes} "
                  f"| {ratio(passes, valid)} | {ratio(passes, distinct)} |", flush=True)


if __name__ == "__main__":
    main()
