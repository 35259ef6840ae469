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
    cut = ask("choose", "-m", TINY, "-p", "x", "--options", "a, ab ,ser", "s, t", "--tolerance", 0.05)
    check([o["option"] for o in cut["options"]] == options and 0 < cut["unexplored"] <= 0.05, cut)
    check(cut["nfe"] < plain["nfe"], (cut["nfe"], plain["nfe"]))
    for a, b in zip(plain["options"], cut["options"]):
        check(abs(a["probability"] - b["probability"]) <= 0.05, (a, b))
        check(b["logprob"] is None or b["logprob"] <= a["logprob"] + 1e-12, (a, b))
    for threads in (1, 2):
        again = ask("choose", "-m", TINY, "-p", "x", "--tolerance", 0, *options, "--threads", threads)
        check(again["options"] == plain["options"], f"{threads} threads: other bits")


def as_rewards():
    """choose: and judge: against what the model says when it is asked by itself."""
    options = ["ser", "a", "b"]
    alone = ask("choose", "-m", TINY, "-p", "x", "--tolerance", 0, *options)
    logp = {o["option"]: math.log(o["probability"]) for o in alone["options"]}
    search = ["search", "-m", TINY, "-p", "x", "--rollouts", 12, "-n", 4, "--top-k", 0, "--top-p", 1]
    found = ask(*search, "--reward", "choose:" + "|".join(options), "--constraint", "ser|a|b|c")
    check(len(found["answers"]) > 2, found["answers"])
    for answer in found["answers"]:
        check(abs(answer["reward"] - logp.get(answer["text"], min(logp.values()))) < 1e-9, (answer, logp))
    question = "Is it short?"
    for more in ([], ["--threads", 2, "--in-flight", 4]):
        found = ask(*search, "--reward", f'judge:"{question}"', *more)
        for answer in [a for a in found["answers"] if "\0" not in a["text"]][:4]:
            verdict = ask("choose", "-m", TINY, "-p", f"x\n\nAnswer: {answer['text']}\n\n{question} Answer Yes or No.",
                          "--tolerance", 0, "Yes", "yes", "No", "no")
            yes, no = (sum(math.exp(o["logprob"]) for o in verdict["options"] if o["option"].lower() == word)
                       for word in ("yes", "no"))
            check(abs(answer["reward"] - math.log(yes / no)) < 1e-9, (answer, yes, no))
    both = ask(*search, "--reward", 'judge:"Is it short?" + 2*length:3')
    check(both["reward"] == 'judge:"Is it short?" + 2*length:3' and both["reward_calls"] > 0, both)
    refuse(2, ["reward judge", "question"], *search, "--reward", "judge")
    refuse(2, ["reward choose", "options"], *search, "--reward", "choose:")
    refuse(2, ["option 2 is empty"], *search, "--reward", "choose:a|")


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
    as_rewards()
    finish(40)


if __name__ == "__main__":
    main()
