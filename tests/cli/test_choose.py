#!/usr/bin/env python3
"""choose against enumeration: on a table, and on a tiny model against a search that found every tokenisation."""
import math

from program import TABLE, TINY, ask, check, finish, refuse, run, work_dir, write_table


def texts():
    """{text: probability} of every finished text of TABLE."""
    out = {}
    for name in TABLE["reward"]:
        tokens = name.split(",")
        out[name] = math.prod(TABLE["prior"][",".join(tokens[:i])][int(t)] for i, t in enumerate(tokens))
    return out


def on_table(table):
    exact = texts()
    for names in (list(exact), list(exact)[:2], list(exact)[-3:]):
        answer = ask("choose", "-m", table, *names)
        whole = sum(exact[name] for name in names)
        check([o["option"] for o in answer["options"]] == names, answer)
        for o in answer["options"]:
            check(abs(o["logprob"] - math.log(exact[o["option"]])) < 1e-12 and o["tokenisations"] == 1, o)
            check(abs(o["probability"] - exact[o["option"]] / whole) < 1e-12, o)
        check(answer["best"] == max(names, key=exact.get) and answer["unexplored"] <= 1e-3, answer)
    check(ask("choose", "-m", table, "--options", "0")["options"][0]["probability"] == 1, "one option is certain")
    refuse(1, ["no option can be the answer"], "choose", "-m", table, "1")
    refuse(1, ["no option can be the answer"], "choose", "-m", table, "7,7")


def on_model():
    """Every text that matches, drawn from the whole distribution without replacement until none is left."""
    options = ["a", "ab", "ser", "s, t"]
    plain = ask("choose", "-m", TINY, "-p", "x", "--tolerance", 0, *options)
    check(plain["unexplored"] == 0 and plain["nfe"] > len(options), plain)
    for o in plain["options"]:
        name = o["option"]
        found = ask("search", "-m", TINY, "-p", "x", "--constraint", name, "--lambda", 0, "--top-k", 0, "--top-p", 1,
                    "--temperature", 1, "--rollouts", 500, "-n", len(name) + 1, "--reward", "logprob")
        check(found["stop_reason"] == "exhausted", found["stop_reason"])
        check(abs(o["logprob"] - found["log_z"]) < 1e-9, (o, found["log_z"]))
    total = sum(math.exp(o["logprob"]) for o in plain["options"])
    for o in plain["options"]:
        check(abs(o["probability"] - math.exp(o["logprob"]) / total) < 1e-9, o)
    cut = ask("choose", "-m", TINY, "-p", "x", "--options", "a,ab,ser", "s, t", "--tolerance", 0.05)
    check([o["option"] for o in cut["options"]] == options and 0 < cut["unexplored"] <= 0.05, cut)
    check(cut["nfe"] < plain["nfe"], (cut["nfe"], plain["nfe"]))
    for a, b in zip(plain["options"], cut["options"]):
        check(abs(a["probability"] - b["probability"]) <= 0.05, (a, b))
        check(b["logprob"] is None or b["logprob"] <= a["logprob"] + 1e-12, (a, b))
    for threads in (1, 2):
        again = ask("choose", "-m", TINY, "-p", "x", "--tolerance", 0, *options, "--threads", threads)
        check(again["options"] == plain["options"], f"{threads} threads: other bits")


def refusals(table):
    refuse(2, ["there are no options", "--options"], "choose", "-m", TINY, "-p", "x")
    refuse(2, ["option 3 is option 1 again", "'a'"], "choose", "-m", TINY, "-p", "x", "--options", "a,b,a")
    refuse(2, ["option 2 is empty"], "choose", "-m", TINY, "-p", "x", "--options", "a,")
    refuse(2, ["--tolerance"], "choose", "-m", TINY, "-p", "x", "a", "--tolerance", 1)
    check(b"choose [OPTION ...]" in run("choose", "--help").stdout, "help")


def main():
    with work_dir() as name:
        table = write_table(name)
        on_table(table)
        refusals(table)
    on_model()
    finish(40)


if __name__ == "__main__":
    main()
