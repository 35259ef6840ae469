#!/usr/bin/env python3
"""Models that read series, on the command line: {series} becomes rows, whichever command asks."""
import json
import pathlib

from program import ROOT, TINY, ask, check, finish, refuse, work_dir

MODEL = ROOT / "tests" / "encoder" / "soft-llama.gguf"
FLAMINGO = ROOT / "tests" / "encoder" / "flamingo-gemma.gguf"


def rows_stand_in_the_prompt():
    with work_dir() as folder:
        wave = pathlib.Path(folder) / "wave.csv"
        wave.write_text("up,down\n" + "".join(f"{i % 7},{-(i % 5)}\n" for i in range(30)))
        base = ["-m", MODEL, "-p", "What is this? {series} Answer:", "-n", 6, "--series"]
        both, one = ask("search", *base, wave), ask("search", *base, f"{wave}#up")
        check(both["prompt_tokens"] > one["prompt_tokens"] + 8, (both["prompt_tokens"], one["prompt_tokens"]))
        check(ask("search", *base, wave)["answers"] == both["answers"], "the same again")
        check(ask("search", *base, wave, "--threads", 1, "--batch", 1)["answers"] == both["answers"], "threads, batch")
        check(ask("search", *base, f"{wave}#down")["log_z"] != one["log_z"], "another series")
        check(ask("generate", *base, wave)["prompt_tokens"] == both["prompt_tokens"], "generate")
        chosen = ask("choose", *base[:4], "--series", wave, "--options", "up,down")
        check(chosen["prompt_tokens"] == both["prompt_tokens"], chosen)
        text = ask("search", "-m", TINY, *base[2:], wave)
        check(text["prompt_tokens"] > both["prompt_tokens"], "digits for a model without an encoder")
        wave.write_text("up\n" + "".join(f"{i % 7}\n" for i in range(97)))
        refuse(2, ["longer than the 96"], "search", *base, wave)
        refuse(2, ["longer than the 96"], "caption", wave, "-m", MODEL, "-n", 8) # rows, not digits
        refuse(2, ["longer than the 96"], "ask", wave, "Does it rise?", "-m", MODEL, "-n", 8)
        check(ask("caption", f"{wave}#[0:60]", "-m", MODEL, "-n", 8, "--json")["answer"] is not None, "caption")
        refuse(2, ["--system", "no template"], "search", *base, f"{wave}#[0:20]", "--system", "Be brief.")
        refuse(2, ["no series was given"], "search", *base[:-1])


def a_medium_is_looked_at():
    """Flamingo: the prompt has two tokens and a sentence for a series of any length."""
    with work_dir() as folder:
        wave = pathlib.Path(folder) / "wave.csv"
        base = ["-m", FLAMINGO, "-p", "What is this? {series} Answer:", "-n", 6, "--series", wave]
        answers = []
        for n, step in ((30, 7), (60, 7), (60, 11)):
            wave.write_text("up\n" + "".join(f"{i * step % 10}\n" for i in range(n)))
            answers.append(ask("search", *base))
            check(ask("search", *base, "--threads", 1, "--batch", 1)["answers"] == answers[-1]["answers"], "threads")
        check(len({a["log_z"] for a in answers}) == 3, "three series")
        wave.write_text("up,down\n" + "".join(f"{i % 7},{-(i % 5)}\n" for i in range(30)))
        both = ask("search", *base)
        check(both["prompt_tokens"] > answers[0]["prompt_tokens"], both["prompt_tokens"])
        check(ask("search", *base, "--kv-cache", "off")["answers"] == both["answers"], "without the cache")


def without_a_place_it_is_the_language_model():
    plain = ask("search", "-m", MODEL, "--raw", "-p", "hello", "-n", 6)
    check(plain["prompt_tokens"] < 10, plain["prompt_tokens"])


def stages_ask_in_their_own_words():
    published = json.loads((ROOT / "tests" / "stages" / "published.json").read_text(encoding="utf-8"))
    with work_dir() as folder:
        for sample in published:
            if sample["stage"] not in ("tsqa", "m4"): # the others' instructions are longer than this model's context
                continue
            data = pathlib.Path(folder) / f"{sample['stage']}.csv"
            data.write_text(sample["csv"], encoding="utf-8")
            texts = [sample["before"], *sample["texts"], sample["after"]]
            tokens = sum(len(ask("tokenize", "-m", MODEL, stdin=text)["tokens"]) for text in texts)
            rows = sum(-(-len(v) // 4) for v in sample["values"])
            out = pathlib.Path(folder) / f"{sample['stage']}.jsonl"
            summary = ask("eval", "-m", MODEL, "--stage", sample["stage"], "--data", data, "-n", 8, "--rollouts", 4,
                          "--out", out)
            record = json.loads(out.read_text(encoding="utf-8").splitlines()[1])
            check(record["prompt_tokens"] == tokens + rows + 1, (sample["stage"], record, tokens, rows))
            check(summary, sample["stage"])
            if sample["stage"] == "tsqa": # an option alone is an answer
                check(record["answer"] in ("(a)", "(b)", "(c)"), record)


if __name__ == "__main__":
    rows_stand_in_the_prompt()
    a_medium_is_looked_at()
    without_a_place_it_is_the_language_model()
    stages_ask_in_their_own_words()
    finish(16)
