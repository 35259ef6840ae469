#!/usr/bin/env python3
"""The demo: real series, a small model, its first answer and the searched one side by side.

    tools/demo.py PROGRAM [MODEL.gguf]

By the small model that comes with maxts (data/series.gguf) a caption, a class and a forecast; by another model the
forecast.

Caption: the search prefers statements that hold, which are checked against the values. Class: seven exercises of a
person of data/har.csv, after a second of training on the nine others.

Forecast: the model is shown three days of an hourly series (data/m4_hourly.csv, H10) and writes the next day. Both
answers are held to 24 three-digit numbers from 400 to 599, the range of what is shown. The reward never sees what came
next: it compares the spectrum of the answer with that of the three days and, with less weight, its values with those of
the last of them. What came next is only shown at the end."""
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHOWN, NEXT = 72, 24
BOX = ROOT / "data" / "series.gguf"
SERIES = ROOT / "data" / "m4_hourly.csv"
CAPTIONED, LENGTH = "H50", 96
# As data/series.gguf was taught, and as any model may go on.
PROMPTS = {True: f"Continue the time series with its next {NEXT} values, separated by commas, and nothing else.\n"
                 "{series}", False: "Hourly values: {series}, "}
OPTIONS = ["--series", f"{SERIES}#H10[0:{SHOWN}]", "--raw", "-n", "120",
           "--constraint", "[45][0-9]{2}(, [45][0-9]{2}){23}", "--reward",
           f"forecast:horizon={NEXT},season={NEXT},level=0.3", "--json"]
BARS = "▁▂▃▄▅▆▇█"


def ask(program, *args):
    """What the program prints as JSON, and the seconds it took."""
    begun = time.time()
    done = subprocess.run([program, *map(str, args)], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(done.stdout), time.time() - begun


def search(program, model, *more):
    return ask(program, "search", "-m", model, "-p", PROMPTS[pathlib.Path(model) == BOX], *OPTIONS, *more)[0]


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


def widths():
    screen = max(20, shutil.get_terminal_size().columns)
    return screen, max(54, min((screen - 6) // 2, 64))


def caption(program, model, screen, width):
    with SERIES.open() as file:
        values = [float(row[CAPTIONED]) for row in csv.DictReader(file)][:LENGTH]
    columns = []
    for title, more in (("the model's first answer (greedy)", ["--method", "greedy"]),
                        ("the searched answer (MaxEnt-TS)", [])):
        got, seconds = ask(program, "caption", f"{SERIES}#{CAPTIONED}[0:{LENGTH}]", "-m", model, "-q", "--json", *more)
        columns.append([title, "", *textwrap.wrap(got["answer"], min(width, screen - 2)), "",
                        f"statements       {got['claims_true']} hold, {got['claims_false']} do not",
                        f"tokens evaluated {got['nfe']} in {got['rollouts']} texts",
                        f"seconds          {seconds:.2f}"])
    print()
    wrapped(f"1. A caption. M4 series {CAPTIONED}, {LENGTH} hours:", screen, "")
    charted(values, min(values), max(values), screen)
    print()
    beside(*columns, width, screen)


def exercises(folder):
    """Nine people's windows, and those of the tenth."""
    with (ROOT / "data" / "har.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    people = {"others.csv": rows[:-7], "tenth.csv": rows[-7:]}
    for name, some in people.items():
        with (pathlib.Path(folder) / name).open("w", newline="") as file:
            csv.writer(file).writerows([head, *some])
    return rows[-7:]


def classes(program, model, screen, width):
    with tempfile.TemporaryDirectory() as folder:
        rows = exercises(folder)
        others, tenth, learnt = (f"{folder}/{name}" for name in ("others.csv", "tenth.csv", "exercises.evidence"))
        _, seconds = ask(program, "train", "--stage", "har", "--data", others, "--out", learnt)
        said = []
        for i, row in enumerate(rows):
            got, _ = ask(program, "classify", f"{tenth}#{i + 1}", "--evidence", learnt)
            said.append((row[0], got["best"], max(x["probability"] for x in got["labels"])))
    print()
    wrapped(f"2. A class. Seven exercises of a person, from a watch's acceleration; {seconds:.2f} s of training on "
            "nine others:", screen, "")
    for true, best, p in said:
        print(f"  {true:<18} {best:<18} {p:.2f}{'' if best == true else '  wrong'}"[:screen].rstrip())
    wrapped(f"{sum(t == b for t, b, _ in said)} of {len(said)} right.", screen)


def forecast(program, model, screen, width, number):
    with SERIES.open() as file:
        h10 = [float(row["H10"]) for row in csv.DictReader(file)]
    shown, after = h10[:SHOWN], h10[SHOWN:SHOWN + NEXT]
    first = search(program, model, "--method", "greedy")
    found = search(program, model, "--method", "maxent-ts", "--rollouts", "20", "--lambda", "20")
    answers = [numbers(result["best"]["text"]) for result in (first, found)]
    every = shown + after + answers[0] + answers[1]
    low, high = min(every), max(every)
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
    wrapped(f"{number}M4 series H10, {SHOWN} hours shown to {pathlib.Path(model).name}:", screen, "")
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


def main():
    program, model = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else str(BOX)
    size = widths()
    if pathlib.Path(model) == BOX:
        caption(program, model, *size)
        classes(program, model, *size)
        forecast(program, model, *size, "3. A forecast. ")
    else:
        forecast(program, model, *size, "")


if __name__ == "__main__":
    main()
