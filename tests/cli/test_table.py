#!/usr/bin/env python3
"""The program on table models: exact values, every word of the output, every refusal."""
import itertools
import json
import math
import pathlib

from program import ROOT, TABLE, ask, check, finish, refuse, run, work_dir, write_table


def texts():
    """(tokens, probability, reward) of every finished text of TABLE."""
    for name, reward in TABLE["reward"].items():
        tokens = [int(t) for t in name.split(",")]
        p = 1.0
        for i, t in enumerate(tokens):
            p *= TABLE["prior"][",".join(map(str, tokens[:i]))][t]
        yield tokens, p, reward


def near(a, b, what):
    check(abs(a - b) <= 1e-12 * max(1, abs(b)), f"{what}: {a} instead of {b}")


def score(table):
    for tokens, p, reward in texts():
        answer = ask("score", "-m", table, stdin=",".join(map(str, tokens)) + "\n")
        check(answer["tokens"] == tokens, answer)
        check(len(answer["nll"]) == len(tokens) - 1 and len(answer["positions"]) == len(tokens), answer)
        near(answer["logprob"], math.log(p), "logprob")
        near(answer["reward"], reward, "reward")
        near(answer["first_nll"], -math.log(TABLE["prior"][""][tokens[0]]), "first_nll")
        if len(tokens) > 1:
            near(answer["nll"][0], -math.log(TABLE["prior"][str(tokens[0])][tokens[1]]), "nll")
    row = ask("score", "-m", table, "--top", 2, stdin="2")["positions"][0]
    check(row["pos"] == 0 and [t for t, _ in row["top"]] == [2, 1], row)
    near(row["top"][0][1], math.log(0.5), "top")
    check(ask("score", "-m", table, stdin="2")["reward"] is None, "a prefix has no reward")


def search(table):
    for lam, method, flight in itertools.product((0, 1, 3), ("maxent-ts", "MaxEnt_TS"), (1, 4)):
        answer = ask("search", "-m", table, "--method", method, "--lambda", lam, "--rollouts", 50, "--in-flight",
                     flight, "--seed", 7)
        z = sum(p * math.exp(lam * r) for _, p, r in texts())
        check(set(answer) >= {"method", "seed", "lambda", "rollouts", "nfe", "reward_calls", "prompt_tokens",
                              "decode_tokens", "seconds",
                              "stop_reason", "log_z", "log_z_se", "best", "answers", "tree", "target"}, answer.keys())
        check(answer["method"] == "maxent-ts" and answer["seed"] == 7 and answer["lambda"] == lam, answer)
        check(answer["stop_reason"] == "exhausted" and answer["nfe"] == 2, answer)
        check(answer["target"] == "p" and answer["prompt_tokens"] == 0, answer)
        check(answer["best"]["tokens"] == [2, 0] and answer["best"]["text"] == "2,0", answer["best"])
        check(set(answer["tree"]) == {"nodes", "max_depth", "branching"}, answer["tree"])
        exact = {tuple(t): p * math.exp(lam * r) / z for t, p, r in texts()}
        check({tuple(a["tokens"]) for a in answer["answers"]} == set(exact), "every text was seen")
        for a in answer["answers"]:
            near(a["probability"], exact[tuple(a["tokens"])], "probability")
            check(set(a) >= {"tokens", "text", "reward", "logprob", "log_weight", "probability"}, a)
    one = ask("search", "-m", table, "--rollouts", 1, "--sweep", 0)
    check(one["stop_reason"] == "rollouts" and one["rollouts"] == 1 and len(one["answers"]) == 1, one)


def verify(table):
    z = sum(p * math.exp(2 * r) for _, p, r in texts())
    answer = ask("verify", "-m", table, "--method", "maxent-ts", "--rollouts", 30, "--runs", 20, "--lambda", 2)
    near(answer["exact"]["log_z"], math.log(z), "log_z")
    near(answer["exact"]["expected_reward"], sum(p * math.exp(2 * r) * r for _, p, r in texts()) / z, "expected_reward")
    check(answer["tv_mean"] < 1e-12 and answer["tv_of_mean"] < 1e-12, answer)
    few = ask("verify", "-m", table, "--rollouts", 2, "--runs", 400)
    check(abs(few["z_ratio_mean"] - 1) < 5 * few["z_ratio_se"] and 0 < few["tv_mean"] < 1, few)
    check(0 < few["coverage"] <= 1 and few["biased"] == 0, few)
    bent = ask("verify", "-m", table, "--rollouts", 3, "--sweep", 0, "--min-rollouts", 2, "--log-z-tolerance", 0.5)
    check(bent["biased"] > 0, bent)
    drawn = [ask("verify", "-m", table, "--rollouts", 1, "--sweep", 0, *more) for more in ((), ("--complete-sample",))]
    check(drawn[0]["z_ratio_mean"] == drawn[1]["z_ratio_mean"] and drawn[0]["nfe_mean"] < drawn[1]["nfe_mean"], drawn)


def stops_of_a_search_are_those_of_verify():
    stops = ("nfe", "log-z-tolerance", "mass-tolerance", "min-rollouts", "seconds", "grace", "complete-sample",
             "rollouts")
    for command in ("search", "verify"):
        shown = run(command, "--help").stdout.decode()
        check(all(f"--{stop} " in shown for stop in stops), f"{command}: {shown}")


def no_part(folder):
    """Every text a sample finds has a reward of minus infinity: no share, no mean, no sentence about a constraint."""
    holes = write_table(folder, reward={key: None for key in TABLE["reward"]})
    for method in ("sample", "smc", "maxent-ts"):
        answer = ask("search", "-m", holes, "--method", method, "--rollouts", 3)
        check(answer["mean_reward"]["answers"] is None and answer["log_z"] is None, answer)
        check(all(a["probability"] == 0 for a in answer["answers"]), answer)


def stopped_at_once():
    """No text is whole: what there is of one, of which a table says nothing."""
    answer = ask("search", "-m", ROOT / "docs" / "walk.json", "--seconds", 1e-9, "--grace", 0)
    best = answer["best"]
    check((best["end"], best["reward"], answer["log_z"]) == ("stopped", None, None), answer)


def same_again(table):
    def words(*args):
        answer = ask(*args)
        return {k: v for k, v in answer.items() if "seconds" not in k}
    first = words("search", "-m", table, "--rollouts", 3, "--sweep", 0, "--seed", 5)
    check(first == words("search", "-m", table, "--rollouts", 3, "--sweep", 0, "--seed", 5, "--batch", 1),
          "the batch changed a result")
    check(any(first["answers"] != words("search", "-m", table, "--rollouts", 3, "--sweep", 0, "--seed", s)["answers"]
              for s in range(20)),
          "the seed has no effect")


def methods(table):
    words = set(ask("search", "-m", table))
    for method in ("greedy", "sample", "beam", "best-of-n", "stochastic-beam", "metropolis", "smc", "mcts", "dts",
                   "dts-star", "rejection", "adaptive-rejection", "cars", "awrs-smc", "maxent-ts"):
        answer = ask("search", "-m", table, "--method", method, "--rollouts", 4, "--lambda", 2)
        check(set(answer) == words and answer["method"] == method, f"{method}: {answer.keys()}")
        check(answer["best"]["reward"] == max(a["reward"] for a in answer["answers"]), answer)
        verified = ask("verify", "-m", table, "--method", method, "--rollouts", 4, "--runs", 5)
        check(0 <= verified["tv_mean"] <= 1, verified)
    check(ask("search", "-m", table, "--method", "greedy")["best"]["tokens"] == [1, 0], "greedy")
    check(ask("search", "-m", table, "--method", "DTS*")["method"] == "dts-star", "DTS*")


def audit(table, folder):
    trace = pathlib.Path(folder) / "search.trace"
    plain = {k: v for k, v in ask("search", "-m", table, "--rollouts", 3, "--sweep", 0).items() if "seconds" not in k}
    traced = ask("search", "-m", table, "--rollouts", 3, "--sweep", 0, "--trace", trace)
    check({k: v for k, v in traced.items() if "seconds" not in k} == plain, "--trace changed the result")
    lines = trace.read_text().splitlines()
    check(ask("replay", trace)["lines_confirmed"] == len(lines) > 5, f"{len(lines)} lines")
    for place, line in enumerate(lines):
        row = json.loads(line)
        if "reward" in row and isinstance(row["reward"], float):
            row["reward"] += 1e-6
            trace.write_text("\n".join([*lines[:place], json.dumps(row), *lines[place + 1:]]) + "\n")
            refuse(1, [str(trace)], "replay", trace)
            break
    else:
        check(False, "no line of the trace has a reward")
    refuse(2, ["FILE"], "replay")
    refuse(1, ["none"], "replay", pathlib.Path(folder) / "none")
    tree = run("search", "-m", table, "--rollouts", 50, "--explain").stdout.decode()
    check("policy" in tree and "r = 2.0000" in tree and "not seen" not in tree, tree)
    shown = ask("search", "-m", table, "--explain", "--json")
    check("policy" in shown["explain"], shown)


def refusals(table, folder):
    refuse(2, ["--model"], "search")
    refuse(2, ["'fly'"], "fly")
    refuse(2, ["--rollouts", "'0'"], "search", "-m", table, "--rollouts", "0")
    refuse(2, ["--method", "'best'"], "search", "-m", table, "--method", "best")
    refuse(2, ["reward", "length"], "search", "-m", table, "--reward", "length")
    refuse(2, ["prompt"], "search", "-m", table, "-p", "hello")
    refuse(2, ["max-tokens 1"], "search", "-m", table, "-n", 1)
    for option, value in (("--top-k", 2), ("--top-p", 0.5), ("--min-p", 0.1)):
        refuse(2, [option[2:], "not cut"], "search", "-m", table, option, value)
    refuse(2, ["top-k"], "search", "-m", table, "--vocab-top", 2)
    refuse(2, ["--temperature", "--method greedy"], "search", "-m", table, "--temperature", 0)
    refuse(2, ["stop", "table"], "search", "-m", table, "--stop", "1")
    refuse(2, ["think-tokens", "table"], "search", "-m", table, "--think-tokens", 1)
    refuse(2, ["'3'", "0 to 2"], "score", "-m", table, stdin="1,3")
    refuse(2, ["''"], "score", "-m", table, stdin="1,,0")
    refuse(2, ["'x'"], "score", "-m", table, stdin="x")
    refuse(2, ["empty"], "score", "-m", table, stdin="")
    refuse(2, ["finished"], "score", "-m", table, stdin="0,1")
    refuse(2, ["3 tokens"], "score", "-m", table, stdin="1,1,1")
    refuse(2, ["--prompt"], "score", "-m", table, "-p", "1", "--prompt-file", "x")
    missing = pathlib.Path(folder) / "missing.json"
    refuse(1, [str(missing)], "search", "-m", missing)
    for name, text in (("broken.json", '{"vocab_size": 3'), ("list.json", "{}"), ("short.json", '{"vocab_size": "x"}')):
        path = pathlib.Path(folder) / name
        path.write_text(text)
        refuse(1, [name], "inspect", "-m", path)
    refuse(1, ["sum"], "inspect", "-m", write_table(folder, prior={**TABLE["prior"], "": [0.25, 0.5, 0.5]}))


def other_ways_out(table):
    check(run("--version").stdout.startswith(b"maxts "), "--version")
    check(run("--help").returncode == 0 and run().returncode == 2, "usage")
    for command in ("inspect", "tokenize", "score", "generate", "search", "verify", "bench"):
        done = run(command, "--help")
        check(done.returncode == 0 and b"--model FILE" in done.stdout, command)
    for command in (["inspect"], ["search", "--rollouts", 2], ["score", "-p", "1"], ["generate"],
                    ["tokenize", "-p", "1,2"]):
        with open("/dev/full", "wb") as full:
            done = run(command[0], "-m", table, *command[1:], stdout=full)
        check(done.returncode == 1 and b"standard output: " in done.stderr, f"{command} on a full disk: {done}")
    check(ask("generate", "-m", table, "--temperature", 0)["tokens"] == [1, 0], "greedy")
    check(ask("tokenize", "-m", table, "-p", "1, 2")["tokens"] == [1, 2], "tokenize")
    check(ask("inspect", "-m", table)["texts"] == 7, "inspect")


def main():
    with work_dir() as folder:
        table = write_table(folder)
        score(table)
        search(table)
        verify(table)
        stops_of_a_search_are_those_of_verify()
        no_part(folder)
        table = write_table(folder)
        stopped_at_once()
        same_again(table)
        other_ways_out(table)
        methods(table)
        audit(table, folder)
        refusals(table, folder)
    finish(150)


if __name__ == "__main__":
    main()
