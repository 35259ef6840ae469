#!/usr/bin/env python3
"""The program on tiny GGUF models: every command, the same bytes however it is run, every refusal."""
import json
import os
import pathlib
import re
import signal
import struct

from program import GOLDEN, PROGRAM, ROOT, TINY, ask, check, end_when, finish, refuse, run, work_dir

SERIES = ROOT / "data" / "m4_hourly.csv"
SEARCH = ["search", "-m", TINY, "-p", "hello there", "-n", 12, "--rollouts", 9, "--seed", 3, "--reward", "length:40",
          "--lambda", 4]


def without_times(answer):
    return {k: v for k, v in answer.items() if "seconds" not in k and k != "kv"}


def texts_and_tokens():
    for model in ("llama-tied", "gemma3", "qwen2", "qwen3"):
        file = GOLDEN / f"{model}.gguf"
        tokens = ask("tokenize", "-m", file, stdin="The number 42.")["tokens"]
        check(tokens and all(isinstance(t, int) for t in tokens), tokens)
        reference = json.loads((GOLDEN / f"{model}.json").read_text())
        known = ask("inspect", "-m", file)
        check(known["format"] == "gguf" and known["parameters"] > 0 and known["tensors"], known)
        scored = ask("score", "-m", file, "--top", 3, stdin="The number 42.")
        check(scored["tokens"] == tokens and len(scored["nll"]) == len(tokens) - 1, scored)
        check(len(scored["positions"]) == len(tokens) and all(len(p["top"]) == 3 for p in scored["positions"]), scored)
        check(all(x >= 0 for x in scored["nll"]) and scored["perplexity"] > 1, scored)
        check(reference, model)
    check(ask("score", "-m", TINY, "--top", 0, stdin="a b")["positions"] == [], "--top 0")


def products():
    """OpenBLAS, opened or linked, multiplies as the own kernels do; where it is not there, that is said."""
    own = ask("score", "-m", TINY, "--exact", stdin="The number 42.")["nll"]
    done = run("score", "-m", TINY, "--matmul", "blas", "--threads", 2, "--json", stdin="The number 42.",
               again=0)
    if done.returncode != 0:
        check(b"OpenBLAS cannot be used: " in done.stderr, done.stderr)
        return
    far = max(abs(a - b) for a, b in zip(own, json.loads(done.stdout)["nll"], strict=True))
    check(far < 0.005, far)


def generate():
    greedy = ask("generate", "-m", TINY, "-p", "hello", "-n", 20, "--temperature", 0)
    again = ask("generate", "-m", TINY, "-p", "hello", "-n", 20, "--temperature", 0, "--seed", 9)
    check(without_times(greedy) == without_times(again), "greedy does not draw")
    check(0 < len(greedy["tokens"]) <= 20 and greedy["stop_reason"] in ("end", "length"), greedy)
    drawn = [ask("generate", "-m", TINY, "-p", "hello", "-n", 20, "--seed", s)["tokens"] for s in range(4)]
    check(len({tuple(d) for d in drawn}) > 1, "the seed has no effect")
    check(ask("generate", "-m", TINY, "-p", "hello", "-n", 20, "--seed", 2)["tokens"] == drawn[2], "a seed repeats")
    raw = ask("generate", "-m", TINY, "--raw", "-p", "hello", "-n", 9, "--temperature", 0)
    top = ask("score", "-m", TINY, "--top", 1, stdin="hello")["positions"][-1]["top"][0]
    check(raw["tokens"][0] == top[0], "greedy takes the likeliest token")


def same_bytes():
    first = without_times(ask(*SEARCH, "--threads", 1))
    for threads in (1, 2, 8):
        for batch in (1, 3, 16):
            check(first == without_times(ask(*SEARCH, "--threads", threads, "--batch", batch)),
                  f"threads {threads}, batch {batch} changed the result")
    check(first == without_times(ask(*SEARCH, "--kv", 240)), "a small KV ring changed the result")
    check(len(first["answers"]) > 1 and first["best"]["reward"] == max(a["reward"] for a in first["answers"]), first)
    check(abs(sum(a["probability"] for a in first["answers"]) - 1) < 1e-9, "the answers' probabilities sum to 1")


def search_words():
    answer = ask(*SEARCH, "--preset", "quick")
    check(answer["rollouts"] == 9, "an option given wins over the preset")
    quick = ask("search", "-m", TINY, "-p", "x", "--preset", "quick", "--reward", "length")
    check(quick["rollouts"] <= 5 and all(len(a["tokens"]) <= 30 for a in quick["answers"]), "quick is 5 of 30")
    check(quick["target"] == "p cut to top-k 50, top-p 0.9 at temperature 0.8", quick["target"])
    cut = ask("search", "-m", TINY, "-p", "x", "--vocab-top", 2, "-n", 2, "--rollouts", 50, "--in-flight", 1)
    check(cut["target"] == "p cut to top-k 2" and cut["stop_reason"] == "exhausted", cut)
    check(cut["reward"] == "logprob" and len(cut["answers"]) <= 4, cut)
    whole = ask("search", "-m", TINY, "-p", "x", "--top-k", 0, "--top-p", 1, "-n", 4, "--rollouts", 3)
    check(whole["target"] == "p", whole["target"])
    series = ask("search", "-m", TINY, "--series", f"{SERIES}#H10[0:48]", "-p", "Go on: {series}, ", "-n", 8,
                 "--rollouts", 2)
    check(series["reward"] == "spectral" and series["prompt_tokens"] > 100, series)
    check(ask(*SEARCH, "--nfe", 30)["stop_reason"] == "nfe", "--nfe")


def constraints(folder):
    pattern = "[0-9]{1,3}(, [0-9]{1,3})*"
    for method_options in ([], ["--in-flight", 1, "--seed", 5], ["--top-k", 0, "--top-p", 1]):
        answer = ask("search", "-m", TINY, "-p", "x", "-n", 9, "--rollouts", 6, "--constraint", pattern, "--reward",
                     "length:12", *method_options)
        check(answer["answers"] and all(re.fullmatch(pattern, a["text"]) for a in answer["answers"]), answer["answers"])
        check("constraint" in answer["target"], answer["target"])
    for name in r"\N{U+41}", r"\x{41}", r"\o{101}", r"\101": # no byte that no character of it begins with
        refused = ask("check", "-m", TINY, "--constraint", name, "B")
        check(refused["expected"] == ["A"], refused)
        check(ask("generate", "-m", TINY, "-p", "hi", "-n", 4, "--constraint", name)["text"] == "A", name)
    found = {}
    for method in ("maxent-ts", "sample", "cars", "adaptive-rejection", "rejection", "awrs-smc"):
        answer = ask("search", "-m", TINY, "-p", "x", "-n", 2, "--rollouts", 400, "--constraint", "[^aeiou]*",
                     "--top-k", 0, "--top-p", 1, "--lambda", 0, "--method", method, "--in-flight", 1)
        check(answer["answers"] and all(re.fullmatch("[^aeiou]*", a["text"]) for a in answer["answers"]), method)
        found[method] = answer["log_z"]
    check(max(found.values()) - min(found.values()) < 0.3 and found["cars"] < -0.3, found) # asked or not
    schema = folder / "schema.json"
    schema.write_text(json.dumps({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}))
    made = ask("generate", "-m", TINY, "-p", "x", "-n", 20, "--schema", schema, "--temperature", 0)
    check(isinstance(json.loads(made["text"])["a"], int), made)
    refuse(2, ["character 1"], "generate", "-m", TINY, "-p", "x", "--constraint", "[")
    refuse(2, ["--schema"], "generate", "-m", TINY, "-p", "x", "--constraint", "a", "--schema", schema)
    refuse(1, ["constraint"], "generate", "-m", TINY, "-p", "x", "-n", 2, "--constraint", "[0-9]{30}")
    schema.write_text('{"uniqueItems": true}')
    refuse(1, ["uniqueItems"], "generate", "-m", TINY, "-p", "x", "--schema", schema)


def checkpoints(folder):
    file = folder / "search.checkpoint"
    whole = without_times(ask(*SEARCH, "--in-flight", 2))
    check(without_times(ask(*SEARCH, "--in-flight", 2, "--save", file)) == whole, "--save changed the result")
    lines = file.read_bytes().splitlines(keepends=True)
    check(len(lines) == 6, f"{len(lines)} lines for 5 waves of two rollouts, the last of one")
    for kept in range(1, 6):
        file.write_bytes(b"".join(lines[:kept]) + b'{"wave":')
        check(without_times(ask(*SEARCH, "--in-flight", 2, "--resume", file)) == whole, f"resumed after {kept - 1}")
    refuse(2, ["reward"], *SEARCH[:-4], "--reward", "length:41", "--lambda", 4, "--in-flight", 2, "--resume", file)
    few, many = [[n if w == 9 else w for w in SEARCH] for n in (5, 13)]
    ask(*few, "--save", file) # in flight: 3 of 5, which 13 rollouts would not choose
    trace = folder / "resumed.trace"
    longer = without_times(ask(*many, "--resume", file, "--save", file, "--trace", trace))
    check(longer == without_times(ask(*many, "--in-flight", 3)), "an automatic in-flight is the checkpoint's")
    check(longer != without_times(ask(*many)), "which shows")
    check(json.loads(trace.read_text().splitlines()[0])["maxts_trace"]["in_flight"] == 3, "and the trace says so")
    check(without_times(ask(*many, "--resume", file)) == longer, "once more from its own checkpoint")
    refuse(2, ["in_flight is 3 there and 7 here", "; --in-flight 3 makes it fit"],
           *many, "--in-flight", 7, "--resume", file)
    ask(*few, "--top-k", 0, "--top-p", 1, "--trace", trace)
    check(ask("replay", trace)["lines_confirmed"] > 20, "whole distributions, whose sums are floats' sums")
    refuse(1, ["none.checkpoint"], *SEARCH, "--resume", folder / "none.checkpoint")
    refuse(1, ["/dev/zero: is not a regular file"], *SEARCH, "--resume", "/dev/zero")


def with_key(path, key, kind, value):
    """The tiny model with one more key, or another value of one, and a filler that keeps its data where they were
    aligned."""
    def entry(name, type_, data):
        return struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", type_) + data
    whole, old = TINY.read_bytes(), struct.pack("<Q", len(key)) + key.encode()
    whole = whole.replace(old, old[:-1] + b"?")
    if kind == "s":
        made = entry(key, 8, struct.pack("<Q", len(value)) + value.encode())
    elif isinstance(value, list):
        made = entry(key, 9, struct.pack("<IQ", {"f": 6, "I": 4}[kind], len(value)) +
                     struct.pack(f"<{len(value)}{kind}", *value))
    else:
        made = entry(key, {"f": 6, "?": 7, "I": 4}[kind], struct.pack("<" + kind, value))
    room = -(len(made) + len(entry("filler", 8, bytes(8)))) % 32
    made += entry("filler", 8, struct.pack("<Q", room) + b" " * room)
    path.write_bytes(whole[:16] + struct.pack("<Q", struct.unpack_from("<Q", whole, 16)[0] + 2) + made + whole[24:])
    return path


def numbers_of_others(folder):
    """Keys that other programs compute by: idle values change nothing, others are refused or done."""
    path, words = folder / "key.gguf", ("-p", "hello world", "-n", 6, "--temperature", 0)
    plain = ask("generate", "-m", TINY, *words)["text"]
    for key, kind, idle, other in (("attention.clamp_kqv", "f", 0, 8), ("attention.max_alibi_bias", "f", 0, 8),
                                   ("attention.scale", "f", .25, .5), ("attention.scale", "f", 0, -1),
                                   ("embedding_scale", "f", 1, 12), ("residual_scale", "f", 1, .22),
                                   ("logit_scale", "f", 0, float("nan")), ("attention.causal", "?", True, False),
                                   ("rope.scaling.attn_factor", "f", 1, 1.2)):
        check(ask("generate", "-m", with_key(path, f"llama.{key}", kind, idle), *words)["text"] == plain, key)
        refuse(1, [key, "does not do"], "generate", "-m", with_key(path, f"llama.{key}", kind, other), *words)
    for key, idle, other in (("yarn_ext_factor", 0, 1), ("yarn_attn_factor", 1, .7), ("yarn_log_multiplier", 0, .1)):
        key = f"llama.rope.scaling.{key}"
        check(ask("generate", "-m", with_key(path, key, "f", idle), *words)["text"] == plain, key)
        refuse(1, [key, "does not do"], "generate", "-m", with_key(path, key, "f", other), *words)
    for key, value in (("attention.head_count", 6), ("attention.head_count_kv", 2), ("feed_forward_length", 128)):
        key = f"llama.{key}" # of each layer, or of all
        check(ask("generate", "-m", with_key(path, key, "I", [value] * 2), *words)["text"] == plain, key)
        for wrong in [value, value + 1], [value] * 3, [0, 0], [2 ** 31] * 2, []:
            refuse(1, [key, "for all layers"], "generate", "-m", with_key(path, key, "I", wrong), *words)
        refuse(1, [key, "for all layers"], "generate", "-m", with_key(path, key, "f", [value] * 2), *words)
    check(ask("generate", "-m", with_key(path, "general.type", "s", "model"), *words)["text"] == plain, "a model")
    for kind in "adapter", "mmproj", "imatrix":
        refuse(1, [f'general.type is "{kind}"', "none"], "tokenize", "-m", with_key(path, "general.type", "s", kind),
               "-p", "x")
    done = run("tokenize", "-m", with_key(path, "tokenizer.ggml.pre", "s", ""), "-p", "hello", "--json")
    check(done.returncode == 0 and b"does not say how text is cut" in done.stderr, done)
    slow = ask("score", "-m", with_key(path, "llama.rope.scaling.factor", "f", 2), "-p", "hello world")["nll"]
    old = ask("score", "-m", with_key(path, "llama.rope.scale_linear", "f", 2), "-p", "hello world")["nll"]
    check(slow == old != ask("score", "-m", TINY, "-p", "hello world")["nll"], (slow, old))
    refuse(1, ["scale_linear", "outside"], "generate", "-m", with_key(path, "llama.rope.scale_linear", "f", 0), *words)


def refusals(folder):
    refuse(1, ["missing.gguf"], "search", "-m", folder / "missing.gguf", "-p", "x")
    whole = TINY.read_bytes()
    for name, data in (("truncated.gguf", whole[:-1000]), ("head.gguf", whole[:50]),
                       ("text.gguf", b"once upon a time\n" * 9),
                       ("empty.gguf", b""), ("strange.gguf", whole.replace(b"\x05\0\0\0\0\0\0\0llama",
                                                                           b"\x05\0\0\0\0\0\0\0lhama", 1))):
        path = folder / name
        path.write_bytes(data)
        for command in ("search", "inspect", "score"):
            refuse(1, [name], command, "-m", path, stdin="x")
        if name != "strange.gguf": # its tokenizer is as good as any
            refuse(1, [name], "tokenize", "-m", path, stdin="x")
    refuse(1, ["lhama"], "inspect", "-m", folder / "strange.gguf")
    refuse(2, ["empty"], "search", "-m", TINY, "-p", "")
    refuse(2, ["empty"], "generate", "-m", TINY, stdin="")
    refuse(2, ["empty"], "tokenize", "-m", TINY, stdin="")
    for command in ("tokenize", "score", "generate", "search"):
        refuse(2, ["UTF-8", "0xff"], command, "-m", TINY, stdin=b"abc \xff def")
    refuse(2, ["NUL"], "generate", "-m", TINY, stdin=b"abc\0def")
    refuse(2, ["context of 512"], "search", "-m", TINY, "-p", "word " * 600)
    refuse(2, ["context of 512"], "score", "-m", TINY, stdin="word " * 600)
    refuse(2, ["context of 512", "505"], "generate", "-m", TINY, "-p", "word", "-n", 505)
    refuse(2, ["nonsense"], "search", "-m", TINY, "-p", "x", "--reward", "nonsense")
    refuse(2, ["series"], "search", "-m", TINY, "-p", "x", "--reward", "spectral")
    refuse(2, ["{series}"], "search", "-m", TINY, "-p", "{series}")
    refuse(1, ["none.csv"], "search", "-m", TINY, "-p", "x", "--series", folder / "none.csv")
    refuse(2, ["--raw"], "search", "-m", TINY, "-p", "x", "--raw", "--system", "y")
    refuse(2, ["table"], "verify", "-m", TINY)
    refuse(2, ["KV ring of 64"], "search", "-m", TINY, "-p", "word " * 60, "--kv", 64)
    refuse(2, ["vocabulary", "GiB"], "search", "-m", TINY, "-p", "x", "--top-k", 0, "--top-p", 1, "--rollouts", 10**7)
    refuse(2, ["'fast'"], "search", "-m", TINY, "-p", "x", "--cpu-mask", "fast")
    few = ["search", "-m", TINY, "-p", "x", "-n", 4, "--rollouts", 3, "--reward"]
    refuse(1, ["dies"], *few, "command:sh -c 'exit 3' dies")
    refuse(1, ["within 0.3 s"], *few, "command:timeout=0.3 sleep 60")
    for pause in ("", "sleep 0.1 && "):  # a line too many, at once or later
        answer = f"echo 1; test $n = 1 && {pause}echo 1000"
        refuse(1, ["not asked for"], *few, f"command:n=0; while read -r l; do n=$((n+1)); {answer}; done")
    refuse(1, ["maxts-no-such-program"], *few, "command:maxts-no-such-program 2>/dev/null")
    for command in (["inspect"], ["search", "-p", "x", "-n", 4], ["score", "-p", "hello"], ["generate", "-p", "x"],
                    ["search", "-p", "x", "--rollouts", 100]):  # the last writes more than a buffer
        with open("/dev/full", "wb") as full:
            done = run(command[0], "-m", TINY, *command[1:], stdout=full)
        check(done.returncode == 1 and b"standard output: " in done.stderr and b"Input/output" not in done.stderr,
              f"{command} on a full disk: {done}")


def bench():
    """A few figures of a tiny model: what is asked for, in its order, each beside its limit."""
    told = ask("bench", "-m", TINY, "--prefill", "4,8", "--prompt-tokens", "3,5", "--sequences", "1,2", "--threads", 1)
    check([r["tokens"] for r in told["prefill"]] == [4, 8], told["prefill"])
    check([(r["prompt"], r["batch"]) for r in told["decode"]] == [(3, 1), (3, 2), (5, 1), (5, 2)], told["decode"])
    for row in told["prefill"] + told["decode"]:
        check(row["tok_per_s"] > 0
              and abs(row["share_of_limit"] * row["limit_tok_per_s"] / row["tok_per_s"] - 1) < 1e-9, row)
        batch = row.get("batch", row.get("tokens"))
        check(abs(row["weights_gb_per_s"] / (row["tok_per_s"] / batch * told["memory"]["weight_bytes"] / 1e9) - 1)
              < 1e-9, row)
        check(row["peak_rss_bytes"] >= told["memory"]["loaded_rss_bytes"] > told["memory"]["weight_bytes"], row)
    check({r["batch"] for r in told["matmul"]} == {1, 16, 512} and all(r["own_gmac_per_s"] > 0
                                                                       for r in told["matmul"]), told["matmul"])
    for r in told["matmul"]:
        forms = {"tile": r["tile_gmac_per_s"], "product": r["product_gmac_per_s"]}
        check(r["chosen"] in forms and r["own_gmac_per_s"] == forms[r["chosen"]] and r["why"], r)
        by_product = r["product_from"] is not None and r["batch"] >= r["product_from"]
        check((r["chosen"] == "product") == by_product, r)
    shapes = {(r["type"], r["cols"]) for r in told["matmul"] if r["product_gmac_per_s"]}
    check(sum(told["choices"][k] for k in ("measured", "kept", "unsettled")) >= len(shapes), told["choices"])
    told = ask("bench", "-m", TINY, "--prefill", "4", "--prompt-tokens", "3", "--sequences", "1", "--exact")
    check({r["chosen"] for r in told["matmul"]} == {"fp32"}, told["matmul"])
    told = ask("bench", "-m", TINY, "--prefill", "4", "--prompt-tokens", "3", "--sequences", "1", "--threads", 1)
    check(told["cpu"]["threads"] == 1 and told["load_s"] > 0 and "%" in told["verdict"], told)
    for bad in ("", "1,", ",2", "0", "1,x", "99999"):
        refuse(2, ["--sequences"], "bench", "-m", TINY, "--sequences", bad)


def stops():
    """Texts that end an answer: of one, and of all that a search finds."""
    plain = ["-m", TINY, "-p", "hello", "-n", 40, "--end-stop", "on", "--top-k", 0, "--top-p", 1]
    seen = 0
    for seed in range(20):
        whole = ask("generate", *plain, "--seed", seed)["text"]
        letters = [c for c in whole[1:] if c.isalpha() and c.isascii()]
        if letters:
            cut = ask("generate", *plain, "--seed", seed, "--stop", letters[0], "--stop", "no such text")
            check(cut["text"] == whole[:whole.index(letters[0])] and cut["stop_reason"] == "stop", (whole, cut))
            seen += 1
    check(seen > 5, f"{seen} texts with letters")
    answer = ask("search", *plain, "--reward", "length:3", "--rollouts", 40, "--stop", "e", "--stop", "\n")
    check("2 stop strings" in answer["target"], answer["target"])
    texts = [a["text"] for a in answer["answers"]]
    check(not any("e" in t or "\n" in t for t in texts) and len(set(texts)) == len(texts), texts)
    check({a["end"] for a in answer["answers"]} <= {"complete", "cut"}, answer["answers"])
    for a in answer["answers"]:
        ways = a.get("tokenisations", [])
        check(not ways or abs(sum(w["probability"] for w in ways) - a["probability"]) < 1e-12, a)
    refuse(2, ["stop", "256"], "search", *plain, "--stop", "")
    refuse(2, ["think-tokens", "<think>"], "search", *plain, "--think-tokens", 3)
    with work_dir() as folder:
        ask("search", *plain, "--rollouts", 3, "--stop", "e", "--save", f"{folder}/save")
        refuse(2, ["save"], "search", *plain, "--rollouts", 6, "--stop", "a", "--resume", f"{folder}/save")


def interrupts(folder):
    """Ctrl-C ends a long search with what it has, whole."""
    saved = folder / "interrupted.ckpt"
    status, out, err = end_when(lambda: saved.exists() and saved.stat().st_size > 5000, signal.SIGINT, "search", "-m",
                                TINY, "-p", "x", "-n", 8, "--rollouts", 100000, "--end-stop", "off", "--in-flight", 1,
                                "--reward", "length", "--save", saved)
    check(status == 0 and not err, f"interrupted: exit {status}: {err.decode()}")
    answer = json.loads(out)
    check(answer["stop_reason"] == "interrupted" and 0 < answer["rollouts"] < 100000 and answer["best"]["text"], answer)


def main():
    with work_dir() as folder:
        texts_and_tokens()
        products()
        generate()
        search_words()
        same_bytes()
        constraints(pathlib.Path(folder))
        checkpoints(pathlib.Path(folder))
        refusals(pathlib.Path(folder))
        numbers_of_others(pathlib.Path(folder))
        bench()
        stops()
        if os.name == "posix":
            interrupts(pathlib.Path(folder))
    finish(150)


if __name__ == "__main__":
    main()
