"""Engines beside which maxts is measured: for each what is run, in which variants, and how its output is read.

An adapter's `commands` gives for every variant the commands that measure it; its `read` makes {work: tokens per second}
of what one of them printed. A variant that an engine's version does not know ends with an error and is left out; at
least one must run. PATH is what follows `--peer NAME=`."""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import typing

HERE = pathlib.Path(__file__).resolve().parent
BATCHES = (1, 10, 32)
BUILT = ("build/bin", "bin", "target/release", ".")  # where a tree's programs are
PREFILL = 512


@dataclasses.dataclass(frozen=True)
class Work:
    """What is to be measured."""
    model: str
    prompt: int  # tokens that the sequences share
    tokens: int  # that each sequence decodes
    threads: int
    only: tuple = ()  # pairs (figure, variant) where nothing else is to be measured (--scout)


# ---- how outputs are read ----

def read_json(text):
    """The JSON of bench/peer: the last line."""
    result = json.loads(text.strip().splitlines()[-1])
    rates = {f"prefill {r['tokens']}": r["tok_per_s"] for r in result["prefill"]}
    return rates | {f"decode {r['batch']}": r["tok_per_s"] for r in result["decode"]}


def read_variants(text):
    """Which variant each figure of that JSON is of."""
    result = json.loads(text.strip().splitlines()[-1])
    found = {f"prefill {r['tokens']}": r.get("variant", "") for r in result["prefill"]}
    return found | {f"decode {r['batch']}": r.get("variant", "") for r in result["decode"]}


def read_table(text):
    """Rows of the tables in a text as {heading: cell}; a heading row is one that a row of dashes follows or no figure
    is in."""
    rows, head = [], None
    for line in text.splitlines():
        if not line.strip().startswith("|"):
            continue
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if all(re.fullmatch(r"[-:+=]*", c) for c in cells):
            continue
        if not any(re.match(r"\d", c) for c in cells):
            head = cells
        elif head and len(head) == len(cells):
            rows.append(dict(zip(head, cells)))
    return rows


def read_batched_bench(text):
    """llama-batched-bench: a row of one sequence and the prefill's length is the prefill's; others share a prompt."""
    rates = {}
    for row in read_table(text):
        if int(row["PP"]) == PREFILL and int(row["TG"]) == 1:
            rates[f"prefill {PREFILL}"] = float(row["S_PP t/s"])
        else:
            rates[f"decode {row['B']}"] = float(row["S_TG t/s"])
    return rates


def read_mistralrs_bench(text):
    """mistralrs-bench: tests "pp N" and "tg N", the rate of all sequences under throughput/s."""
    rates = {}
    for row in read_table(text):
        kind, _, length = row["test"].partition(" ")
        if kind == "tg":
            rates[f"decode {row['concurrency']}"] = float(row["throughput/s"])
        elif row["concurrency"] == "1" and int(length) == PREFILL:
            rates[f"prefill {length}"] = float(row["throughput/s"])
    return rates


# ---- what is run ----

def peer_commands(script, *words):
    def commands(path, w):
        python = path or sys.executable
        return {"": [[python, HERE / "peer" / script, *words, w.model, "--threads", w.threads, "--prefill", PREFILL,
                      "--prompt", w.prompt, "--tokens", w.tokens, "--repeat", 1, "--sequences",
                      ",".join(map(str, BATCHES)), *(["--only", json.dumps(dict(w.only))] if w.only else [])]]}
    return commands


def tree_commands(variants):
    """A built tree of the llama.cpp family."""
    def commands(path, w):
        program = find_program(path, "llama-batched-bench")
        same = [program, "-m", w.model, "-t", w.threads, "-tb", w.threads, "-b", 2048, "-ub", 512]
        room = w.prompt + max(BATCHES) * (w.tokens + 1)
        return {name: [[*same, *options, "-c", 1024, "-npp", PREFILL, "-ntg", 1, "-npl", 1],
                       [*same, *options, "-c", max(1024, room), "-npp", w.prompt, "-ntg", w.tokens, "-npl",
                        ",".join(map(str, BATCHES)), "-pps"]]
                for name, options in variants.items()}
    return commands


def mistral_commands(path, w):
    """Its own benchmark: decoding begins with one token, not with a shared prompt, which favours it."""
    model = pathlib.Path(w.model)
    return {"default": [[find_program(path, "mistralrs-bench"), "-p", PREFILL, "-g", w.tokens, "-r", 1, "-c",
                  ",".join(map(str, BATCHES)), "gguf", "-m", model.parent, "-f", model.name]]}


def find_program(path, name):
    """The program in a built tree, or the path itself where it is one."""
    for candidate in (pathlib.Path(path), *(pathlib.Path(path) / d / name for d in BUILT)):
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    sys.exit(f"side_by_side: {path}: there is no {name} in it")


# ---- which one it was ----

def commit_of(path):
    git = shutil.which("git")
    done = git and subprocess.run([git, "-C", path, "describe", "--always", "--dirty"], capture_output=True, text=True,
                                  check=False)
    return f"commit {done.stdout.strip()}" if done and done.returncode == 0 else str(path)


def tree_version(path, text):
    """The tree's commit, and the compiler where the program says it ("built with ... for ...")."""
    built = re.search(r"built with (.+)", text)
    return commit_of(path) + (f", {built[1].strip()}" if built else "")


def json_version(path, text):
    del path
    return json.loads(text.strip().splitlines()[-1]).get("version", "")


def pinned_version(path, text):
    del path, text
    source = (HERE / "peer" / "peer.py").read_text(encoding="utf-8")
    return re.search(r"llama-cpp-python==[\d.]+", source)[0] + ", built here"


@dataclasses.dataclass(frozen=True)
class Adapter:
    commands: typing.Callable  # (path, work) -> {variant: [command]}
    read: typing.Callable      # text -> {work: tokens per second}
    version: typing.Callable   # (path, text of a run) -> words
    needs_path: bool = False


ON_OFF = {"default": [], "flash attention on": ["-fa", "on"], "flash attention off": ["-fa", "off"]}
IK = {"default": [], "repacked": ["-rtr"], "repacked, flash attention": ["-rtr", "-fa"],
      "repacked, flash attention on": ["-rtr", "-fa", "on"], "repacked, flash attention off": ["-rtr", "-fa", "off"]}

ADAPTERS = {
    "llama.cpp": Adapter(peer_commands("peer.py", "speed"), read_json, pinned_version),
    "llama.cpp-tree": Adapter(tree_commands(ON_OFF), read_batched_bench, tree_version, needs_path=True),
    "ik_llama.cpp": Adapter(tree_commands(IK), read_batched_bench, tree_version, needs_path=True),
    "openvino": Adapter(peer_commands("wheels.py", "openvino"), read_json, json_version),
    "ik_llama.cpp-wheel": Adapter(peer_commands("ik.py", "speed"), read_json, json_version),
    "xllamacpp": Adapter(peer_commands("wheels.py", "xllamacpp"), read_json, json_version),
    "mistralrs": Adapter(peer_commands("wheels.py", "mistralrs"), read_json, json_version),
    "mistral.rs": Adapter(mistral_commands, read_mistralrs_bench, tree_version, needs_path=True),
}


def measure(name, path, work, environment):
    """One run of an engine: {"rates": {work: [tokens per second, variant]}, "version", "left_out": {variant: why}},
    the fastest variant of each work."""
    adapter, rates, left_out, version = ADAPTERS[name], {}, {}, ""
    wanted, chosen = {variant for _, variant in work.only}, {}
    for variant, commands in adapter.commands(path, work).items():
        found = {}
        if wanted and variant and variant not in wanted:
            continue
        for command in commands:
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=environment)
            if done.returncode:
                left_out[variant] = (done.stderr.strip() or f"ended with {done.returncode}").splitlines()[-1]
                break
            text = done.stdout if adapter.read is read_json else done.stdout + done.stderr
            found |= adapter.read(text)
            chosen = read_variants(text) if adapter.read is read_json else {}
            version = adapter.version(path, text) or version
        else:
            for what, rate in found.items():
                rates[what] = max(rates.get(what, [0, ""]), [rate, variant or chosen.get(what, "")])
    if not rates:
        sys.exit(f"side_by_side: {name}: no variant ran: {left_out}")
    return {"rates": rates, "version": version, "left_out": left_out}
