#!/usr/bin/env python3
"""reliability.py LOG ...: writes the table of docs/reliability.md anew from what the tests themselves have printed:
meson-logs/testlog.json of one or more builds, or TEST.log, as tools/fuzz_all.sh leaves it in build-fuzz; the later ones
count. Of a test and its longer runs (killed, killed_500) the longest counts. A test that is in none keeps its last
line.
reliability.py --check: the document has the rows of this file, in their order, and none says that it failed."""
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", pathlib.Path(__file__).parents[1]))
DOCUMENT = ROOT / "docs/reliability.md"

CASES = r"\[  PASSED  \] (\d+) test"
INPUTS = r"number_of_executed_units: *(\d+)"

# What is promised, the test that holds it, and how the test says how many cases it has had: its line's pattern, and
# what is counted.
PROMISES = [
    ("A damaged or hostile model file ends in one sentence", "mutations",
     r"(\d+) (?:refused by the reader|by the tokenizer|ran;)", "damaged models"),
    ("... whatever its bytes are", "fuzz_gguf", INPUTS, "inputs"),
    ("So does a text", "fuzz_tokenizer", INPUTS, "inputs"),
    ("... a chat template", "fuzz_template", INPUTS, "inputs"),
    ("... a table", "fuzz_table", INPUTS, "inputs"),
    ("... a reward's specification", "fuzz_reward", INPUTS, "inputs"),
    ("... what a reward program writes", "fuzz_protocol", INPUTS, "inputs"),
    ("... a checkpoint", "fuzz_checkpoint", INPUTS, "inputs"),
    ("... a trace", "fuzz_trace", INPUTS, "inputs"),
    ("... a journal", "fuzz_journal", INPUTS, "inputs"),
    ("... a command line", "fuzz_options", INPUTS, "inputs"),
    ("... a user's own settings", "fuzz_config", INPUTS, "inputs"),
    ("... JSON", "fuzz_json", INPUTS, "inputs"),
    ("... a conversation", "fuzz_messages", INPUTS, "inputs"),
    ("... a file of time series", "fuzz_series", INPUTS, "inputs"),
    ("... what `maxts train` wrote", "fuzz_evidence", INPUTS, "inputs"),
    ("... a regular expression; what it lets through matches by PCRE2", "fuzz_pattern", INPUTS, "inputs"),
    ("... a grammar; its masks are what advancing says", "fuzz_grammar", INPUTS, "inputs"),
    ("... a JSON schema; what it lets through is JSON", "fuzz_schema", INPUTS, "inputs"),
    ("... a text, which constraints that say the same judge alike", "fuzz_text", INPUTS, "inputs"),
    ("A flipped bit of a checkpoint, trace or journal is seen, or changes nothing", "damage",
     r"(\d+) single bits flipped", "bits"),
    ("A damaged table or series is refused, or read as Python reads it", "damaged",
     r"(\d+) damaged files", "files"),
    ("Of two runs that write one file one is refused, and no line is lost", "pairs", r"(\d+) pairs of evals", "pairs"),
    ("A call of the system that fails ends in one sentence, never in less", "faults", r"(\d+) failed in turn", "calls"),
    ("Memory that runs out while JSON is read or written is told, and nothing is written past its end", "json", CASES,
     "tests"),
    ("Searches again and again in one process come to the same and take no more memory", "repeated",
     r"(\d+) searches;", "searches"),
    ("A killed search goes on to the same bytes", "search_driver", CASES, "tests"),
    ("After kill -9 of a search, evaluation or report nothing finished is lost", "killed",
     r"(\d+) moments of kill -9", "moments"),
    ("A file is written whole or not at all, through links, by one writer", "output", CASES, "tests"),
    ("A full disk or a read-only folder ends in one sentence, and nothing is destroyed", "disk",
     r"(\d+) full disks and read-only folders", "disks"),
    ("A reward program is asked and answers one for one, and leaves nothing behind", "reward_command", CASES, "tests"),
    ("A result does not depend on batch, threads, chunks or place in the cache", "model bits", CASES, "tests"),
    ("A kernel is its scalar twin, bit for bit", "checkasm", r"(\d+) kernels tested", "kernels"),
    ("Searches estimate what a table's exact values are", "search_proofs", CASES, "tests"),
]
HEAD = "| promise | test | cases | result |\n|---|---|---|---|\n"


def read_logs(paths):
    """{test: (whether it passed, what it printed)}"""
    runs = {}
    for path in map(pathlib.Path, paths):
        if path.suffix == ".log":
            text = path.read_text(encoding="utf-8")
            runs[path.stem] = (not re.search("kept in|FAILED", text), text)
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            test = json.loads(line)
            name = test["name"].split(" / ")[-1].split(":")[-1]
            runs[name] = (test["result"] == "OK", (test.get("stdout") or "") + (test.get("stderr") or ""))
    return runs


def base(name):
    """killed of killed_500"""
    return re.sub(r"_\d+$", "", name)


def row(promise, test, pattern, unit, runs, old):
    done = [(sum(map(int, re.findall(pattern, output))), well, name)
            for name, (well, output) in runs.items() if base(name) == test]
    if not done:
        return f"| {promise} | " + (old[test].split(" | ", 1)[1] if test in old else f"`{test}` | | not run |")
    cases, _, name = max(done)
    well = all(each[1] for each in done)
    return f"| {promise} | `{name}` | {f'{cases:,} {unit}' if cases else ''} | {'holds' if well else 'fails'} |"


def table_at(text):
    """From where to where the table's rows stand."""
    at = text.index(HEAD) + len(HEAD)
    return at, at + re.match(r"(\|.*\n)*", text[at:]).end()


def rows_of(text):
    at, end = table_at(text)
    return {base(found[1]): found[0] for found in re.finditer(r"^\| [^|]* \| `([^`]*)` \|.*$", text[at:end], re.M)}


def check(text):
    rows = rows_of(text)
    bad = [f"{test} has no row with its promise" for promise, test, *_ in PROMISES
           if not rows.get(test, "").startswith(f"| {promise} |")]
    bad += [f"{test} is in no promise" for test in rows if test not in [test for _, test, *_ in PROMISES]]
    bad += [line for line in rows.values() if not line.endswith(("| holds |", "| not run |"))]
    for line in bad:
        print(f"docs/reliability.md: {line}")
    print(f"{len(PROMISES)} promises")
    return 1 if bad else 0


def main():
    text = DOCUMENT.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--check"]:
        return check(text)
    runs, old = read_logs(sys.argv[1:]), rows_of(text)
    table = "".join(row(*promise, runs, old) + "\n" for promise in PROMISES)
    at, end = table_at(text)
    DOCUMENT.write_text(text[:at] + table + text[end:], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
