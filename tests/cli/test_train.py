#!/usr/bin/env python3
"""maxts train: evidence from made-up activity, the same bytes again, and what eval does with it."""
import csv
import gzip
import json
import math
import pathlib
import random
import struct

from program import DEAR, TINY, ask, check, finish, refuse, run, work_dir

KINDS = {"rest": 0, "walk": 0.5, "run": 1.1}
PEOPLE, EACH, LENGTH = 4, 5, 32


def write(path, people, seed, ids=True, swing=0.4, shuffled=False):
    """Windows of three axes in g: a person's own way of standing, and swings as fast as what they do."""
    chance = random.Random(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow((["id"] if ids else []) + ["label", "x_axis", "y_axis", "z_axis"])
        for person in range(people):
            lean = chance.uniform(-0.2, 0.2)
            for label, step in KINDS.items():
                for _ in range(EACH):
                    phase = chance.uniform(0, 6)
                    axes = [[1 + chance.gauss(0, 0.05) + (swing * math.sin(phase + step * t) if step else 0)
                             for t in range(LENGTH)],
                            [lean + chance.gauss(0, 0.05) for _ in range(LENGTH)],
                            [chance.gauss(0, 0.05) for _ in range(LENGTH)]]
                    said = chance.choice(list(KINDS)) if shuffled else label
                    row = [said] + [str([round(v, 3) for v in axis]) for axis in axes]
                    out.writerow(([f"person{person}"] if ids else []) + row)


def trained(folder):
    evidence = folder / "a.evidence"
    about = ask("train", "--stage", "har", "--data", folder / "train.csv", "--out", evidence)
    check(about["samples"] == PEOPLE * 3 * EACH and about["groups"] == about["folds"] == PEOPLE, about)
    check(about["labels"] == {kind: PEOPLE * EACH for kind in KINDS} and about["stage"] == "har", about)
    check(about["held_out"]["accuracy"]["mean"] >= 0.9, about)
    check(all(s["low"] <= s["mean"] <= s["high"] for s in about["held_out"].values()), about)
    check(evidence.stat().st_size < 1e6, "a small file")
    for threads in ("3",) if DEAR else ("1", "3"):
        again = folder / f"{threads}.evidence"
        ask("train", "--stage", "har", "--data", folder / "train.csv", "--out", again,
            env={"OMP_NUM_THREADS": threads})
        check(again.read_bytes() == evidence.read_bytes(), f"{threads} threads change nothing")
    blocks = ask("train", "--stage", "har", "--data", folder / "nobody.csv", "--out", folder / "b.evidence")
    check(blocks["groups"] == 8 and blocks["held_out"]["accuracy"]["mean"] >= 0.9, blocks)


def declared(folder, evidence):
    """What may be answered does not follow from the file that is tested: where all of it is one kind, the others are
    still there to be said, and without a reward this model says one of them."""
    rows = list(csv.reader(open(folder / "test.csv", encoding="utf-8")))
    walks, named = folder / "walks.csv", rows[0].index("label")
    with open(walks, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([rows[0]] + [row for row in rows[1:] if row[named] == "walk"])
    ones = ["eval", "-m", TINY, "--stage", "har", "--data", walks, "--points", 2, "-n", 48, "--samples", 2, "--lambda",
            0, "--rollouts", 4]
    for name, extra in (("e", ["--train", evidence]), ("a", ["--answers", "rest,walk,run"])):
        out = folder / f"walks_{name}.jsonl"
        ask(*ones, *extra, "--out", out)
        records = [json.loads(line) for line in open(out, encoding="utf-8")][1:]
        check(all(r["scores"]["predicted"] == "rest" for r in records), "what this model likes to say")
    refuse(1, ["labelled 'walk'", "none of the options"], *ones, "--answers", "rest,run", "--out", folder / "o.jsonl")
    refuse(2, ["no choice"], *ones, "--answers", "walk", "--out", folder / "o.jsonl")
    refuse(2, ["answer 2 is answer 1 again"], *ones, "--answers", "walk,walk", "--out", folder / "o.jsonl")
    refuse(2, ["answers of its own"], "eval", "-m", TINY, "--stage", "tsqa", "--data", walks, "--answers", "a,b",
           "--out", folder / "o.jsonl")


def evaluated(folder):
    evidence, out = folder / "a.evidence", folder / "har.jsonl"
    plain = ["eval", "-m", TINY, "--stage", "har", "--data", folder / "test.csv", "--points", 2, "-n", 48, "--samples",
             0]
    found = ask(*plain, "--train", evidence, "--method", "reward-alone,best-of-n", "--rollouts", 12, "--out", out)
    alone, best = found["rows"]
    check(alone["method"] == "reward-alone" and alone["accuracy"]["mean"] >= 0.9 and alone["nfe"]["mean"] == 0, alone)
    check(best["missing"] == 0, "the constraint lets nothing but options through, the cut none of them out")
    declared(folder, evidence)
    refuse(2, ["learnt from"], "eval", "-m", TINY, "--stage", "har", "--data", folder / "train.csv", "--points", 2,
           "-n", 48, "--train", evidence, "--method", "reward-alone", "--out", folder / "seen.jsonl")
    packed = folder / "packed.csv.gz" # the same series in another file, and after others
    train, test = ((folder / name).read_text(encoding="utf-8") for name in ("train.csv", "test.csv"))
    packed.write_bytes(gzip.compress((train + test.split("\n", 1)[1]).encode()))
    for seen in folder / "test.csv", packed:
        refuse(2, ["--train", "very series of sample har:1 "], *plain, "--train", seen, "--out", folder / "same.jsonl")
    refuse(2, ["another stage"], "eval", "-m", TINY, "--stage", "m4", "--data", folder / "test.csv", "--method",
           "reward-alone", "--out", folder / "other.jsonl")


def led(folder):
    """Evidence that is not sure, and a model that has a taste for one of its classes: the searched answers are the
    evidence's. At lambda 1 and without its prior the model has them all; lessons that teach nothing leave it that."""
    write(folder / "faint.csv", 8, 3, swing=0.05)
    write(folder / "faint_test.csv", 4, 4, swing=0.05)
    write(folder / "shuffled.csv", 8, 5, shuffled=True)
    faint, shuffled = folder / "faint.evidence", folder / "shuffled.evidence"
    about = ask("train", "--stage", "har", "--data", folder / "faint.csv", "--out", faint)
    check(0.4 < about["held_out"]["accuracy"]["mean"] < 0.9, about)
    ask("train", "--stage", "har", "--data", folder / "shuffled.csv", "--out", shuffled)
    plain = ["eval", "-m", TINY, "--stage", "har", "--data", folder / "faint_test.csv", "--points", 2, "-n", 48,
             "--samples", 0, "--method", "reward-alone,maxent-ts", "--rollouts", 12]
    runs = {}
    for name, extra in (("led", ["--train", faint]), ("bayes", ["--train", faint, "--reward", "evidence:{train}"]),
                        ("wrong", ["--train", shuffled]), ("model", [])):
        out = folder / f"led_{name}.jsonl"
        ask(*plain, *extra, "--out", out)
        head, *records = [json.loads(line) for line in open(out, encoding="utf-8")]
        runs[name] = head, [r for r in records if r["method"] == "maxent-ts"], [r for r in records if "lambda" not in r]

    def said(records):
        return [r["scores"]["predicted"] for r in records]

    def right(records):
        return sum(r["correct"] for r in records) / len(records)

    head, searched, alone = runs["led"]
    check(head["reward"] == "evidence:{train},prior=1" and all(r["lambda"] == 30 for r in searched), head)
    check(sum(a == b for a, b in zip(said(searched), said(alone))) >= 0.9 * len(alone), (said(searched), said(alone)))
    check(right(searched) > right(alone) - 0.05 > right(runs["bayes"][1]) + 0.1, [right(r[1]) for r in runs.values()])
    head, searched, _ = runs["wrong"]
    check(head["reward"] == "evidence:{train}" and all(r["lambda"] == 1 for r in searched), head)
    check(said(searched) == said(runs["model"][1]), "what knows nothing leaves the model its answers")


def forecasts(folder):
    """Series of one period, which no baseline that knows no season can follow."""
    rows = [[f"W{i}"] + [round((60 + i) * (1 + 0.3 * math.sin(0.7853981634 * (t + i))) + 0.1 * ((7 * t) % 5), 2)
                         for t in range(100)] for i in range(20)]
    for name, part in (("past.csv", lambda v: v[:96]), ("future.csv", lambda v: v[96:])):
        with open(folder / name, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["id"] + [f"V{i}" for i in range(len(part(rows[0][1:])))]] +
                                       [[r[0]] + part(r[1:]) for r in rows])
    mixed = folder / "mixed.csv"
    mixed.write_text("id,V1,V2,V3\nW1,1,2,3\nH2,1,2,3\n")
    refuse(2, ["series 2 (H2) has a season of 24"], "train", "--stage", "forecast", "--data", mixed, "--horizon", 1,
           "--out", folder / "m.evidence")
    evidence = folder / "f.evidence"
    about = ask("train", "--stage", "forecast", "--data", folder / "past.csv", "--horizon", 4, "--out", evidence)
    worth = about["last_values_smape"]
    check(about["falls_back"] is False and about["season"] == 1 and worth["last"] > 10, about)
    check(all(m["smape"] < m["baseline_smape"] for m in worth["models"]), worth)
    found = ask("eval", "-m", TINY, "--raw", "--stage", "forecast", "--data", folder / "past.csv", "--more",
                folder / "future.csv", "--train", evidence, "--points", 2, "--method", "naive,reward-alone",
                "--samples", 0, "--out", folder / "f.jsonl")
    naive, alone = (r["smape"]["mean"] for r in found["rows"])
    check(alone < 3 < 10 < naive, (alone, naive))
    # a model that knows nothing of numbers writes the evidence's, however unlikely it holds them
    found = ask("eval", "-m", TINY, "--raw", "--stage", "forecast", "--data", folder / "past.csv", "--more",
                folder / "future.csv", "--train", evidence, "--points", 2, "--method", "reward-alone,maxent-ts",
                "--samples", 3, "--rollouts", 4, "--out", folder / "s.jsonl")
    alone, searched = (r["smape"]["mean"] for r in found["rows"])
    check(searched < alone + 0.1, (alone, searched))
    # nothing else said: a short prompt and few rollouts do
    out = folder / "short.jsonl"
    found = ask("eval", "-m", TINY, "--raw", "--stage", "forecast", "--data", folder / "past.csv", "--more",
                folder / "future.csv", "--train", evidence, "--method", "reward-alone,maxent-ts", "--samples", 2,
                "--out", out)
    alone, searched = (r["smape"]["mean"] for r in found["rows"])
    records = [r for r in map(json.loads, open(out, encoding="utf-8")) if r.get("method") == "maxent-ts"]
    check(searched < alone + 0.1 and all(r["rollouts_done"] == 4 and r["prompt_tokens"] < 200 for r in records),
          [(r["rollouts_done"], r["prompt_tokens"]) for r in records])
    refuse(2, ["--horizon"], "train", "--stage", "forecast", "--data", folder / "past.csv", "--out", evidence)
    refuse(2, ["--more"], "train", "--stage", "forecast", "--data", folder / "past.csv", "--horizon", 4, "--more",
           folder / "future.csv", "--out", evidence)


RATE, HALF = 100, 40 # a record: so many seconds of each rhythm
NORMAL, VENTRICULAR, RHYTHM, NOTE = 1, 5, 28, 63


def write_record(folder, name, seed):
    """One lead at 100 Hz: regular beats of which some are early, wide and turned over; then irregular ones."""
    chance = random.Random(seed)
    lead, notes = [0.0] * (2 * HALF * RATE), [(0, RHYTHM, b"(N"), (HALF * RATE, RHYTHM, b"(AFIB")]
    now, number = 0.5, 0
    while now < 2 * HALF - 1:
        regular, odd = now < HALF, now < HALF - 2 and number % 7 == 3
        size, width = (-1.2, 0.05) if odd else (1, 0.016)
        for t in range(int((now - 0.3) * RATE), int((now + 0.3) * RATE)):
            lead[t] += size * math.exp(-((t / RATE - now) / width) ** 2 / 2)
        notes.append((int(now * RATE), VENTRICULAR if odd else NORMAL, b""))
        number += 1
        now += (0.5 if number % 7 == 3 else 1.1 if odd else 0.8) if regular else chance.uniform(0.4, 1.2)
    values = [round(1000 * (v + chance.gauss(0, 0.01))) for v in lead]
    checksum = (sum(values) + 32768) % 65536 - 32768
    (folder / f"{name}.dat").write_bytes(struct.pack(f"<{len(values)}h", *values))
    (folder / f"{name}.hea").write_text(f"{name} 1 {RATE} {len(values)}\n"
                                        f"{name}.dat 16 1000(0)/mV 16 0 {values[0]} {checksum} 0 II\n")
    out, last = b"", 0
    for sample, code, text in sorted(notes):
        gap = sample - last
        out += struct.pack("<HHH", 59 << 10, gap >> 16, gap & 0xffff) + struct.pack("<H", code << 10)
        out += (struct.pack("<H", NOTE << 10 | len(text)) + text + b"\0" * (len(text) % 2)) if text else b""
        last = sample
    (folder / f"{name}.atr").write_bytes(out + b"\0\0")


def hearts(folder):
    """WFDB records: windows by rhythm, and beats one by one, each record by the others."""
    records = folder / "records"
    records.mkdir()
    for number in range(4):
        write_record(records, f"r{number}", number)
    evidence = folder / "rhythm.evidence"
    about = ask("train", "--labels", "rhythm", "--data", records, "--out", evidence)
    check(about["groups"] == 4 and about["features"] == "beats" and "single_beats_held_out" not in about, about)
    check(about["labels"] == {"N": 16, "AFIB": 16} and about["held_out"]["accuracy"]["mean"] > 0.9, about)
    refuse(2, ["labelled by rhythm"], "train", "--labels", "beat", "--data", records, "--out", evidence)
    beats = ask("train", "--stage", "ecg", "--data", records, "--out", folder / "h.evidence")["single_beats_held_out"]
    check(beats["records"] == 4 and beats["right"] + beats["missed"] == 28 and beats["f1"]["low"] > 0.8, beats)
    write_record(records, "other", 9)
    tells = ["classify", records / "other.hea", "--evidence", folder / "h.evidence", "--beats"]
    told = ask(*tells)
    odd = [beat for beat in told["beats"] if beat["ventricular"]]
    check(len(told["beats"]) == told["count"] > 60 and len(odd) == told["ventricular"] and 6 <= len(odd) <= 8, told)
    check(all(beat["at"] == round(RATE * beat["seconds"]) and beat["score"] > 0 for beat in odd), odd)
    refuse(2, ["without --model"], *tells, "--labels", "a,b")
    refuse(2, ["annotated records"], *tells[:3], evidence, "--beats")


ASKED = {"Which way does the series go?": (("Upward", 0.1), ("Downward", -0.1)),
         "Has it an upward or a downward trend?": (("Downward", -0.1), ("Upward", 0.1))}


def write_questions(path, count, seed):
    chance, questions = random.Random(seed), []
    for number in range(count):
        wording, answers = list(ASKED.items())[number % 2]
        right = answers[number // 2 % 2]
        questions.append({"question": wording, "options": [text for text, _ in answers], "answer": right[0],
                          "ts": [round(right[1] * t + chance.gauss(0, 1), 3) for t in range(80)]})
    path.write_text(json.dumps(questions))


def answered(folder):
    """Questions: what statements are worth, held out by wording, and asked of others."""
    evidence, other = folder / "q.evidence", folder / "other.json"
    write_questions(folder / "asked.json", 16, 1)
    write_questions(other, 8, 2)
    held = ask("train", "--stage", "tsqa", "--data", folder / "asked.json", "--out", evidence)["held_out"]
    check(held["accuracy"]["low"] > 0.9 and held["above_commonest"]["low"] > 0.3, held)
    asks = ["eval", "-m", TINY, "--stage", "tsqa", "--points", 2, "-n", 48, "--train", evidence, "--samples", 0,
            "--method", "reward-alone"]
    told = ask(*asks, "--data", other, "--out", folder / "q.jsonl")["rows"][0]["accuracy"]["mean"]
    check(told == 1, told)
    refuse(2, ["learnt from"], *asks, "--data", folder / "asked.json", "--out", folder / "q2.jsonl")
    refuse(2, ["FILE|QUESTION|A|B"], *asks, "--data", other, "--reward", "evidence:{train}", "--out",
           folder / "q3.jsonl")


def refused(folder):
    train = ["train", "--stage", "har", "--data", folder / "train.csv", "--out", folder / "x.evidence"]
    for missing in "--stage", "--data", "--out":
        at = train.index(missing)
        refuse(2, [f"{missing} is missing"], *train[:at], *train[at + 2:])
    refuse(2, ["no classes"], "train", "--stage", "m4", "--data", folder / "train.csv", "--out", folder / "x.evidence")
    refuse(1, ["none.csv"], "train", "--stage", "har", "--data", folder / "none.csv", "--out", folder / "x.evidence")
    check(not (folder / "x.evidence").exists(), "what was refused leaves no file")
    torn = (folder / "a.evidence").read_bytes()[:-40]
    (folder / "torn.evidence").write_bytes(torn)
    done = run("search", "-m", TINY, "-p", "x", "-n", 2, "--raw", "--series", folder / "plain.csv", "--reward",
               f"evidence:{folder / 'torn.evidence'}")
    check(done.returncode == 1 and b"torn.evidence" in done.stderr, done)


def main():
    with work_dir() as name:
        folder = pathlib.Path(name)
        write(folder / "train.csv", PEOPLE, 1)
        write(folder / "nobody.csv", PEOPLE, 2, ids=False)
        write(folder / "test.csv", 2, 3)
        (folder / "plain.csv").write_text("1\n2\n3\n")
        trained(folder)
        evaluated(folder)
        led(folder)
        forecasts(folder)
        hearts(folder)
        answered(folder)
        refused(folder)
    finish(72)


if __name__ == "__main__":
    main()
