#!/usr/bin/env python3
"""The demo: a real series, a small model, its first answer and the searched one side by side.

    tools/demo.py PROGRAM MODEL.gguf

A language model is shown three days of an hourly series (data/m4_hourly.csv, H10) and writes the next day. Both answers
are held to 24 three-digit numbers from 400 to 599, the range of what is shown. The reward never sees what came next:
it compares the spectrum of the answer with that of the three days and, with less weight, its values with those of the
last of them. What came next is only shown at the end."""
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHOWN, NEXT = 72, 24
SERIES = ROOT / "data" / "m4_hourly.csv"
OPTIONS = ["--series", f"{SERIES}#H10[0:{SHOWN}]", "--raw", "-p", "Hourly values: {series}, ", "-n", "120",
           "--constraint", "[45][0-9]{2}(, [45][0-9]{2}){23}", "--reward",
           f"forecast:horizon={NEXT},season={NEXT},level=0.3", "--json"]
BARS = "▁▂▃▄▅▆▇█"


def search(program, model, *more):
    command = [program, "search", "-m", model, *OPTIONS, *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def numbers(text):
    return [float(word) for word in text.split(",")]


def chart(values, low, high):
    return "".join(BARS[max(0, min(7, int(8 * (v - low) / (high - low))))] for v in values)


def wrapped(text, screen, indent="  "):
    print(textwrap.fill(text, screen, initial_indent=indent, subsequent_indent=indent))


def charted(values, low, high, screen, title=""):
    """A chart in rows of the screen's width, below its title where the two do not fit into one."""
    bars = chart(values, low, high)
    if title and 5 + len(title) + len(bars) > screen:
        print(f"  {title}")
        title = ""
    room = screen - 2
    for at in range(0, len(bars), room):
        print(f"  {title}{'   ' if title else ''}{bars[at:at + room]}")


def beside(left, right, width, screen):
    """Two columns, or where the screen is too narrow one below the other."""
    if 2 * width + 4 > screen:
        for line in [*left, "", *right]:
            wrapped(line, screen) if line else print()
        return
    for a, b in zip(left + [""] * (len(right) - len(left)), right + [""] * (len(left) - len(right))):
        print(f"  {a:<{width}}  {b}".rstrip())


def main():
    program, model = sys.argv[1:3]
    with SERIES.open() as file:
        h10 = [float(row["H10"]) for row in csv.DictReader(file)]
    shown, after = h10[:SHOWN], h10[SHOWN:SHOWN + NEXT]
    first = search(program, model, "--method", "greedy")
    found = search(program, model, "--method", "maxent-ts", "--rollouts", "20", "--lambda", "20")
    answers = [numbers(result["best"]["text"]) for result in (first, found)]
    every = shown + after + answers[0] + answers[1]
    low, high = min(every), max(every)
    screen = max(20, shutil.get_terminal_size().columns)
    width = max(54, min((screen - 6) // 2, 64))
    text = min(width, screen - 2)
    columns = []
    for title, result, values in zip(("the model's first answer (greedy)", "the searched answer (MaxEnt-TS)"),
                                     (first, found), answers):
        error = sum(2 * abs(v - a) / (abs(v) + abs(a)) for v, a in zip(values, after)) / NEXT * 100
        tree = result["tree"]
        columns.append([title, "", *textwrap.wrap(result["best"]["text"], text), "", chart(values, low, high), "",
                        f"reward           {result['best']['reward']:.3f}",
                        f"log p            {result['best']['logprob']:.1f}",
                        f"tokens evaluated {result['prompt_tokens']} + {result['nfe']}",
                        f"seconds          {result['seconds']:.2f}",
                        f"tree             {tree['nodes']} nodes, depth {tree['max_depth']}, branching "
                        f"{tree['branching']:.2f}", f"sMAPE, unseen    {error:.1f} %"])
    print()
    wrapped(f"M4 series H10, {SHOWN} hours shown to {pathlib.Path(model).name}:", screen, "")
    wrapped(", ".join(f"{v:g}" for v in shown), min(screen, 2 * width + 2))
    charted(shown, low, high, screen)
    print()
    beside(*columns, width, screen)
    print()
    charted(after, low, high, screen, "what came next")
    others = [f"{a['reward']:.3f}" for a in found["answers"]]
    wrapped(f"all {len(others)} searched answers by reward: {', '.join(others)}", screen)
    if found["log_z"] is not None:
        wrapped(f"log Z = {found['log_z']:.2f} ± {found['log_z_se']:.2f}; target: {found['target']}", screen)


if __name__ == "__main__":
    main()
