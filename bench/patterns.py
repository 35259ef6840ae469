#!/usr/bin/env python3
"""Random patterns and texts judged by PyPI's `regex` and by `maxts check --bench`: no difference is allowed.

    pip install regex
    bench/patterns.py build/src/cli/maxts MODEL.gguf [--count 10000] [--texts 20] [--seed 1]

A pattern is held as the `pattern` of a schema, from the text's first character to its last, so it means what ECMA 262
means: `$` is the end alone. Prints counts and every difference. What is refused by name repeats an anchor or a
look-ahead that takes no character, as random patterns do at times. `regex` itself errs at times: where it says
otherwise and Python's `re` does not, that is counted, and no difference."""
import argparse
import json
import random
import re
import subprocess
import tempfile

import regex

ATOMS = ["a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", r"\d", "é", r"\w", r"\W", r"\S", "1", "[^é]", r"\x62", "^", "$",
         " ", "日", r"\u00e9", r"[\d_]", r"[^\s\d]", r"\-", "😀", "[é-日]", r"\t", r"\.", r"[a\]]"]
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "{3,9}", "+?", "{0}", "{1,40}"]
OPENS = ["(", "(?:", "(?:", "(", "(?=", "(?!", "(?<n>"]
PIECES = ["a", "b", "c", "1", "é", " ", "A", "_", "日", "😀", "-", ".", "\t", "]", "\n"]


def pattern(draw, depth):
    out = []
    for i in range(draw.randint(1, 4)):
        if i and draw.random() < 0.15:
            out.append("|")
        if depth and draw.random() < 0.35:
            opened = draw.choice(OPENS).replace("<n>", f"<n{draw.getrandbits(60)}>")
            one = opened + pattern(draw, depth - 1) + ")"
            repeatable = opened not in ("(?=", "(?!")
        else:
            one = draw.choice(ATOMS)
            repeatable = one not in "^$"
        out.append(one + (draw.choice(QUANTIFIERS) if repeatable and draw.random() < 0.35 else ""))
    return "".join(out)


def text_of(draw):
    short = draw.random() < 0.7
    return "".join(draw.choice(PIECES[:5] if draw.random() < 0.8 else PIECES)
                   for _ in range(draw.randrange(7 if short else 30)))


def judged_by_re(line, index):
    """Whether Python's `re` says of a text what `regex` does not."""
    test, one = line["tests"][index], line["schema"]["pattern"].replace("$", r"\Z").replace("(?<n", "(?P<n")
    return (re.compile(one, re.ASCII).fullmatch(test["data"]) is not None) != test["valid"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--texts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    lines, matched = [], 0
    while len(lines) < args.count:
        one = pattern(draw, 3)
        judge = regex.compile(one.replace("$", r"\Z"), regex.ASCII | regex.V0)
        try:
            tests = [{"valid": judge.fullmatch(text, timeout=2) is not None, "data": text}
                     for text in (text_of(draw) for _ in range(args.texts))]
        except TimeoutError: # it goes back and forth; ours does not
            continue
        matched += sum(test["valid"] for test in tests)
        schema = {"type": "string", "pattern": f"^(?:{one})$"}
        lines.append({"id": str(len(lines)), "schema": schema, "tests": tests})
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
        file.flush()
        row = json.loads(subprocess.run([args.program, "check", "-m", args.model, "--bench", file.name, "--json"],
                                        check=True, stdout=subprocess.PIPE).stdout)
    kinds = {"refused by name": set(), "given up for memory or steps": set(), "that match nothing": set()}
    wrong, erred = [], 0
    for failure in row["failures"]:
        line, why = lines[int(failure["id"])], failure["why"]
        kind = ("refused by name" if "the pattern" in why else "given up for memory or steps" if "may take" in why else
                "that match nothing" if "no JSON text is valid" in why else None)
        instance = re.search("valid instance ([0-9]+)", why)
        if kind is None and instance and judged_by_re(line, int(instance[1])):
            erred += 1
        elif kind is None or (kind == "that match nothing" and any(test["valid"] for test in line["tests"])):
            wrong.append(failure)
        else:
            kinds[kind].add(failure["id"])
    for failure in wrong:
        print(lines[int(failure["id"])]["schema"]["pattern"], failure["why"])
    counts = ", ".join(f"{len(ids)} {kind}" for kind, ids in kinds.items())
    print(f"{args.count} patterns ({counts}), {args.count * args.texts} texts, {matched} of which match: "
          f"{len(wrong)} differences, {erred} more that `re` does not see")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
