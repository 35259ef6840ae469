#!/usr/bin/env python3
"""--batch-in: each line's answer is that of the command by itself, prompts that begin alike are evaluated once, and a
run that was killed comes to the same bytes."""
import json
import pathlib
import signal

from program import TINY, ask, check, end_when, finish, lines_in, refuse, run, work_dir, write_table

PASSING = ("seconds", "prefill_seconds", "decode_seconds", "kv")
BEGINNING = "The series rises and falls with the hours of the day, and on Sundays it rests. " * 3
OTHER = "Quite another beginning, which some of the lines share and the rest of them does not have at all. "
PROMPTS = [BEGINNING + "One", OTHER + "a", BEGINNING + "Two", "x", OTHER + "b", BEGINNING + "Three", BEGINNING + "One"]
OPTIONS = ["a", "ab", "ser"]
COMMANDS = {
    "search": ["--rollouts", 4, "-n", 6, "--reward", "length:5", "--raw", "--seed", 3],
    "generate": ["-n", 8, "--raw", "--seed", 5],
    "score": ["--top", 3],
    "choose": ["--raw", "--tolerance", 0.05],
}


def write_lines(folder, lines):
    path = pathlib.Path(folder) / "prompts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def records(path):
    head, *rest = (json.loads(line) for line in path.read_text().splitlines())
    check(head["maxts"] == "batch", head)
    return [{name: value for name, value in one.items() if name != "crc"} for one in rest]


def alone(command, prompt, *more):
    answer = ask(command, "-m", TINY, "-p", prompt, *COMMANDS[command], *more)
    return {name: value for name, value in answer.items() if name not in PASSING}


def equals_alone(folder):
    for command, options in COMMANDS.items():
        more = OPTIONS if command == "choose" else []
        lines = [{"prompt": p, "id": f"line {i}"} for i, p in enumerate(PROMPTS)]
        source, out = write_lines(folder, lines), pathlib.Path(folder) / f"{command}.jsonl"
        done = ask(command, "-m", TINY, "--batch-in", source, "--out", out, *options, *more)
        check(done["lines"] == len(PROMPTS) and done["failed"] == 0, done)
        got = records(out)
        check([one.pop("key") for one in got] == [line["id"] for line in lines], "keys")
        for one, prompt in zip(got, PROMPTS):
            check(one == alone(command, prompt, *more), (command, prompt, one))
        if command == "score":
            each = [len(one["tokens"]) for one in got]
            check(done["positions"] < 0.6 * sum(each), (done["positions"], each))
            tokens = {tuple(one["tokens"]) for one in got}
            places = {t[:n] for t in tokens for n in range(1, len(t) + 1)}
            check(done["positions"] <= len(places) + 20, "what prompts share is evaluated once, but for a few tokens")
        before = out.read_bytes()
        again = ask(command, "-m", TINY, "--batch-in", source, "--out", out, *options, *more)
        check(again["lines"] == len(PROMPTS) and out.read_bytes() == before, "there is nothing left to do")
        refuse(2, ["belongs to a run with other settings"], command, "-m", TINY, "--batch-in", source, "--out", out,
               *options, *(more or ["--exact"]), *(["b"] if more else []))


def own_members(folder):
    lines = [{"prompt": "x", "options": ["a", "ser"]}, {"prompt": "y", "options": ["s, t", "b"], "id": 7}]
    source, out = write_lines(folder, lines), pathlib.Path(folder) / "own.jsonl"
    ask("choose", "-m", TINY, "--raw", "--batch-in", source, "--out", out)
    got = records(out)
    check([one["key"] for one in got] == ["1", "7"], got)
    for one, line in zip(got, lines):
        plain = ask("choose", "-m", TINY, "--raw", "-p", line["prompt"], *line["options"])
        check(one["options"] == plain["options"], (one, plain))
    source = write_lines(folder, ["x", {"prompt": "x", "seed": 9, "system": "Be short."},
                                  {"messages": [{"role": "user", "content": "x"}]}])
    out.unlink()
    ask("generate", "-m", TINY, "-n", 5, "--batch-in", source, "--out", out)
    got = records(out)
    check(got[0]["text"] == ask("generate", "-m", TINY, "-n", 5, "-p", "x")["text"], got)
    check(got[1]["text"] == ask("generate", "-m", TINY, "-n", 5, "-p", "x", "--seed", 9, "--system", "Be short.")
          ["text"], got)
    check(got[2]["text"] == got[0]["text"], got)
    table = write_table(folder)
    source = write_lines(folder, [{"id": "a", "seed": 1}, {"id": "b", "seed": 2}])
    out.unlink()
    ask("search", "-m", table, "--batch-in", source, "--out", out, "--rollouts", 3)
    for one, seed in zip(records(out), (1, 2)):
        plain = ask("search", "-m", table, "--rollouts", 3, "--seed", seed)
        check(one["answers"] == plain["answers"] and one["seed"] == seed, one)


def killed(folder):
    """200 prompts, killed five times as soon as so many answers are there, and gone on with, to the bytes of a run that
    nothing disturbed."""
    source = write_lines(folder, [{"prompt": f"{BEGINNING if i % 3 else OTHER}{i // 2}", "id": f"p{i}"}
                                  for i in range(200)])
    for command, options in COMMANDS.items():
        more = OPTIONS if command == "choose" else []
        whole, parts = (pathlib.Path(folder) / f"{command}.{name}" for name in ("whole", "parts"))
        line = [command, "-m", TINY, "--batch-in", source, *options, *more, "--quiet"]
        ask(*line, "--out", whole)
        for least in (3, 40, 77, 120, 181):
            end_when(lambda: lines_in(parts) >= least, signal.SIGKILL if least % 2 else signal.SIGINT, *map(str, line),
                     "--out", str(parts))
            check(lines_in(parts) < 201 or least > 100, "it was over before it was killed")
        done = ask(*line, "--out", parts)
        check(done["lines"] == 200 and parts.read_bytes() == whole.read_bytes(), "a killed run comes to other bytes")


def refusals(folder):
    out = pathlib.Path(folder) / "no.jsonl"

    def no(words, lines, *more, status=2):
        refuse(status, words, "generate", "-m", TINY, "--batch-in", write_lines(folder, lines), "--out", out, *more)

    no(["line 2", "'promt'"], ["a", {"promt": "b"}])
    no(["line 2", "another line's"], [{"prompt": "a", "id": "2"}, "b"])
    no(["line 1", "no prompt"], [{"id": 1}])
    no(["line 1", "neither a short text nor a whole number"], [{"prompt": "a", "id": 1.5}])
    no(["constraint", "missing closing parenthesis"], ["a", "b"], "--constraint", "(")
    no(["line 1", "neither an object nor a text"], [7])
    no(["line 2", "seed"], ["a", {"prompt": "a", "seed": -1}])
    no(["has no line"], [])
    no(["--prompt"], ["a"], "-p", "x")
    refuse(2, ["--out FILE"], "generate", "-m", TINY, "--batch-in", write_lines(folder, ["a"]))
    check(not out.exists(), "nothing was begun")
    refuse(2, ["\"nonsense\" is unknown"], "search", "-m", TINY, "--batch-in", write_lines(folder, ["a"]), "--out", out,
           "--reward", "nonsense")
    source = write_lines(folder, ["a"])
    for same in (source, pathlib.Path(folder) / "." / source.name):
        refuse(2, ["--out would write over --batch-in"], "generate", "-m", TINY, "--batch-in", source, "--out", same)
    check(source.read_text() == '"a"\n' and not out.exists(), "nothing was begun")
    # a mark of byte order, ends of lines of another system, blank lines, which count
    source.write_bytes(b'\xef\xbb\xbf"a"\r\n\r\n \r\n{"prompt": "b"}\r\n"c"')
    ask("generate", "-m", TINY, "-n", 3, "--raw", "--batch-in", source, "--out", out)
    check([one["key"] for one in records(out)] == ["1", "4", "5"], records(out))
    source.write_text('"a"\n\n{"promt": "b"}\n')
    refuse(2, ["line 3", "'promt'"], "generate", "-m", TINY, "--batch-in", source, "--out", out)
    # any number of them
    out.unlink()
    source.write_text("\n" * 4000000 + '"a"\n')
    ask("generate", "-m", TINY, "-n", 3, "--raw", "--batch-in", source, "--out", out, timeout=120)
    check([one["key"] for one in records(out)] == ["4000001"], records(out))
    # options in another order, or by another way, are others
    out.unlink()
    source = write_lines(folder, ["a"])
    ask("choose", "-m", TINY, "--raw", "--batch-in", source, "--out", out, "a", "b")
    refuse(2, ["other settings"], "choose", "-m", TINY, "--raw", "--batch-in", source, "--out", out, "b", "a")
    out.unlink()
    # what only the work shows is that line's answer
    source = write_lines(folder, ["a", "word " * 4000, "b"])
    done = run("generate", "-m", TINY, "-n", 3, "--raw", "--batch-in", source, "--out", out)
    check(done.returncode == 2 and b"1 of 3 lines have no answer; the first: 2: " in done.stderr, done)
    got = records(out)
    check([("error" in one) for one in got] == [False, True, False], got)


def main():
    with work_dir() as folder:
        equals_alone(folder)
        own_members(folder)
        killed(folder)
        refusals(folder)
    finish(150)


if __name__ == "__main__":
    main()
