"""Runs of maxts eval made up for the tests of maxts report: the same layout (docs/stages.md), numbers from a small
generator of our own."""
import json
import math


class Chance:
    """Not random, only unlike itself: the same everywhere."""

    def __init__(self, seed):
        self.state = seed * 2654435761 % 2**32 or 1

    def uniform(self):
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return self.state / 2**32

    def normal(self):
        return sum(self.uniform() for _ in range(12)) - 6


METHODS = ["greedy", "best-of-n", "smc", "maxent-ts"]
MANY = ["greedy", "sample", "beam", "best-of-n", "smc", "mcts", "dts", "dts-star", "rejection", "adaptive-rejection",
        "cars", "awrs-smc", "maxent-ts"]
LIFT = {**{name: 0.02 * i for i, name in enumerate(MANY)}, "reward-alone": 0.25, "greedy": 0, "best-of-n": 0.18,
        "smc": 0.2, "maxent-ts": 0.3, "naive": 0.05, "seasonal-naive": 0.35}


def tree(chance, breadth=3, depth=5):
    nodes = []

    def grow(level):
        nodes.append({"depth": level, "token": [" The", " series", " rises", "\n", " <b>&", " 12",
                                                "."][int(chance.uniform() * 7)] if level else "",
                      "logp": -chance.uniform() * 3, "value": chance.uniform(), "policy": chance.uniform(),
                      "reward": chance.uniform() if level == depth else None,
                      "visits": int(1 + 9 * chance.uniform()), "finished": level == depth})
        if level < depth:
            for _ in range(1 + int(chance.uniform() * breadth)):
                grow(level + 1)

    grow(0)
    return nodes[:120]


def head(stage, methods, samples, variants=("",), seeds=(0,), experiment=None, shard=None,
         model="SmolLM2 135M Instruct"):
    runs = [{"method": m, "variant": v, "seeded": m not in ("greedy", "naive", "seasonal-naive")} for m in methods
            for v in variants]
    value = {"maxts": "eval", "version": "0.1.0", "model": {"file": "SmolLM2-135M-Instruct.Q4_1.gguf", "name": model,
                                                            "hash": "00ff"}, "stage": stage,
             "data": {"files": [f"data/{stage}.csv"], "hash": "1234"}, "methods": methods,
             "settings": {"preset": "balanced", "experiment": experiment, "top_k": 50},
             "samples": [f"{stage}:{i + 1}" for i in range(samples)], "runs": runs, "seeds": list(seeds),
             "reward": "claims+0.1*length", "constraint": None,
             "target": "top-k 50, top-p 0.9"}
    if shard:
        value["shard"] = shard
    return value


def records(value, settings_of=lambda variant: {}):
    stage, chance = value["stage"], Chance(len(value["samples"]) + 7 * len(value["stage"]))
    labels = ["walking", "sitting", "lying", "standing"]
    for i, sample in enumerate(value["samples"]):
        difficulty = 0.3 * chance.normal()
        n = 72 if stage == "forecast" else 128
        series = [round(100 + 40 * math.sin(2 * math.pi * (t + 5 * i) / 24) + 6 * chance.normal(), 2) for t in range(n)]
        future = [round(100 + 40 * math.sin(2 * math.pi * (t + 5 * i) / 24), 2) for t in range(n, n + 24)]
        truth = labels[i % 4]
        for run in value["runs"]:
            for seed in value["seeds"] if run["seeded"] else value["seeds"][:1]:
                s = {"lambda": 1.0, "rollouts": 10, "max_tokens": 50, "temperature": 0.8, "expansion": 3,
                     **settings_of(run["variant"])}
                rollouts = 1 if run["method"] == "greedy" else s["rollouts"]
                reward = 0.4 + LIFT[run["method"]] * (1 + 0.15 * math.log(rollouts)) + difficulty
                reward += 0.05 * chance.normal()
                r = {"key": f"{sample}|{run['method']}|{run['variant']}|{seed}", "sample": sample, "stage": stage,
                     "group": "", "method": run["method"],
                     "variant": run["variant"], "seed": seed, **s, "rollouts_done": rollouts,
                     "nfe": int(rollouts * 32 * (0.8 + 0.4 * chance.uniform())),
                     "seconds": rollouts * 0.11 * (0.8 + 0.4 * chance.uniform()), "prefill_seconds": 0.2,
                     "prompt_tokens": 410, "decode_tokens": rollouts * 41,
                     "reward": reward, "best_reward": reward + 0.02, "mean_reward": reward - 0.2, "log_z": reward,
                     "log_z_se": 0.01, "stop_reason": "rollouts",
                     "answer": f"Over the whole window the level stays near {100 + i}, it peaks at {140 + i % 7} and "
                               f"comes back every 24 steps. " * (1 + i % 3) +
                               "Answer: " + truth, "answer_rule": "vote", "truth": truth,
                               "correct": chance.uniform() < 0.3 + LIFT[run["method"]],
                     "perplexity": 4 + 3 * chance.uniform(), "distinct_1": 0.3 + LIFT[run["method"]],
                     "distinct_2": 0.5 + LIFT[run["method"]], "length": 38,
                     "tree": {"nodes": rollouts * 30, "max_depth": 50 if rollouts > 1 else 38,
                              "branching": 1 + 0.1 * math.log(rollouts + 1)} if rollouts > 1 else None,
                     "series": [{"name": name, "values": series} for name in (["x_axis", "y_axis", "z_axis"]
                                                                              if stage == "har" else ["value"])]}
                if stage in ("har", "ecg", "tsqa", "sleep"):
                    given = truth if r["correct"] else labels[(i + 1 + int(2 * chance.uniform())) % 4]
                    missing = chance.uniform() < 0.08 and not r["correct"]
                    r["scores"] = {"label": truth, "predicted": None if missing else given, "predicted_best": given,
                                   "share": 0.7, "well_formed": 0.9}
                elif stage == "forecast":
                    off = 0.3 - 0.5 * LIFT[run["method"]]
                    r["output"] = [round(v * (1 + off * chance.normal() * 0.5), 1) for v in future]
                    r.update(truth=future, correct=None, answer=", ".join(map(str, r["output"])), answer_rule="median")
                    r["scores"] = {"smape": 100 * off * (0.8 + 0.4 * chance.uniform()), "mase": 4 * off, "crps": 9.0,
                                   "crps_scaled": 3 * off, "spectral": 1.0, "well_formed": 1.0}
                else:
                    right = 2 + int(2 * chance.uniform() + 2 * LIFT[run["method"]])
                    r.update(truth="", correct=None, answer_rule="best")
                    r["scores"] = {"claims": right + 2, "claims_true": right, "claims_false": int(2 * chance.uniform())}
                if run["method"] in ("naive", "seasonal-naive"):
                    r.update(nfe=0, decode_tokens=0, rollouts=None, rollouts_done=None, tree=None, perplexity=None,
                             distinct_1=None, distinct_2=None, length=None)
                elif i < 2 and rollouts > 1:
                    r["explain"] = tree(chance)
                yield r


def write(path, value, items):
    path.write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in [value, *items]), encoding="utf-8")
    return path


def grid_settings(variant):
    names = {"rollouts": int, "max_tokens": int, "lambda": float, "temperature": float}
    pairs = (part.split("=") for part in variant.split(",") if "=" in part)
    return {name: names[name](text) for name, text in pairs if name in names}


OPTIMISATIONS = {"none": {"rollouts": 30, "max_tokens": 250}, "rollouts": {"rollouts": 10, "max_tokens": 250},
                 "tokens": {"rollouts": 30, "max_tokens": 50},
                 "kv-cache": {"rollouts": 30, "max_tokens": 250}, "end-stop": {"rollouts": 30, "max_tokens": 250},
                 "batch": {"rollouts": 30, "max_tokens": 250},
                 "all": {"rollouts": 10, "max_tokens": 50}}


def all_runs(folder):
    """One file each: classes, captions, forecasts with a grid, the optimisations."""
    classes = head("har", METHODS, 24, seeds=(0, 1))
    captions = head("m4", METHODS, 12)
    grid = head("forecast", ["naive", "seasonal-naive"], 10)
    more = head("forecast", ["best-of-n", "maxent-ts"], 10, variants=tuple(f"rollouts={n}" for n in (5, 10, 20, 50)))
    grid["runs"] += more["runs"]
    grid["methods"] += more["methods"]
    optimise = head("m4", ["maxent-ts"], 8, variants=tuple(OPTIMISATIONS), experiment="optimisations")
    return [write(folder / "classes.jsonl", classes, records(classes)),
            write(folder / "captions.jsonl", captions, records(captions)),
            write(folder / "grid.jsonl", grid, records(grid, grid_settings)),
            write(folder / "optimise.jsonl", optimise, records(optimise, lambda variant: OPTIMISATIONS[variant]))]


def more_runs(folder):
    """Files of the other kinds that there are: one record, few samples, two settings that vary, every method, evidence,
    a rhythm of the heart, a table, names as long as they come."""
    long = "a-model-whose-name-somebody-made-as-long-as-a-sentence-" * 2 + "instruct-Q4_K_M"
    few, one = head("tsqa", METHODS, 5), head("m4", ["maxent-ts"], 1)
    two = head("m4", ["best-of-n", "maxent-ts"], 8,
               variants=tuple(f"rollouts={n},lambda={x}" for n in (5, 10, 20) for x in (0.5, 1, 3)))
    many = head("har", MANY, 21)
    evidence = head("ecg", ["maxent-ts", "reward-alone"], 22, model=long)
    evidence["reward"], evidence["data"]["files"] = "evidence:{train}", [f"data/{long}.csv"]
    sleep = head("sleep", METHODS, 20, seeds=(0, 1, 2))
    far = head("forecast", ["naive", "seasonal-naive", "maxent-ts"], 30)
    quick = head("m4", ["best-of-n", "maxent-ts"], 6, variants=("rollouts=5", "rollouts=10"))
    write(folder / "quick.jsonl", quick, ({**r, "seconds": r["seconds"] * 1e-4} for r in records(quick, grid_settings)))
    return [folder / "quick.jsonl"] + [
        write(folder / f"{name}.jsonl", value, records(value, grid_settings)) for name, value in
            (("few", few), ("one", one), ("two", two), ("many", many), ("evidence", evidence), ("sleep", sleep),
             ("far", far))]
