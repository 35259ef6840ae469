#!/usr/bin/env python3
"""To watch a search: the table of docs/algorithm.md printed by a command, a trace told step by step, by keys, as a page
(in Chromium where there is one), as a graph; and docs/trace.md, which has every member that a trace can have."""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time
import unicodedata

from program import NO_LEAKS, NOBODY, PROGRAM, ROOT, TINY, ask, check, finish, refuse, run, work_dir

WALK = ROOT / "docs" / "walk.json"
SETTINGS = "--rollouts 4 --sweep 0 --seed 3 --in-flight 1 --best-first 0 --index-power 0 --level 0".split()
METHODS = ("maxent-ts", "greedy", "sample", "best-of-n", "beam", "smc", "mcts", "dts", "dts-star")


def walk(folder):
    trace = pathlib.Path(folder) / "walk.trace"
    ask("search", "-m", WALK, *SETTINGS, "--trace", trace)
    return trace


def table_of_the_page(trace):
    """The page's rows, all of them."""
    text = (ROOT / "docs" / "algorithm.md").read_text(encoding="utf-8")
    head = re.search(r"^    i  text  q .*$", text, re.M)
    names = head[0].split()
    rows = [re.sub(r" \* ", "*", line).split() for line in text[head.end():].split("\n")[1:5]]
    check(names[6] == "W" and len(rows) == 4, (names, rows))
    want = [names, *rows]
    lines = run("replay", trace, "--table").stdout.decode().splitlines()
    got = [re.sub(r" \* ", "*", line).split() for line in lines]
    check(got == want, (got, want))
    numbers = ask("replay", trace, "--table", "--json")["rollouts"]
    for row, line in zip(numbers, rows):
        for name, place in (("z", 3), ("K", 4), ("u", 5), ("W", 6), ("Z^", 7)):
            check(abs(row[name] - float(line[place])) < 1e-6, (row, line))


def steps(trace):
    """Where nobody is at the keys, one frame after the other."""
    text = run("replay", trace, "--step", "-m", WALK).stdout.decode()
    told = re.findall(r"rollout (\d) of 4: ([01] [01])", text)
    check(told == [("1", "0 1"), ("2", "1 0"), ("3", "1 1"), ("4", "0 0")], text)
    check(text.count("expected, which the policy is from") == 4, "W stands beside each")
    for value in ("0.583383", "5.881830", "5.327578", "3.475545", "4.300056", "3.790260"):
        check(value in text, value)
    check(text.count("exact") == 4, "the exact Z stands beside each")


def one_notation(folder):
    """Numbers of a column are all plain or all have exponents, small ones too."""
    trace = pathlib.Path(folder) / "small.trace"
    ask("search", "-m", TINY, "-p", "x", "--rollouts", 6, "-n", 5, "--trace", trace)
    table = [line.split() for line in run("replay", trace, "--table").stdout.decode().splitlines()]
    columns_of = [[row[i] for row in table[1:]] for i in range(2, len(table[0]))]
    frames = run("replay", trace, "--step").stdout.decode().split("rollout ")[1:]
    check(len(frames) == 6 and len(table) == 7, (frames, table))
    columns_of += [re.findall(r"^  (?:z|Z\^|W|K|u) +(\S+)", frame, re.M) for frame in frames]
    small = 0
    for column in columns_of:
        told = {"e" in number for number in column if number != "-"}
        check(len(told) == 1, column)
        small += told == {True}
    check(small > 6, columns_of)


def keys(trace):
    """On a terminal, walked forwards, back, to the ends and out."""
    master, slave = pty.openpty()
    process = subprocess.Popen([PROGRAM, "replay", str(trace), "--step", "--color", "never"], stdin=slave, stdout=slave,
                               stderr=subprocess.PIPE, env={**os.environ, **NOBODY, **NO_LEAKS, "TERM": "xterm",
                                                            "COLUMNS": "100"})
    os.close(slave)
    seen = b""

    def wait(what):
        nonlocal seen
        end = time.monotonic() + 600
        while what not in seen and time.monotonic() < end:
            if select.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 65536)
        check(what in seen, (what, seen[-500:]))
        seen = seen[seen.rindex(what) + len(what):]

    wait(b"rollout 1 of 4")
    for key, frame in ((b"n", 2), (b"\x1b[C", 3), (b"p", 2), (b"G", 4), (b"n", 4), (b"g", 1), (b" ", 2),
                       (b"\x1b[D", 1)):
        wait(b"q out")
        os.write(master, key)
        wait(b"rollout %d of 4" % frame)
    os.write(master, b"q")
    check(process.wait(600) == 0 and process.stderr.read() == b"", "q leaves")
    os.close(master)


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def fits(folder):
    """A long text on small screens: no line is wider, no frame higher, and the last line has the keys."""
    trace = pathlib.Path(folder) / "long.trace"
    ask("search", "-m", TINY, "-p", "x", "--rollouts", 2, "-n", 60, "--end-stop", "off", "--trace", trace)
    for wide, high in ((80, 24), (40, 20), (132, 43)):
        master, slave = pty.openpty()
        done = subprocess.Popen([PROGRAM, "replay", str(trace), "--step", "-m", str(TINY)], stdin=slave, stdout=slave,
                                stderr=subprocess.PIPE, env={**os.environ, **NOBODY, **NO_LEAKS, "TERM": "xterm",
                                                             "COLUMNS": str(wide), "LINES": str(high), "NO_COLOR": "1"})
        os.close(slave)
        os.write(master, b"nq")
        seen = b""
        while select.select([master], [], [], 60)[0]:
            try:
                more = os.read(master, 65536)
            except OSError: # the other end is closed
                break
            if not more:
                break
            seen += more
        check(done.wait(60) == 0 and done.stderr.read() == b"", "q leaves")
        os.close(master)
        frames = seen.decode().replace("\r\n", "\n").split("\x1b[H\x1b[2J")
        frames = [frame for frame in frames if "rollout" in frame]
        check(len(frames) == 2 and "\x1b" not in "".join(frames[1:]), frames)
        for frame in frames:
            lines = frame.rstrip("\n").split("\n")
            check(len(lines) < high and max(map(columns, lines)) <= wide, (wide, high, frame))
            check("q out" in lines[-1] and "more)" in frame or wide == 40 and "\u2026" in frame, frame)
    whole = run("replay", trace, "--step").stdout.decode()
    check(len(re.findall(r"^  60 ", whole, re.M)) == 2 and "more)" not in whole, "elsewhere nothing is left out")


def labels():
    """Tokens as they read: letters of other scripts stand as they are, parts of a letter are escaped."""
    model = pathlib.Path(os.environ.get("MAXTS_SMOLLM2") or
                         pathlib.Path.home() / ".cache" / "maxts" / "SmolLM2-135M-Instruct.Q4_1.gguf")
    if not model.exists():
        print(f"no letters of other scripts looked at: {model} is not here")
        return
    dot = run("search", "-m", model, "--raw", "-p", "Le caf\u00e9 est tr\u00e8s", "-n", 4, "--constraint", " \u00e9.*",
              "--rollouts", 2, "--explain-as", "dot").stdout.decode()
    check("\\xc3" in dot and "\u00e9" in dot, dot)


def page(folder, trace):
    out = pathlib.Path(folder) / "walk.html"
    done = ask("replay", trace, "--html", out, "-m", WALK)
    check(done["page"] == str(out) and done["lines_confirmed"] > 20, done)
    text = out.read_text(encoding="utf-8")
    check("http" not in text.replace("http-equiv", "") and text.count("<script") == 1, "it needs nothing else")
    story = json.loads(re.search(r"const S=(.*?);\nconst \$", text, re.S)[1])
    check([r["tokens"] for r in story["rollouts"]] == [[0, 1], [1, 0], [1, 1], [0, 0]], story)
    chromium = shutil.which("chromium")
    if not chromium:
        print("not looked at in Chromium, which is not here")
        return
    for at, z, w, nodes in ((1, "2.718282", "3.881398", 3), (3, "3.571948", "5.476962", 6),
                            (4, "3.790260", "3.790260", 7)):
        dom = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
                              f"--user-data-dir={folder}/chromium", "--dump-dom", f"{out.as_uri()}#{at}"],
                             capture_output=True, text=True, timeout=600).stdout
        check(f"Rollout {at}: " in dom and f"; z {z};" in dom and "exact Z 3.790260" in dom, dom[:3000])
        check(f"; W {w};" in dom and "thin: log W" in dom, dom[:3000])
        check(dom.count("<li") == nodes, f"{dom.count('<li')} nodes after rollout {at}")
    # what a model's tokens say cannot end the script
    trace = pathlib.Path(folder) / "tiny.trace"
    ask("search", "-m", TINY, "-p", "x", "--rollouts", 3, "-n", 4, "--trace", trace)
    ask("replay", trace, "--html", out, "-m", TINY)
    check(out.read_text(encoding="utf-8").count("</script") == 1, "no tag in the data")


def forms(folder):
    search = ["search", "-m", ROOT / "examples" / "table.json", "--rollouts", 8]
    dot = run(*search, "--explain-as", "dot").stdout.decode()
    check(dot.startswith("digraph search {") and dot.endswith("}\n"), dot)
    shown = ask(*search, "--explain-as", "json")["explain"]
    check(shown["shown"] == shown["of"] == len(shown["nodes"]), shown)
    check(dot.count(" -> ") == len(shown["nodes"]) - 1, "an edge to each node but the prompt")
    for node in shown["nodes"][1:]:
        parent = shown["nodes"][node["parent"]]
        check(parent["depth"] == node["depth"] - 1 and node["share"] <= parent["share"] + 1e-12, node)
        check(abs(node["share"] - parent["share"] * node["policy"]) < 1e-9, node)
    for parent in shown["nodes"]:
        shares = [n["share"] for n in shown["nodes"] if n["parent"] == parent["id"]]
        check(shares == sorted(shares, reverse=True), "the larger of siblings first")
    large = ask("search", "-m", TINY, "-p", "x", "--rollouts", 40, "-n", 6, "--top-k", 50, "--explain-as", "json")
    tree = large["explain"]
    check(tree["shown"] == 60 < tree["of"] and any(n["left_out"] for n in tree["nodes"]), "what is left out is counted")
    if shutil.which("dot"):
        drawn = subprocess.run(["dot", "-Tsvg"], input=dot, capture_output=True, text=True, timeout=600)
        check(drawn.returncode == 0 and "<svg" in drawn.stdout, drawn.stderr)


def live():
    """On a terminal the tree grows; elsewhere standard error stays empty."""
    command = [PROGRAM, "search", "-m", str(WALK), *SETTINGS, "--live", "--color", "never"]
    quiet = run(*command[1:])
    check(quiet.returncode == 0 and quiet.stderr == b"", quiet.stderr)
    master, slave = pty.openpty()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave,
                               env={**os.environ, **NOBODY, **NO_LEAKS, "TERM": "xterm", "COLUMNS": "100"})
    os.close(slave)
    drawn = b""
    try:
        while part := os.read(master, 65536):
            drawn += part
    except OSError:
        pass # the other end is closed
    check(process.wait(600) == 0 and json.loads(process.stdout.read())["rollouts"] == 4, drawn)
    last = drawn.decode().split("4 of 4 rollouts")[-1]
    rows = [re.sub(r"\x1b\[[A-Z]", "", line).split() for line in last.splitlines()[1:8]]
    check([(row[0], row[-1]) for row in rows] == [("4", "(prompt)"), ("2", "0"), ("1", "0"), ("1", "1"), ("2", "1"),
                                                  ("1", "1"), ("1", "0")] or sorted(row[0] for row in rows) ==
          ["1", "1", "1", "1", "2", "2", "4"], rows)
    check(rows[0][2] == "2", "the best reward below the prompt")


def documented(folder):
    """Every member of every line of traces of every method stands in docs/trace.md."""
    text = (ROOT / "docs" / "trace.md").read_text(encoding="utf-8")
    known = set(re.findall(r"`([a-z_]+)`", text))
    trace, seen = pathlib.Path(folder) / "m.trace", set()
    runs = [["-m", WALK, "--method", m, "--rollouts", 3] for m in METHODS]
    runs += [["-m", TINY, "-p", "x", "-n", 6, "--rollouts", 6, "--reward", "length:5"],
             ["-m", TINY, "-p", "x", "-n", 200, "--end-stop", "off", "--rollouts", 4000, "--reward", "length:500",
              "--seconds", 0.2],
             ["-m", TINY, "-p", "x", "-n", 200, "--end-stop", "off", "--rollouts", 4000, "--method", "smc", "--seconds",
              0.2]]
    for options in runs:
        ask("search", *options, "--trace", trace, "--quiet")
        for line in trace.read_text().splitlines():
            seen |= set(json.loads(line))
    check(seen <= known, f"docs/trace.md lacks {sorted(seen - known)}")
    check({"maxts_trace", "path", "cut", "prior", "value", "steps"} <= seen, seen)


def refusals(folder, trace):
    broken = pathlib.Path(folder) / "broken.trace"
    broken.write_text(trace.read_text().replace('"reward":1', '"reward":3', 1))
    refuse(1, ["line 4"], "replay", broken, "--table")
    refuse(1, ["No such file"], "replay", pathlib.Path(folder) / "no.trace", "--step")


def main():
    with work_dir() as folder:
        trace = walk(folder)
        table_of_the_page(trace)
        steps(trace)
        one_notation(folder)
        keys(trace)
        fits(folder)
        labels()
        page(folder, trace)
        forms(folder)
        live()
        documented(folder)
        refusals(folder, trace)
    finish(60)


if __name__ == "__main__":
    main()
