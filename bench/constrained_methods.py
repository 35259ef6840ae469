#!/usr/bin/env python3
"""Forward passes per valid text, method by method, under three grammars (bench/grammars).

    bench/constrained_methods.py build/src/cli/maxts SmolLM2.gguf [--positions 2000] [--texts 10] [--seeds 3]

A pass is a position evaluated by the model after the prompt; a prefix that was evaluated before is none. Each method
draws at lambda 0 until its result holds so many valid texts or it has spent its positions: rejection, adaptive
rejection and CARS one text at a time, `sample` and the particles of awrs-smc as many as are asked for. Passes are
counted from the checkpoint's lines where tries may fail: the prefixes that a rollout evaluated first. What awrs-smc
refuses costs calls of the constraint and no passes. Where the constraint is asked, the model is not masked: its whole
vocabulary is drawn from.

MaxEnt-TS does not find a text twice, and one rollout finds several: those that it draws and the whole texts that it
sweeps up on its way, all valid, with their probabilities. So it gets the fewest rollouts whose result holds the texts
that are asked for, and every default that `maxts search` has. `maxent-ts ends` has every default, too, and counts only
what each of ten rollouts ends in, for ten texts. `maxent-ts drawn` is that with all rollouts drawn, led one by one (a
reward that is 0 everywhere and scores no prefixes); `best first` is the same with nine of ten going to the likeliest
text not found yet (`--best-first 0.9`); the tenth is drawn, and the drawn ones alone estimate Z.

--distance: what the passes are worth. Weighted texts may repeat, share beginnings and have unequal weights, so texts
alone do not say how much of the language a result holds. For the passes that awrs-smc spends on 10, 20 and 40
particles each method's total variation from the conditional: 1 - sum over its texts of min(their share in the result,
p / Z), with Z of a search of 20 times as many passes. Defaults for all; MaxEnt-TS takes what the passes bring."""
import argparse
import json
import math
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
METHODS = ["rejection", "adaptive-rejection", "cars", "awrs-smc", "sample", "maxent-ts", "maxent-ts ends",
           "maxent-ts drawn", "maxent-ts best first"]
TRIES = {"rejection", "adaptive-rejection", "cars"} # their rollouts may fail
ASK = {"rejection", "adaptive-rejection", "awrs-smc"}
SINGLE = ["--reward", "command:sed -u s/.*/0/", "--sweep", 16, "--in-flight", 1]
OPTIONS = {"maxent-ts": [], "maxent-ts ends": [],
           "maxent-ts drawn": SINGLE + ["--best-first", 0],
           "maxent-ts best first": SINGLE + ["--best-first", 0.9, "--best-first-after", 0]}


def search(args, grammar, method, seed, rollouts, journal, positions=None):
    prompt, tokens = PROMPTS[grammar]
    command = [args.program, "search", "-m", args.model, "--prompt", prompt, "--method", method.split()[0],
               "--lambda", 0, "--grammar", pathlib.Path(__file__).parent / "grammars" / f"{grammar}.gbnf",
               "--max-tokens", tokens, "--top-k", 0, "--top-p", 1, "--rollouts", rollouts,
               "--nfe", positions or args.positions, "--seed", seed, "--quiet", "--json", "--temperature", 1]
    command += OPTIONS.get(method, ["--in-flight", 1])
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
    """(passes, valid texts, distinct ones, tries) of one search."""
    with tempfile.TemporaryDirectory() as folder:
        journal = pathlib.Path(folder) / "journal"
        if method in TRIES:
            search(args, grammar, method, seed, 1000000, journal)
            return count(journal, args.texts)
        result = None
        for rollouts in range(1 if method == "maxent-ts" else args.texts, args.texts + 1):
            result = search(args, grammar, method, seed, rollouts, journal)
            if result is None:
                return args.positions, 0, 0, rollouts
            if len(result["answers"]) >= args.texts:
                break
        held = len(result["answers"])
        return result["nfe"], held if method == "maxent-ts" else result["rollouts"], held, result["rollouts"]


def far(result, log_z):
    """The total variation of what a result says from the conditional."""
    held = [(one["probability"], one["logprob"]) for answer in result["answers"]
            for one in answer.get("tokenisations", [answer])]
    whole = sum(share for share, _ in held)
    return 1 - sum(min(share / whole, math.exp(logp - log_z)) for share, logp in held if whole and logp is not None)


def distances(args):
    """A table of the distances at equal passes, means over the seeds."""
    print("| grammar | particles | passes | " + " | ".join(args.methods.split(",")) + " |\n|---|---|---|" +
          "---|" * len(args.methods.split(",")), flush=True)
    for grammar in args.grammars.split(","):
        log_z = search(args, grammar, "maxent-ts drawn", 100, 1000000, None, 20 * args.positions)["log_z"]
        for particles in (10, 20, 40):
            row, passes = {}, 0
            for seed in range(args.seeds):
                swarm = search(args, grammar, "awrs-smc", seed, particles, None, args.positions)
                passes += swarm["nfe"]
                for method in args.methods.split(","):
                    with tempfile.TemporaryDirectory() as folder:
                        journal = pathlib.Path(folder) / "journal"
                        one = swarm if method == "awrs-smc" else search(args, grammar, method, seed, 1000000, journal,
                                                                        swarm["nfe"])
                    row.setdefault(method, []).append(far(one, log_z) if one else 1)
            print(f"| {grammar} | {particles} | {passes / args.seeds:.0f} | " +
                  " | ".join(f"{sum(each) / len(each):.2f}" for each in row.values()) + " |", flush=True)


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
    parser.add_argument("--methods")
    parser.add_argument("--distance", action="store_true")
    args = parser.parse_args()
    args.methods = args.methods or ",".join(METHODS[:6] if args.distance else METHODS)
    if args.distance:
        distances(args)
        return
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
