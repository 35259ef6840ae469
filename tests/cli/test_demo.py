#!/usr/bin/env python3
"""The demo's page fits 40, 80 and 200 columns, whatever it is told; the searches are made up here."""
import contextlib
import io
import os
import sys

from program import ROOT, check, finish

sys.path.insert(0, str(ROOT / "tools"))
import demo  # noqa: E402


def found(program, model, *more):
    values = ", ".join(str(400 + 5 * i) for i in range(demo.NEXT))
    return {"best": {"text": values, "reward": -0.5, "logprob": -41.2}, "prompt_tokens": 366, "nfe": 118,
            "seconds": 0.5, "tree": {"nodes": 120, "max_depth": 119, "branching": 1}, "log_z": -50.9, "log_z_se": 0.9,
            "answers": [{"reward": -0.1 * i} for i in range(20)],
            "target": "p cut to top-k 50, top-p 0.9 at temperature 0.8, matching the constraint"}


def asked(program, *args):
    return {"caption": {"answer": "It rises. " * 20, "claims_true": 20, "claims_false": 0, "nfe": 60, "rollouts": 1},
            "train": {}, "classify": {"best": "external rotation",
                                      "labels": [{"label": "external rotation", "probability": 0.9}]}}[args[0]], 0.25


def pages(model):
    sys.argv = ["demo.py", "maxts", *model]
    for columns in (40, 80, 200):
        os.environ["COLUMNS"] = str(columns)
        page = io.StringIO()
        with contextlib.redirect_stdout(page):
            demo.main()
        lines = page.getvalue().split("\n")
        check(max(map(len, lines)) <= columns, f"{columns} columns: {max(lines, key=len)!r}")
        check(not any(line != line.rstrip() for line in lines), "blanks at the end of a line")
        both = any("first answer" in line and "searched answer" in line for line in lines)
        check(both == (columns == 200), f"{columns} columns: side by side where both fit")
        check(("1. A caption" in page.getvalue()) == (not model), "the small model alone")
        check(page.getvalue().count("reward  ") == 2 and "what came next" in page.getvalue(), page.getvalue())


def main():
    demo.search, demo.ask = found, asked
    pages(["SmolLM2-135M-Instruct.Q4_1.gguf"])
    pages([])
    finish(30)


if __name__ == "__main__":
    main()
