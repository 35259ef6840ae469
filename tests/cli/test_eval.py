#!/usr/bin/env python3
"""maxts eval: grids, records, scores, and that neither kills nor shards change a byte of them."""
import collections
import json
import math
import re
import signal
import time

from program import (DEAR, PROGRAM, ROOT, TINY, ask, check, end_when, finish, lines_in, refuse, run, work_dir,
                     write_table)

DATA = ROOT / "data"
M4 = ["eval", "-m", TINY, "--stage", "m4", "--data", DATA / "m4.csv", "--points", 4, "-n", 8, "--rollouts", 3]
FORECAST = ["eval", "-m", TINY, "--stage", "forecast", "--data", DATA / "forecast_past.csv", "--more",
            DATA / "forecast_future.csv", "--horizon", 4, "--context", 24, "--samples", 2]


def records(path):
    lines = path.read_text().splitlines()
    return json.loads(lines[0]), [json.loads(line) for line in lines[1:]]


def timeless(path):
    """The file's bytes without what the clock says."""
    text = re.sub(rb'"(prefill_)?seconds":[-+.0-9e]+', rb'"seconds":0', path.read_bytes())
    return re.sub(rb',"crc":"[0-9a-f]{8}"', b"", text)  # of a line with its seconds


def row(summary, method, variant=""):
    found = [r for r in summary["rows"] if r["method"] == method and r["variant"] == variant]
    check(len(found) == 1, f"{len(found)} rows of {method} {variant}")
    return found[0]


def grid(folder):
    out = folder / "grid.jsonl"
    summary = ask(*M4, "--samples", 2, "--method", "greedy,sample,mcts,maxent-ts", "--lambda", "1,4", "--expansion",
                  "2,3", "--seeds", "3..4,9", "--keep-trees", 1, "--out", out)
    head, all_of = records(out)
    keys = [r["key"] for r in all_of]
    variants = {"greedy": [""], "sample": ["lambda=1", "lambda=4"], "maxent-ts": ["lambda=1", "lambda=4"],
                "mcts": ["lambda=1,k=2", "lambda=4,k=2", "lambda=1,k=3", "lambda=4,k=3"]}
    expected = [f"{sample}|{method}|{variant}|{seed}" for sample in head["samples"]
                for method in ("greedy", "sample", "mcts", "maxent-ts")
                for variant in variants[method] for seed in ([3] if method == "greedy" else [3, 4, 9])]
    check(keys == expected, f"{keys} instead of {expected}")
    check(len(head["samples"]) == 2 and head["stage"] == "m4" and head["reward"] == "claims"
          and head["constraint"] is None, head)
    check(head["methods"] == ["greedy", "sample", "mcts", "maxent-ts"] and head["seeds"] == [3, 4, 9]
          and "shard" not in head, head)
    for r in all_of:
        check(r["key"] == f"{r['sample']}|{r['method']}|{r['variant']}|{r['seed']}", r["key"])
        check(r["stage"] == "m4" and r["rollouts"] == 3 and r["max_tokens"] == 8 and r["answer_rule"] == "best"
              and r["correct"] is None, r)
        check(r["scores"]["claims"] == r["scores"]["claims_true"] + r["scores"]["claims_false"], r["scores"])
        check(r["reward"] == r["best_reward"] and r["nfe"] > 0 and r["reward_calls"] > 0 and r["prompt_tokens"] > 50
              and r["tree"]["nodes"] > 1, r)
        check(r["length"] >= 1 and r["perplexity"] >= 1 and 0 < r["distinct_1"] <= 1 and 0 < r["seconds"] < 60, r)
        check(("explain" in r) == (r["sample"] == head["samples"][0]), "trees of the first sample alone")
    check([("series" in r) for r in all_of] == [r["key"] in (expected[0], expected[len(expected) // 2])
                                                for r in all_of], "a sample's first record has its series")
    check(any(r["lambda"] == 4 for r in all_of) and any(r["expansion"] == 2 for r in all_of), "the grid's values")
    check(summary["records"] == summary["expected"] == len(expected) and len(summary["rows"]) == 9, summary["rows"])
    check(row(summary, "maxent-ts", "lambda=4")["reward"]["n"] == 2, "a sample's seeds are one sample")
    node = all_of[0]["explain"]
    check(node[0]["depth"] == 0 and node[0]["token"] == "" and any(n["depth"] == 1 for n in node), node[:3])
    before = out.read_bytes()
    again = ask(*M4, "--samples", 2, "--method", "greedy,sample,mcts,maxent-ts", "--lambda", "1,4", "--expansion",
                "2,3", "--seeds", "3..4,9", "--keep-trees", 1, "--out", out)
    check(out.read_bytes() == before and again == summary, "a finished run has nothing to do")
    refuse(2, [str(out), "other settings"], *M4, "--samples", 2, "--method", "greedy", "--out", out)
    budget = ask(*M4[:-2], "--samples", 2, "--method", "sample,smc,beam,best-of-n,maxent-ts", "--nfe", 60, "--out",
                 folder / "nfe.jsonl")
    for r in records(folder / "nfe.jsonl")[1]:
        check(r["rollouts"] is None and 20 <= r["nfe"] <= 60, f"{r['key']}: {r['nfe']} positions of 60")
    check(len(budget["rows"]) == 5, "rows")


def classes(folder):
    """With the constraint every answer is an option; shares, votes and scores follow from the answers."""
    out = folder / "har.jsonl"
    summary = ask("eval", "-m", TINY, "--stage", "har", "--data", DATA / "har.csv", "--points", 2, "-n", 48,
                  "--rollouts", 6, "--samples", 8,
                  "--constraint", "answer", "--method", "greedy,sample,maxent-ts", "--out", out)
    head, all_of = records(out)
    check(head["reward"] == "option:{options}" and head["constraint"] == "answer", head)
    count = collections.Counter()
    for r in all_of:
        s = r["scores"]
        check(s["predicted"] is not None and abs(s["well_formed"] - 1) < 1e-9
              and r["answer"].strip().startswith("Answer: "), r)
        check(r["correct"] == (s["predicted"] == s["label"]) and r["truth"] == s["label"]
              and r["answer_rule"] == "vote", r)
        check(0 < s["share"] <= 1 + 1e-9 and r["reward"] == 1, r)
        count[r["method"]] += r["correct"]
    for method in ("greedy", "sample", "maxent-ts"):
        check(abs(row(summary, method)["accuracy"]["mean"] - count[method] / 8) < 1e-12,
              "accuracy is the mean of correct")
    spread = folder / "spread.jsonl"
    ask("eval", "-m", TINY, "--stage", "har", "--data", DATA / "har.csv", "--points", 2, "-n", 2, "--rollouts", 1,
        "--samples", 7, "--spread", "--out", spread)
    check(records(spread)[0]["samples"] == [f"har:{1 + 10 * i}" for i in range(7)] == [r["sample"]
                                                                                       for r in records(spread)[1]],
                                                                                       "evenly over 70")
    none = folder / "none.jsonl"
    missed = ask("eval", "-m", TINY, "--stage", "har", "--data", DATA / "har.csv", "--points", 2, "-n", 4,
                 "--rollouts", 2, "--samples", 2, "--constraint", "[0-9]{30}", "--out", none)
    check(row(missed, "maxent-ts")["missing"] == 2 and row(missed, "maxent-ts")["accuracy"]["mean"] == 0, missed)
    for r in records(none)[1]:
        check(r["answer"] is None and r["correct"] is False and r["stop_reason"] == "nothing"
              and r["scores"]["predicted"] is None, r)


def smape(actual, forecast):
    return sum(200 * abs(a - f) / (abs(a) + abs(f)) if abs(a) + abs(f) else 0
               for a, f in zip(actual, forecast)) / len(actual)


def forecasts(folder):
    out = folder / "forecast.jsonl"
    ask(*FORECAST, "--method", "naive,seasonal-naive,sample,maxent-ts", "--rollouts", 5, "--out", out)
    head, all_of = records(out)
    check(head["reward"] == "forecast:horizon={horizon},season={season},level=1" and head["constraint"] == "numbers",
          head)
    for r in all_of:
        check(len(r["output"]) == len(r["truth"]) == 4 and r["correct"] is None, r)
        check(abs(r["scores"]["smape"] - smape(r["truth"], r["output"])) < 1e-9, r["key"])
        check(r["scores"]["well_formed"] == 1, f"{r['key']}: {r['answer']}")
        check([float(v) for v in r["answer"].split(",")] == [float(f"{v:.6g}") for v in r["output"]], r["answer"])
        if "naive" in r["method"]:
            check(r["nfe"] == 0 and r["answer_rule"] == "naive" and "lambda" not in r, r)
            check(abs(r["scores"]["crps_scaled"] - r["scores"]["mase"]) < 1e-9 or r["scores"]["mase"] is None,
                  "a point's CRPS is its error")
        else:
            check(r["answer_rule"] == "median" and r["nfe"] > 0 and r["scores"]["crps"] >= 0, r)
    naive = [r for r in all_of if r["method"] == "naive"]
    check(all(len(set(r["output"])) == 1 for r in naive), "naive repeats one value")
    free = folder / "free.jsonl"
    ask(*FORECAST, "--method", "greedy", "-n", 5, "--constraint", "none", "--out", free)
    for r in records(free)[1]:
        check(r["scores"]["well_formed"] in (0, 1) and 0 <= r["scores"]["smape"] <= 200, r)


def tables(folder):
    table = write_table(folder)
    out = folder / "table.jsonl"
    summary = ask("eval", "-m", table, "--method", "greedy,sample,maxent-ts", "--lambda", 2, "--rollouts", 40,
                  "--seeds", "0..19", "--out", out)
    for r in records(out)[1]:
        if r["method"] == "maxent-ts": # few texts: all are seen, and all is exact
            check(abs(r["scores"]["log_z_error"]) < 1e-12 and r["scores"]["tv"] < 1e-12, r["scores"])
            check(abs(r["scores"]["value_error"] - r["scores"]["log_z_error"] / 2) < 1e-15, r["scores"])
    sample = row(summary, "sample")
    check(0.01 < sample["tv"]["mean"] < 0.9 and sample["records"] == 20, sample)
    check(sample["consistency"]["mean"] > 0.2 and row(summary, "greedy")["records"] == 1, summary)


def kills(folder):
    """Killed some times in the middle, and again after Ctrl-C."""
    samples, kills = (6, 4) if DEAR else (20, 10)
    command = [str(w) for w in [*M4, "--samples", samples, "--method", "greedy,best-of-n,smc,maxent-ts", "--seeds",
                                "0..2", "--out"]]
    whole, killed = folder / "whole.jsonl", folder / "killed.jsonl"
    ask(*command, whole)
    total = len(records(whole)[1])
    check(total == 10 * samples, f"{total} records")
    turn = tries = 0
    while turn <= kills:
        tries += 1
        check(tries < 40, "the program is always faster than its end")
        least = 1 + (turn + 1) * total // (kills + 3)
        sign = signal.SIGKILL if turn < kills else signal.SIGINT
        status, _, said = end_when(lambda: lines_in(killed) >= least, sign, *command, killed)
        if status == 0: # it was faster than the signal: once more
            killed.unlink()
            continue
        if turn < kills:
            check(status == -signal.SIGKILL, f"{status}: {said}")
        else:
            check(status == 1 and b"interrupted after" in said and b"goes on" in said, f"{status}: {said}")
        check(lines_in(killed) < total + 1, "killed before its end")
        turn += 1
    with killed.open("ab") as file: # as a power failure may leave it
        file.write(b'{"key":"m4:')
    summary = ask(*command, killed)
    check(summary["records"] == total, summary["records"])
    check(timeless(killed) == timeless(whole), "a run that was killed is not the run that was not")


def shards(folder):
    command = [*M4, "--samples", 7, "--method", "greedy,maxent-ts", "--seeds", "0,1"]
    whole, merged = folder / "one.jsonl", folder / "merged.jsonl"
    ask(*command, "--out", whole)
    parts = [folder / f"part{i}.jsonl" for i in range(3)]
    for i, part in enumerate(parts):
        ask(*command, "--shard", f"{i}/3", "--out", part)
    check(records(parts[1])[0]["shard"] == "1/3" and len(records(parts[1])[1]) == 2 * 3, "a part has its samples")
    summary = ask("eval", "--merge", merged, parts[2], parts[0], parts[1])
    check(timeless(merged) == timeless(whole), "the parts are not the whole")
    check(summary["records"] == summary["expected"] == 21, summary["records"])
    refuse(2, ["no journal has the record"], "eval", "--merge", merged, parts[0], parts[1])
    ask(*command[:-1], "0,2", "--shard", "2/3", "--out", folder / "other.jsonl")
    refuse(2, ["another run"], "eval", "--merge", merged, parts[0], parts[1], folder / "other.jsonl")


def failures(folder):
    """A sample that fails is named, and the others are not lost."""
    program = folder / "reward.py"
    program.write_text("import json, sys\n"
                       "for line in sys.stdin:\n"
                       "    bad = '43 values' in json.loads(line)['prompt'] or '512 values' not in "
                       "json.loads(line)['prompt']\n"
                       "    print(json.dumps({'error': 'no'} if bad else {'reward': 1}), flush=True)\n")
    out = folder / "failed.jsonl"
    command = [*M4, "--samples", 0, "--method", "greedy", "--reward", f"command:python3 {program}", "--out", out]
    done = run(*command)
    head, all_of = records(out)
    lost = [s for s in head["samples"] if s not in {r["sample"] for r in all_of}]
    check(done.returncode == 1 and lost and all_of, f"{done.returncode}, {len(lost)} failed of {len(head['samples'])}")
    said = done.stderr.decode()
    check(f"{len(lost)} of {len(head['samples'])} records failed; the first: {lost[0]}|greedy||0" in said, said)
    program.write_text(program.read_text().replace("bad else", "False else"))
    ask(*command)
    check(len(records(out)[1]) == len(head["samples"]), "what failed is done again")


def prompts(folder):
    """A data set's words are text, raw or in a chat; the day that templates are told is part of the run's head."""
    counts = []
    for word in ("Where", "<|im_end|>"):
        data = folder / "question.json"
        data.write_text(json.dumps([{"question": f"{word} is it?", "options": ["here", "there"], "answer": "here",
                                     "category": "place", "id": "a", "ts": [1, 2, 3, 4, 5, 6, 7, 8]}]))
        for more in (["--date", "2025-01-31"], ["--raw"]):
            out = folder / f"{len(counts)}.jsonl"
            ask("eval", "-m", TINY, "--stage", "tsqa", "--data", data, "-n", 4, "--rollouts", 1, "--out", out, *more)
            head, made = records(out)
            check(head["settings"].get("date") == ("2025-01-31" if "--date" in more else None), head)
            counts.append(made[0]["prompt_tokens"])
    check(counts[2] - counts[0] == counts[3] - counts[1] > 3, f"tokens of the prompts: {counts}")
    refuse(2, ["--date", "2020-02-30"], "eval", "-m", TINY, "--stage", "tsqa", "--data", data, "--date", "2020-02-30")
    refuse(2, ["--raw", "--date"], "eval", "-m", TINY, "--stage", "tsqa", "--data", data, "--raw", "--date",
           "2025-01-31", "--out", folder / "none.jsonl")
    refuse(2, ["day"], "eval", "-m", TINY, "--stage", "tsqa", "--data", data, "--date", "soon", "--out",
           folder / "soon.jsonl", "--rollouts", 1, "-n", 2)
    for option, words in (("--stage", ("har", "forecast")), ("--experiment", ("optimisations", "ablation:methods"))):
        line = next(l for l in run("eval", "--help").stdout.decode().replace("\n      ", " ").splitlines()
                    if option in l)
        check(all(w in line for w in words), line)


def experiments(folder):
    out = folder / "optimisations.jsonl"
    summary = ask(*M4[:-4], "--samples", 1, "--experiment", "optimisations", "--rollouts", "6,2", "--max-tokens",
                  "40,8", "--out", out)
    names = ["none", "rollouts", "tokens", "kv-cache", "end-stop", "batch", "kv-cache+end-stop", "all"]
    by_name = {r["variant"]: r for r in records(out)[1]}
    check([r["variant"] for r in summary["rows"]] == names, summary["rows"])
    none, cache = by_name["none"], by_name["kv-cache"]
    check(none["rollouts"] == 6 and none["max_tokens"] == 40 and none["recomputed"] > 50 * none["nfe"]
          and cache["recomputed"] == 0, none["recomputed"])
    same = ("nfe", "reward", "answer", "log_z", "decode_tokens", "tree", "perplexity")
    check(all(none[k] == cache[k] for k in same), "the cache changes no result")
    check(by_name["all"]["rollouts"] == 2 and by_name["all"]["max_tokens"] == 8
          and by_name["all"]["nfe"] < none["nfe"] / 5, "all together")
    table = {r["optimisation"]: r for r in summary["optimisations"]}
    check(list(table) == names and all(r["samples"] == 1 and r["scaled"] == 0 for r in table.values()), table)
    check(abs(table["all"]["times_faster"] - none["seconds"] / by_name["all"]["seconds"]) < 1e-9
          and table["none"]["times_faster"] == 1, table)
    cut = ask(*M4[:-4], "--samples", 1, "--experiment", "optimisations", "--seconds", 0.1, "--out",
              folder / "cut.jsonl")["optimisations"]
    check(cut[0]["scaled"] == 1 and cut[0]["positions"] <= 30 * 249 and cut[1]["positions"] == 10 * 249
          and cut[0]["seconds"] > 0.5, cut)
    words = ["search", "-m", TINY, "-p", "hello", "-n", 20, "--rollouts", 12, "--reward", "length:40"]
    off, on = ask(*words, "--kv-cache", "off"), ask(*words)
    strip = lambda a: {k: v for k, v in a.items() if "seconds" not in k and k != "kv"}
    check(strip(off) == strip(on) and off["kv"]["recomputed"] > 5 * off["nfe"], "search without the cache")
    ablation = ask(*M4[:-2], "--samples", 1, "--experiment", "ablation:rollouts", "--out", folder / "ablation.jsonl")
    check([r["variant"] for r in ablation["rows"]] == [f"rollouts={n}" for n in (5, 10, 20, 50)], ablation["rows"])


def budget(folder):
    """Positions go where the estimate is least certain; killed in either pass, the outcome is the same."""
    words = [*M4[:-2], "--samples", 12, "--method", "sample", "--reward", "length:40", "--lambda", 2, "--out"]
    least, whole, killed = folder / "least.jsonl", folder / "budget.jsonl", folder / "budget2.jsonl"
    ask(*words, least, "--rollouts", 4)
    first = records(least)[1]
    spent = sum(r["nfe"] for r in first)
    command = [*words, whole, "--rollouts", 4, "--total-nfe", 4 * spent]
    summary = ask(*command)
    after = records(whole)[1]
    total = sum(r["nfe"] for r in after)
    check(3.5 * spent < total < 4.5 * spent, f"{total} positions, not about {4 * spent}")
    check([r["key"] for r in after] == [r["key"] for r in first] and all(r["rollouts"] >= 4 for r in after),
          "every sample has its least")
    gain = [b["rollouts"] - a["rollouts"] for a, b in zip(first, after)]
    se = [a["log_z_se"] for a in first]
    order = sorted(range(12), key=lambda i: se[i])
    check(sum(gain[i] for i in order[6:]) > 1.2 * sum(gain[i] for i in order[:6]) >= 0, f"{gain} for {se}")
    check(sorted(p.name for p in folder.glob("budget.jsonl*")) == ["budget.jsonl"],
          "what is not needed any more is gone")
    most = max(range(12), key=lambda i: gain[i])
    alone = folder / "alone.jsonl"
    ask(*words, alone, "--rollouts", after[most]["rollouts"], "--in-flight", 4)
    same = ("nfe", "reward", "answer", "log_z", "log_z_se", "tree", "decode_tokens")
    check(all(records(alone)[1][most][k] == after[most][k] for k in same),
          "a search that went on is one that never stopped")
    check(ask(*command) == summary, "a finished run has nothing to do")
    command = [*words, killed, "--rollouts", 4, "--total-nfe", 4 * spent]
    first = folder / "budget2.jsonl.first"
    moments, tries = [(first, 5), (first, 9), (killed, 4), (killed, 9)], 0
    while moments:
        tries += 1
        check(tries < 40, "the program is always faster than its end")
        path, least = moments[0]
        status, _, said = end_when(lambda: lines_in(path) >= least, signal.SIGKILL, *command)
        if status == 0: # it was faster than the signal: once more
            killed.unlink()
            continue
        check(status == -signal.SIGKILL, f"{status}: {said}")
        moments.pop(0)
    ask(*command)
    check(timeless(killed) == timeless(whole), "a killed budget is spent otherwise")
    refuse(2, ["--total-nfe"], *M4, "--total-nfe", 900, "--method", "smc", "--out", killed)
    waves = [*M4[:-2], "--samples", 1, "--method", "maxent-ts", "--reward", "length", "--rollouts", 6, "--out"]
    plain, shared, further, whole = (folder / f"waves{i}.jsonl" for i in range(4))
    ask(*waves, plain)
    ask(*waves, shared, "--total-nfe", 1)
    check(records(plain)[1][0]["log_z"] == records(shared)[1][0]["log_z"],
          "a shared budget's first pass is the search without one")
    ask(*waves, further, "--total-nfe", 300)
    more = records(further)[1][0]
    check(more["rollouts"] > 6, more["rollouts"])
    ask(*waves[:-3], "--rollouts", more["rollouts"], "--in-flight", 4, "--out", whole)
    check(records(whole)[1][0]["log_z"] == more["log_z"], "and its second goes on as it began")
    refuse(2, ["--total-nfe"], *M4, "--total-nfe", 900, "--seeds", "0,1", "--out", killed)


def requests(folder):
    out = folder / "refused.jsonl"
    table = write_table(folder)
    for words, *args in [
        (["--stage"], "-m", TINY), (["--data"], "-m", TINY, "--stage", "har"),
        (["unknown"], "-m", TINY, "--stage", "x", "--data", "y"),
        (["'fast'", "--method"], *M4[1:], "--method", "greedy,fast"), (["--lambda", "'1x'"], *M4[1:], "--lambda",
                                                                       "2,1x"),
        (["--seeds", "'5..1'"], *M4[1:], "--seeds", "5..1"),
        (["--seeds", "3 is named twice"], *M4[1:], "--seeds", "3..5,1,2..3"),
        (["--shard", "'2/2'"], *M4[1:], "--shard", "2/2"),
        (["{train}"], *M4[1:], "--reward", "class-spectral:{train}"), (["--nfe", "--rollouts"], *M4[1:], "--nfe", 9),
        (["stage forecast"], *M4[1:], "--constraint", "numbers"), (["takes no data"], "-m", table, "--data", "x"),
        (["twice"], *M4[1:], "--method", "smc,smc"), (["naive"], *M4[1:], "--method", "naive"),
        (["'x'", "--experiment", "ablation:methods"], *M4[1:], "--experiment", "x"),
        (["ablation:lamda", "mean", "ablation:lambda"], *M4[1:], "--experiment", "ablation:lamda"),
    ]:
        refuse(2, words, "eval", *args, "--out", out)
    twice = folder / "twice.csv"
    lines = (DATA / "m4.csv").read_text().splitlines(keepends=True)
    twice.write_text("".join([*lines[:3], lines[1]]))
    refuse(1, ["two samples that are both called m4:H10"], *[twice if w == DATA / "m4.csv" else w for w in M4],
           "--samples", 0, "--out", out)
    check(not out.exists(), "a refused request leaves no file")
    refuse(2, ["one word too many"], *M4, "--out", out, "rest")
    refuse(1, ["nowhere"], *M4, "--out", folder / "nowhere" / "x.jsonl")


def diversity(folder):
    """Distinct tokens are those of the rollouts' own texts: a sweep's texts are not counted, one found twice is."""
    table = write_table(folder)
    for method, rollouts in (("maxent-ts", 1), ("sample", 6)):
        trace, out = folder / "d.trace", folder / f"d-{method}.jsonl"
        search = ask("search", "-m", table, "--method", method, "--rollouts", rollouts, "--seed", 1, "--trace", trace)
        texts = [json.loads(line) for line in trace.read_text().splitlines()]
        own = [t["tokens"] for t in texts if t.get("event") == "scored"]
        tokens = [token for text in own for token in text]
        check(len(own) == rollouts and (method == "sample" or len(search["answers"]) > 1), own)
        ask("eval", "-m", table, "--method", method, "--rollouts", rollouts, "--seeds", 1, "--out", out, "--quiet")
        got = json.loads(out.read_text().splitlines()[1])["distinct_1"]
        check(abs(got - len(set(tokens)) / len(tokens)) < 1e-12, (method, got, own))


def learning(folder):
    """Each search begins from what those before it taught, of its own run; a file goes on to the same bytes, and
    another run's lessons change a search as its trace tells."""
    wide = [*M4[:-4], "-n", 16, "--rollouts", 6, "--lambda", 5]
    once, twice, out = folder / "once.jsonl", folder / "twice.jsonl", folder / "learn.jsonl"
    learn = [*wide, "--samples", 3, "--seeds", "0..1", "--learn"]
    ask(*learn, "--out", once)
    lines = once.read_text().splitlines(keepends=True)
    twice.write_text("".join(lines[:4]))
    ask(*learn, "--out", twice)
    check(timeless(once) == timeless(twice), "a run that learns goes on to the same bytes")
    ask(*wide, "--samples", 3, "--seeds", "0..1", "--out", out)
    plain, taught = records(out)[1], records(once)[1]
    check(all(r["lesson"] and len(r["lesson"][0]) == 3 for r in taught) and "lesson" not in plain[0], "lessons")
    same = [all(a[k] == b[k] for k in ("nfe", "answer", "log_z")) for a, b in zip(plain, taught)]
    check(same[:2] == [True, True] and not all(same[2:]), f"only what comes after the first sample: {same}")
    search = ["search", "-m", TINY, "-p", "what", "--seed", 3, "--rollouts", 4, "-n", 12, "--reward", "claims",
              "--series", DATA / "m4.csv#1", "--outlook", once, "--trace", folder / "o.trace"]
    ask(*search)
    trace = (folder / "o.trace").read_text()
    check(trace.count('"outlook":') > 10 and ask("replay", folder / "o.trace")["lines_confirmed"] > 10, "replayed")
    other = re.sub(r'("outlook":[^\n]*"sum":)-?[0-9]+(\})?', r"\g<1>90000000\2", trace)
    other = re.sub(r',"crc":"[0-9a-f]{8}"', "", other)
    (folder / "o.trace").write_text(other)
    refuse(1, ["o.trace: line "], "replay", folder / "o.trace")
    refuse(2, ["has a lesson", "eval --learn"], *search[:-4], "--outlook", out)
    refuse(2, ["reward 'claims', not 'length:3'"], *search[:-4], "--outlook", once, "--reward", "length:3")
    refuse(2, ["another model"], "search", "-m", write_table(folder), "--outlook", once)
    refuse(2, ["--learn", "--shard"], *wide, "--samples", 2, "--learn", "--shard", "0/2", "--out", folder / "s.jsonl")


def in_turn(folder):
    """Where a sample depends on those before it, one that fails leaves the run as it would have been."""
    program, asked = folder / "in_turn.py", folder / "asked"

    def begin(most):
        """The second sample's text is refused once `most` of them were scored."""
        asked.write_bytes(b"")
        program.write_text("import json, os, sys\n"
                           "for line in sys.stdin:\n"
                           "    text = json.loads(line)\n"
                           f"    file = os.open({str(asked)!r}, os.O_WRONLY | os.O_APPEND)\n"
                           "    os.write(file, b'.' if '31351' in text['prompt'] else b'')\n"
                           "    os.close(file)\n"
                           f"    bad = os.path.getsize({str(asked)!r}) > {most} and '31351' in text['prompt']\n"
                           "    print(json.dumps({'error': 'no'} if bad else {'reward': len(text['text']) % 5}),\n"
                           "          flush=True)\n")

    learn = [*M4, "--samples", 3, "--lambda", 3, "--learn", "--reward", f"command:prefixes=1 python3 {program}"]
    budget = [*M4, "--samples", 4, "--method", "sample", "--lambda", 2, "--total-nfe", 200, "--reward",
              f"command:python3 {program}"]
    for name, most, command in ("learn", 0, learn), ("first", 0, budget), ("second", 3, budget):
        whole, failed = folder / f"{name}-whole.jsonl", folder / f"{name}-failed.jsonl"
        begin(10 ** 9)
        ask(*command, "--out", whole)
        check(asked.stat().st_size > most, f"{name}: {asked.stat().st_size} texts of the second sample were scored")
        begin(most)
        refuse(1, ["|", "reward command", "says: no"], *command, "--out", failed, "--quiet")
        begin(10 ** 9)
        ask(*command, "--out", failed)
        check(timeless(failed) == timeless(whole), f"{name}: a sample that failed changed the others")


def learnt_from(folder):
    """A run goes on with the training file that it began with, and a search with the one of its checkpoint."""
    har, out, file = (folder / f"learnt.{kind}" for kind in ("csv", "jsonl", "checkpoint"))
    lines = (DATA / "har.csv").read_text().splitlines(keepends=True)
    har.write_text("".join(lines[:1] + lines[9:]))
    command = ["eval", "-m", TINY, "--stage", "har", "--data", DATA / "har.csv", "--points", 2, "-n", 48,
               "--rollouts", 1, "--samples", 2, "--train", har, "--out", out]
    search = ["search", "-m", TINY, "-p", "x", "--raw", "-n", 4, "--rollouts", 3, "--series", DATA / "har.csv#1",
              "--reward", f"length:3 + class-spectral:{har}"]
    for _ in range(2):
        ask(*command)
    ask(*search, "--save", file)
    ask(*search, "--resume", file)
    har.write_text("".join(lines[:1] + lines[19:]))
    refuse(2, ["belongs to a run with other settings"], *command)
    refuse(2, ["identity"], *search, "--resume", file)


def texts_that_steer(folder):
    """What a data file says is never a reward of its own, and no shell reads it."""
    evil, out, sign = folder / "evil.csv", folder / "evil.jsonl", folder / "sign"
    lines = (DATA / "har.csv").read_text().splitlines(keepends=True)
    command = ["eval", "-m", TINY, "--stage", "har", "--data", evil, "--points", 2, "-n", 8, "--rollouts", 1,
               "--samples", 1, "--constraint", "none", "--out", out, "--quiet"]
    program = "while read l; do echo 1; done"

    def label(text):
        out.unlink(missing_ok=True)
        evil.write_text("".join([lines[0], f'"{text}"' + lines[1][lines[1].index(","):], *lines[2:4]]))

    for text in f"walk + command:touch {sign}; {program}", f"walk + 2 * command:touch {sign}", "a + length:3":
        label(text)
        refuse(1, ["a text of the data reads as one more reward"], *command)
    for spec in (f"command:{program}; : {{options}}", f"length:3 + command:{program}; : {{options}}", "{options}",
                 f"command:prefixes=1 {program}; : {{question}}", "2*{options}"):
        label(f"walk $(touch {sign})")
        refuse(2, ["is a text of the data"], *command, "--reward", spec)
    check(not sign.exists(), "a label was run")
    for spec in "option:{options}", f"option:{{options}} + command:{program}", "length:3 + 2*option:{options}":
        label(f"a + b + $(touch {sign})")
        ask(*command, "--reward", spec)
    check(not sign.exists(), "a label was run")


def main():
    with work_dir() as name:
        import pathlib
        folder = pathlib.Path(name)
        for part in (requests, grid, classes, forecasts, tables, shards, failures, prompts,
                     experiments, kills, budget, diversity, learning, in_turn, learnt_from,
                     texts_that_steer):
            start = time.monotonic()
            part(folder)
            print(f"{part.__name__}: {time.monotonic() - start:.1f} s")
    finish(600)


if __name__ == "__main__":
    main()
