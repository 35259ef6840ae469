#!/usr/bin/env python3
"""forecast, classify, ask, caption: one command each on shipped data; quantiles cover what they say, posteriors are
those of choose and of what was learnt, pictures hold the numbers that are printed."""
import csv
import json
import math
import pathlib
import random
import re
import xml.dom.minidom

from program import DEAR, ROOT, TINY, ask, check, finish, refuse, run, work_dir

DATA = ROOT / "data"
LEVELS = {"q05": 0.05, "q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9, "q95": 0.95}
HORIZON = 24


def hourly():
    rows = list(csv.reader(open(DATA / "m4_hourly.csv", encoding="utf-8")))
    return {name: [float(row[i]) for row in rows[1:]] for i, name in enumerate(rows[0])}


def forecasts():
    """Ten series, a command each."""
    for number in range(1, 11):
        got = ask("forecast", f"{DATA / 'forecast_past.csv'}#{number}", "--horizon", 12)
        check(got["season"] == 24 and got["season_is"] == "found", (number, got["season"]))
        check([s["step"] for s in got["steps"]] == list(range(1, 13)), got["steps"])
        for step in got["steps"]:
            values = [step[name] for name in LEVELS]
            check(values == sorted(values) and all(map(math.isfinite, values)), step)
    given = ask("forecast", f"{DATA / 'forecast_past.csv'}#1", "--horizon", 12, "--season", 1)
    check(given["season_is"] == "none" and given["median_of"] in ("last", "theta"), given)


def coverage():
    """100 windows that were held out."""
    below, steps = dict.fromkeys(LEVELS, 0), 0
    for name, values in hourly().items():
        for k in range(25) if not DEAR else (0, 24):
            end = len(values) - HORIZON - 13 * k
            got = ask("forecast", f"{DATA / 'm4_hourly.csv'}#{name}[0:{end}]", "--horizon", HORIZON)
            for step in got["steps"]:
                steps += 1
                for level in LEVELS:
                    below[level] += values[end + step["step"] - 1] <= step[level]
    for level, share in LEVELS.items():
        check(DEAR or abs(below[level] / steps - share) <= 0.05, (level, below[level] / steps))


def weeks(folder):
    """Days that repeat a week later and not the day after, in three weeks and in less than two."""
    table = pathlib.Path(folder) / "weeks.csv"
    value = lambda t: 100 + 40 * math.sin(t % 24 * math.pi / 12) * (t // 24 % 7 < 5) + (t * 7919 % 13) / 13
    for days, by in ((21, "week"), (13, "seasonal")):
        table.write_text("value\n" + "".join(f"{value(t)}\n" for t in range(24 * days)))
        got = ask("forecast", table, "--horizon", 24, "--season", 24)
        check(got["errors_of"] == by, (days, got["errors_of"]))
        for step in got["steps"]:
            off = abs(step["median"] - value(24 * days + step["step"] - 1))
            check(off < 2 or by != "week", (days, step))


def quantile(errors, level):
    errors = sorted(errors)
    place = min(max(level * (len(errors) + 1) - 1, 0), len(errors) - 1)
    low = int(place)
    return errors[low] + (place - low) * (errors[min(low + 1, len(errors) - 1)] - errors[low])


def conformal(folder):
    """A walk that went up by chance: the quantiles of the last value's errors, a fifth of the way to both signs'."""
    chance, walk = random.Random(7), [50.0]
    for _ in range(80):
        walk.append(walk[-1] + 0.3 + chance.gauss(0, 1))
    table = pathlib.Path(folder) / "walk.csv"
    table.write_text("value\n" + "".join(f"{v!r}\n" for v in walk))
    got = ask("forecast", table, "--horizon", 1, "--season", 1)
    unit = lambda end: sum(map(abs, walk[max(0, end - 64):end])) / min(64, end)
    errors = [(walk[end] - walk[end - 1]) / unit(end) for end in range(8, len(walk))]
    check(got["errors_of"] == "last" and got["tried"] == len(errors), got)
    for name, level in LEVELS.items():
        error = 0.8 * quantile(errors, level) + 0.2 * quantile(errors + [-e for e in errors], level)
        want = walk[-1] + unit(len(walk)) * error
        check(abs(got["steps"][0][name] - want) < 1e-9, (name, got["steps"][0][name], want))


def files(folder):
    svg, table, out = (pathlib.Path(folder) / name for name in ("f.svg", "f.csv", "f.json"))
    run("forecast", f"{DATA / 'm4_hourly.csv'}#H10", "--horizon", 48, "--svg", svg, "--csv", table, "-o", out)
    got = json.loads(out.read_text())
    rows = list(csv.DictReader(table.open()))
    check(len(rows) == 48 and list(rows[0]) == ["step", *LEVELS], rows[0])
    for row, step in zip(rows, got["steps"]):
        check(all(abs(float(row[name]) - step[name]) < 1e-6 * abs(step[name]) for name in LEVELS), row)
    page = xml.dom.minidom.parse(str(svg))
    lines = {p.getAttribute("class"): p.getAttribute("d") for p in page.getElementsByTagName("path")}
    points = [tuple(map(float, p.split())) for p in re.findall(r"[ML]([-\d. ]+)", lines["c"])]
    check(len(points) == 48, "a point a step")
    # heights of the median are linear in its values
    values = [s["median"] for s in got["steps"]]
    low, high = min(range(48), key=values.__getitem__), max(range(48), key=values.__getitem__)
    scale = (points[high][1] - points[low][1]) / (values[high] - values[low])
    for (_, y), v in zip(points, values):
        check(abs(points[low][1] + scale * (v - values[low]) - y) < 0.11, "the median is drawn where it is")
    check(len(page.getElementsByTagName("path")) > 6 and "50, 80 and 90" in svg.read_text(), "title and bands")


def with_evidence(folder):
    rows = list(csv.reader(open(DATA / "forecast_past.csv", encoding="utf-8")))
    hours = [row for row in rows if row[0].startswith("H")]
    train, evidence = pathlib.Path(folder) / "train.csv", pathlib.Path(folder) / "f.evidence"
    train.write_text("\n".join(",".join(row) for row in [rows[0], *hours[:20]]) + "\n")
    ask("train", "--stage", "forecast", "--data", train, "--horizon", 24, "--out", evidence)
    got = ask("forecast", f"{DATA / 'forecast_past.csv'}#{hours[22][0]}", "--horizon", 12, "--evidence", evidence)
    check(got["median_of"] == got["errors_of"] == "evidence" and got["season"] == 24, got)
    refuse(2, ["24 steps"], "forecast", f"{DATA / 'forecast_past.csv'}#1", "--horizon", 48, "--evidence", evidence)


def with_model():
    past = f"{DATA / 'forecast_past.csv'}#1[-40:]"
    for steps, reward in ((2, "logprob"), (4, "forecast:horizon=4,season=1,level=1")):
        got = ask("forecast", past, "--horizon", steps, "-m", TINY, "--points", 6, "--rollouts", 3, "--raw", "--season",
                  1)
        check(got["median_of"] == "the model's answers" and got["reward"] == reward, got)
        alone = ask("forecast", past, "--horizon", steps, "--season", 1)
        for a, b in zip(got["steps"], alone["steps"]):
            moved = a["median"] - b["median"]
            check(all(abs(a[name] - b[name] - moved) < 1e-6 for name in LEVELS), "the spread stays")


def labelled(folder):
    rows = list(csv.reader(open(DATA / "har.csv", encoding="utf-8")))
    train = pathlib.Path(folder) / "har.csv"
    held = rows[5::9] # the labels come in turns of seven
    with train.open("w", newline="") as out:
        csv.writer(out).writerows(row for row in rows if row not in held)
    evidence = pathlib.Path(folder) / "har.evidence"
    ask("train", "--stage", "har", "--data", train, "--out", evidence)
    right = 0
    for row in held:
        where = f"{DATA / 'har.csv'}#{rows.index(row)}"
        got = ask("classify", where, "--evidence", evidence)
        check(abs(sum(o["probability"] for o in got["labels"]) - 1) < 1e-9, got)
        right += got["best"] == row[0]
        if row is held[0]:
            learnt = ask("classify", where, "--train", train)
            check(learnt["labels"] == got["labels"], (learnt, got))
            both = ask("classify", where, "--evidence", evidence, "-m", TINY, "--points", 2, "--raw")
            odds = {o["label"]: o["probability"] for o in both["labels"]}
            most = max(both["labels"], key=lambda o: o["model"])["label"] # nearly all of the model's probability
            by = {o["label"]: odds[o["label"]] / o["probability"] for o in got["labels"]}
            check(both["best"] == got["best"] != most and 1 < by[most] / by[got["best"]] < 3, (got, both))
    check(right >= 0.6 * len(held), f"{right} of {len(held)}")
    refuse(2, ["learn"], "classify", f"{DATA / 'har.csv'}#1", "--train", train)
    refuse(2, ["knows no label 'swim'"], "classify", f"{DATA / 'har.csv'}#{rows.index(held[0])}", "--train", train,
           "--labels", "swim,row")


def any_labels(folder):
    """Tables of one's own: lists or plain numbers, labels and groups in columns that are named."""
    rows = list(csv.reader(open(DATA / "har.csv", encoding="utf-8")))
    lists, wide, evidence = (pathlib.Path(folder) / name for name in ("lists.csv", "wide.csv", "own.evidence"))
    with lists.open("w", newline="") as out:
        csv.writer(out).writerows([["doing", "who", *rows[0][1:]],
                                   *([r[0], f"p{i // 7 % 5}", *r[1:]] for i, r in enumerate(rows[1:]))])
    about = ask("train", "--labels", "doing", "--group", "who", "--data", lists, "--out", evidence)
    check(about["groups"] == 5 and about["label_column"] == "doing" and about["group_column"] == "who", about)
    check(about["labels"] == {r[0]: sum(q[0] == r[0] for q in rows[1:]) for r in rows[1:]}, about)
    turned = pathlib.Path(folder) / "turned.csv"
    steps = zip(*(json.loads(cell) for cell in rows[1][1:4]))
    turned.write_text("z_axis,y_axis,x_axis\n" + "".join(f"{z + 0.01},{y},{x}\n" for x, y, z in steps))
    refuse(2, ["channel 1 is z_axis; learnt was x_axis in its place"], "classify", turned, "--evidence", evidence)
    same = ask("train", "--stage", "har", "--data", DATA / "har.csv", "--out", pathlib.Path(folder) / "har2.evidence")
    check(same["samples"] == about["samples"] and same["labels"] == about["labels"], (same, about))
    with wide.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["id", *(f"v{t}" for t in range(32)), "kind"])
        for i in range(60):
            table.writerow([f"s{i}", *(round(math.sin(t * (0.3 if i % 2 else 1.1) + i), 4) for t in range(32)),
                            "slow" if i % 2 else "fast"])
    about = ask("train", "--labels", "kind", "--data", wide, "--out", evidence)
    check(about["samples"] == 60 and about["held_out"]["accuracy"]["mean"] > 0.9, about)
    one = pathlib.Path(folder) / "one.csv"
    one.write_text("v\n" + "\n".join(str(round(math.sin(t * 0.3 + 0.7), 4)) for t in range(32)) + "\n")
    check(ask("classify", one, "--evidence", evidence)["best"] == "slow", "a slow wave")
    train = ["train", "--data", wide, "--out", evidence]
    refuse(2, ["no column is called 'sort'", "id, v0"], *train, "--labels", "sort")
    refuse(2, ["no column is called 'who'"], *train, "--labels", "kind", "--group", "who")
    refuse(2, ["--stage is missing", "--labels"], *train)
    refuse(2, ["--group goes with --labels"], *train, "--stage", "har", "--group", "id")
    refuse(2, ["says itself"], *train, "--stage", "har", "--labels", "kind")
    refuse(1, ["column 34 (kind) is not called like the 32 values"], *train, "--labels", "id")


def held_apart(folder):
    """What is learnt of noise is nothing, though each series be there five times; and what cannot be held out at all is
    said."""
    chance = random.Random(1)
    rows = [[chance.choice("ab"), *(round(chance.gauss(0, 1), 4) for _ in range(24))] for _ in range(40)]
    table, evidence = pathlib.Path(folder) / "noise.csv", pathlib.Path(folder) / "noise.evidence"
    train = ["train", "--data", table, "--out", evidence, "--labels", "label"]

    def write(some):
        with table.open("w", newline="") as out:
            csv.writer(out).writerows([["label", *(f"v{t}" for t in range(24))], *some])
    write(rows)
    once = ask(*train)
    check("repeated" not in once and once["groups"] == 8, once)
    many = rows * 5
    chance.shuffle(many)
    write(many)
    often = ask(*train)
    check(often["repeated"] == 160 and often["groups"] == 8, often)
    check(often["held_out"]["accuracy"]["mean"] < 0.7 > once["held_out"]["accuracy"]["mean"], (once, often))
    refuse(2, ["no label has series in two groups"], *train, "--group", "label")
    leaning = sorted([f"c{i % 6}", *(round(chance.gauss(i % 6, 1), 4) for _ in range(24))] for i in range(120))
    write(leaning)
    in_order = ask(*train)["held_out"]["accuracy"]
    chance.shuffle(leaning)
    write(leaning)
    check(abs(ask(*train)["held_out"]["accuracy"]["mean"] - in_order["mean"]) < 0.15, in_order)
    write([[r[0], *(v * 1e-9 for v in r[1:])] for r in rows])
    refuse(2, ["all values lie within", "smaller unit"], *train)


def classified_by_model(folder):
    path = pathlib.Path(folder) / "short.csv"
    path.write_text("v\n" + "\n".join(str(v) for v in (1, 2, 3, 2, 1, 2, 3, 2)) + "\n")
    got = ask("classify", path, "-m", TINY, "--labels", "up,flat")
    prompt = ("A time series of 8 values:\nv: 1.00, 2.00, 3.00, 2.00, 1.00, 2.00, 3.00, 2.00\nWhat is it? Say what you "
              "see, then end with \"Answer: \" and one of up or flat.")
    alone = ask("choose", "-m", TINY, "-p", prompt, "Answer: up", "Answer: flat")
    for one, option in zip(got["labels"], alone["options"]):
        check(abs(one["probability"] - option["probability"]) < 1e-9, (got, alone))
    for command in (["caption", path], ["ask", path, "Does it rise?"]):
        few = [*command, "-m", TINY, "--rollouts", 3, "-n", 8]
        said = ask(*few, "--json", "--quiet")
        check(set(said) >= {"answer", "reward", "claims_true", "claims_false", "nfe"}, said)
        text = run(*few)
        check(text.returncode == 0 and text.stdout.endswith(b"\n"), text)
        check((b"no statement that holds" in text.stderr) == (command[0] == "ask" and said["reward"] <= 0), text)
        if pathlib.Path("/dev/full").exists():
            with open("/dev/full", "wb") as full:
                text = run(*few, stdout=full)
            check(text.returncode == 1 and text.stderr.count(b"\n") == 1, text)


def refusals():
    one = DATA / "m4_hourly.csv"
    refuse(2, ["--horizon"], "forecast", f"{one}#H10")
    refuse(2, ["4 channels", "--column"], "forecast", one, "--horizon", 3)
    refuse(2, ["need"], "forecast", f"{one}#H10[0:20]", "--horizon", 12)
    refuse(2, ["which series"], "forecast", "--horizon", 3)
    refuse(2, ["--labels"], "classify", f"{one}#H10")
    refuse(2, ["nothing tells"], "classify", f"{one}#H10", "--labels", "a,b")
    refuse(2, ["label 2 is empty"], "classify", f"{one}#H10", "--labels", "a, ", "-m", TINY)
    refuse(2, ["label 3 is label 1 again", "'a'"], "classify", f"{one}#H10", "--labels", "a,b, a", "-m", TINY)
    refuse(2, ["what?"], "ask", f"{one}#H10", "-m", TINY)
    refuse(2, ["what?"], "ask", f"{one}#H10", "", "-m", TINY)


def main():
    with work_dir() as folder:
        forecasts()
        coverage()
        weeks(folder)
        conformal(folder)
        files(folder)
        with_evidence(folder)
        with_model()
        labelled(folder)
        any_labels(folder)
        held_apart(folder)
        classified_by_model(folder)
        refusals()
    finish(250 if DEAR else 300)


if __name__ == "__main__":
    main()
