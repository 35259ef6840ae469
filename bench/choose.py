#!/usr/bin/env python3
"""What an option costs `maxts choose` after the prompt: 20 colours of one to four tokens, on prompts about things.

    bench/choose.py MAXTS MODEL.gguf [--prompts 100] [--threads 2]

Prints milliseconds an option (the median and the tenths at both ends), positions a prompt, the largest share left."""
import argparse
import json
import statistics
import subprocess
import sys

COLOURS = ("red,dark blue,green,yellow ochre,orange,violet,black,white,light grey,brown,pink,turquoise,silver,golden,"
           "beige,olive green,navy,crimson,magenta,ivory").split(",")
THINGS = ("sky,sea,grass,rose,snow,coal,lemon,carrot,blood,night,leaf,banana,sand,milk,ink,rust,cloud,fire,moon,plum,"
          "ocean,brick,tomato,swan,crow").split(",")
ASKED = ("What colour is the {}? Answer with one word.", "Name the colour of a typical {} in the evening.",
         "Which colour would you paint a {}?", "In a dream a {} is of another colour. Which one?")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("maxts")
    p.add_argument("model")
    p.add_argument("--prompts", type=int, default=100)
    p.add_argument("--threads", default="2")
    a = p.parse_args()
    prompts = [question.format(thing) for question in ASKED for thing in THINGS][:a.prompts]
    took, positions, left = [], [], []
    for prompt in prompts:
        done = subprocess.run([a.maxts, "choose", "-m", a.model, "-p", prompt, "--threads", a.threads, "--json",
                               *COLOURS], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"choose: {done.stderr.strip()}")
        got = json.loads(done.stdout)
        took.append(1e3 * (got["seconds"] - got["prefill_seconds"]) / len(COLOURS))
        positions.append(got["nfe"])
        left.append(got["unexplored"])
    tenths = statistics.quantiles(took, n=10) if len(took) > 1 else took * 9
    print(f"{len(took)} prompts, {len(COLOURS)} options: {statistics.median(took):.2f} ms an option "
          f"({tenths[0]:.2f} to {tenths[-1]:.2f}), {statistics.fmean(positions):.0f} positions, "
          f"{max(left):.5f} left at most")


if __name__ == "__main__":
    main()
