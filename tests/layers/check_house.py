#!/usr/bin/env python3
"""Holds every source file to the habits of the house (CONTRIBUTING.md), and shows the figures.

Each rule is a function from files ({path: text}) to violations, and stands at the bottom beside a made-up file that
breaks it and one that does not: a rule that has gone blind fails this test. The parsers are small because the sources
are formatted (tools/format.py): a function's body, and nothing else, stands between a `{` and a `}` in column 0."""
import fnmatch
import os
import pathlib
import re
import statistics
import sys

COLUMNS, FILE_LINES, FUNCTION_LINES, FUNCTION_MEDIAN = 120, 800, 60, 12
FOLDERS = ("src", "include", "tests", "bench", "tools", "examples", "docs", "data", ".github")
TEXTS = (".c", ".h", ".py", ".sh", ".md", ".build", ".yml", ".in")


def read(root):
    files = {}
    places = [root / "run", *root.glob("*.md"), *root.glob("*.build"), *root.glob(".ci/*")]
    for folder in FOLDERS:
        places += [path for path in (root / folder).rglob("*") if path.suffix in TEXTS]
    for path in sorted(places):
        if path.is_file() and "__pycache__" not in path.parts:
            files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8")
    return files


def room(path):
    """src/core/file.c: core; include/maxts/error.h: maxts; tests/cli/program.py: tests."""
    parts = path.split("/")
    return parts[1] if parts[0] in ("src", "include") and len(parts) > 2 else parts[0]


def c_files(files, *suffixes):
    return {path: text for path, text in files.items()
            if path.startswith(("src/", "include/")) and path.endswith(suffixes or (".c", ".h"))}


def code(text):
    """Without comments and without what strings say; lines stay lines."""
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  lambda m: '""' if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


# ---- length ----

def lines(files):
    for path, text in files.items():
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > COLUMNS and not (path.endswith(".md") and line.startswith("|")): # a table's row is one line
                yield path, f"line {number} has {len(line)} columns; {COLUMNS} are the most"


def lengths(files):
    for path, text in files.items():
        count = text.count("\n")
        if count > FILE_LINES and not path.endswith(".md"):
            yield path, f"{count} lines; {FILE_LINES} are the most"


def functions_of(text):
    """(name, lines from the signature to the closing brace) of every function."""
    rows = text.split("\n")
    for start, row in enumerate(rows):
        if row != "{":
            continue
        first = start
        while first > 0 and rows[first - 1] and not re.search(r"([;}]|\*/)$|^[#{}]", rows[first - 1]):
            first -= 1
        end = start + rows[start:].index("}")
        name = re.search(r"(\w+)\s*\(", " ".join(rows[first:start]))
        yield name[1] if name else rows[first], end - first + 1


def functions(files):
    for path, text in c_files(files).items():
        for name, count in functions_of(text):
            if count > FUNCTION_LINES:
                yield path, f"{name}() has {count} lines; {FUNCTION_LINES} are the most"


def median(files):
    counts = [count for text in c_files(files).values() for _, count in functions_of(text)]
    middle = statistics.median(counts) if counts else 0
    if middle > FUNCTION_MEDIAN:
        yield "src", f"half of the functions have more than {middle} lines; {FUNCTION_MEDIAN} are the most"


# ---- names and heads ----

def typedefs(text):
    """Names that a text gives to types."""
    text = code(text)
    for found in re.finditer(r"\btypedef\b", text):
        depth, end = 0, found.end()
        while end < len(text) and not (text[end] == ";" and depth == 0):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body = re.sub(r"\{.*\}", "", text[found.end():end], flags=re.S)
        name = (re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", body) or
                re.search(r"(\w+)\s*(?:\[[^]]*\]|\([^()]*\))?\s*$", body))
        if name:
            yield name[1]


def names(files):
    """No type's name stands twice; vec_*.h are one header in several instruction sets."""
    where = {}
    for path, text in c_files(files).items():
        for name in typedefs(text):
            where.setdefault(name, set()).add(re.sub(r"[^/]*/vec_\w+\.h$", "vec_*.h", path))
    for name, paths in sorted(where.items()):
        for path in sorted(paths) if len(paths) > 1 else ():
            yield path, f"the type {name} has its name from {' and '.join(sorted(paths - {path}))} too"


def basenames(files):
    where = {}
    for path in c_files(files, ".c"):
        where.setdefault(path.split("/")[-1], []).append(path)
    for name, paths in where.items():
        for path in paths if len(paths) > 1 else ():
            yield path, f"{name} stands {len(paths)} times"


def heads(files):
    for path, text in c_files(files).items():
        own = path.split("/", 1)[1]
        if not text.startswith(f"/* {own} - "):
            yield path, f"begins with {text.split(chr(10))[0][:60]!r}, not with '/* {own} - what it is for'"


def comparisons(files):
    for path, text in c_files(files).items():
        for number, line in enumerate(code(text).split("\n"), 1):
            if re.search(r"[!=]=\s*MTS_OK\b|\bMTS_OK\s*[!=]=", line):
                yield path, f"line {number} compares with MTS_OK; if (rc) says it"


# ---- tables and what is made from them ----

def rewards(files):
    """docs/rewards.md has a row for each reward of the table, and none else."""
    there = re.findall(r'^    X\("([^"]+)"', files.get("src/reward/rewards.h", ""), re.M)
    told = re.findall(r"^\| `([a-z-]+)", files.get("docs/rewards.md", ""), re.M)
    for name in sorted(set(there) ^ set(told)):
        yield "docs/rewards.md", f"{name} is " + ("no reward" if name in told else "a reward, and has no row")


def places(files):
    """What CONTRIBUTING.md lists as what to touch is there, and names every file of the library and the program that
    its example stands in."""
    for what, touch, example in re.findall(r"^\| (an? [^|]*) \| ([^|]*) \| ([^|]*) \|$",
                                           files.get("CONTRIBUTING.md", ""), re.M):
        listed = re.findall(r"`([^`]*/[^`]*)`", touch)
        for pattern in listed:
            if not any(fnmatch.fnmatch(path, pattern) for path in files):
                yield "CONTRIBUTING.md", f"{what}: there is no {pattern}"
        for word in re.findall(r"`([^`/]+)`", example):
            found = [path for path, text in c_files(files).items() if re.search(rf"(?<!\w){word}(?!\w)", text)]
            if not found:
                yield "CONTRIBUTING.md", f"{what}: {word} stands nowhere"
            for path in found:
                if not any(fnmatch.fnmatch(path, pattern) for pattern in listed):
                    yield "CONTRIBUTING.md", f"{what}: {word} stands in {path} too"


# ---- circles ----

def circles_of(edges):
    """The strongly connected components of more than one node (Tarjan)."""
    order, low, stack, found = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(edges.get(node, ())):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            part = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(edges):
        if node not in order:
            visit(node)
    return found


def definitions(text):
    """The library's functions and tables that a .c file defines for others."""
    for found in re.finditer(r"^(?!static\b|typedef\b|extern\b)[A-Za-z_][^;{}()=]*?\b(mts_\w+)\s*"
                             r"(\((?=[^;{}]*\n\{$)|[=[])", text, re.M):
        yield found[1]


def uses(files):
    """{.c file: the .c files of its room that define what it names}."""
    texts = {path: code(text) for path, text in c_files(files, ".c").items()}
    home = {name: path for path, text in texts.items() for name in definitions(text)}
    return {path: {home[word] for word in re.findall(r"\bmts_\w+", text)
                   if word in home and home[word] != path and room(home[word]) == room(path)}
            for path, text in texts.items()}


def circles(files):
    """Of two files of a room at most one knows the other, through others too: both what they call and what they
    include. A header of no .c file of its own only tells what others hold."""
    for part in circles_of(uses(files)):
        yield part[0], f"a circle of calls: {', '.join(part)}"
    paths = set(c_files(files))
    edges = {}
    for path in c_files(files):
        unit = path[:-2]
        if unit + ".c" in paths:
            included = {"src/" + name for name in re.findall(r'^#include "([^"]+)"', files[path], re.M)}
            edges.setdefault(unit, set()).update(name[:-2] for name in included & paths if name[:-2] != unit)
    for part in circles_of(edges):
        yield part[0] + ".c", f"a circle of includes: {', '.join(part)}"


# Each rule, a file that breaks it, and one that does not.
GOOD = {"src/core/a.c": "/* core/a.c - a. */\nint mts_a(void)\n{\n    return mts_b();\n}\n",
        "src/core/b.c": "/* core/b.c - b. */\ntypedef struct B {\n    int b;\n} B;\nint mts_b(void)\n{\n    if (rc) {\n"
                        "    }\n}\n"}
LONG = "int mts_f(void)\n{\n" + "    x();\n" * FUNCTION_LINES + "}\n"
RULES = {
    "lines": (lines, {"src/core/c.c": "x" * 121}),
    "lengths": (lengths, {"src/core/c.c": "\n" * 801}),
    "functions": (functions, {"src/core/c.c": LONG}),
    "median": (median, {f"src/core/c{i}.c": LONG for i in range(3)}),
    "names": (names, {"include/maxts/c.h": "typedef int (*B)(void);"}),
    "basenames": (basenames, {"src/search/a.c": ""}),
    "heads": (heads, {"src/core/c.c": "/* core/b.c - b. */"}),
    "comparisons": (comparisons, {"src/core/c.c": "rc = rc == MTS_OK ? 1 : 0;"}),
    "rewards": (rewards, {"src/reward/rewards.h": '    X("a", mts_a, "a.c")', "docs/rewards.md": "| `b` |"}),
    "places": (places, {"CONTRIBUTING.md": "| a b | `src/core/a.c` | `mts_b` |"}),
    "circles": (circles, {"src/core/b.c": "int mts_b(void)\n{\n    mts_a();\n}\n"}),
    "circles of includes": (circles, {"src/core/c.c": '#include "core/c.h"', "src/core/c.h": '#include "core/d.h"',
                                      "src/core/d.c": '#include "core/c.h"', "src/core/d.h": ""}),
}


def self_test():
    for name, (rule, bad) in RULES.items():
        assert not list(rule(GOOD)), f"{name}: finds {list(rule(GOOD))} where nothing is"
        assert list(rule({**GOOD, **bad})), f"{name}: finds nothing where something is"
    assert list(typedefs("typedef struct A { int b; } C; typedef int D[3]; typedef int (*E)(int f);")) == list("CDE")
    assert list(functions_of(LONG)) == [("mts_f", FUNCTION_LINES + 3)]
    assert not list(places({**GOOD, "CONTRIBUTING.md": "| a b | `src/*/a.c`, `src/core/b.c` | `mts_b` |"}))
    assert list(places({"CONTRIBUTING.md": "| a b | `src/core/c.c` | `mts_b` |", **GOOD}))
    assert not list(comparisons({"src/core/c.c": '/* == MTS_OK */ "== MTS_OK"'}))


def main():
    self_test()
    files = read(pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", ".")))
    counts = sorted(count for text in c_files(files).values() for _, count in functions_of(text))
    assert len(c_files(files)) > 200 and len(counts) > 1000, f"{len(c_files(files))} sources, {len(counts)} functions"
    bad = 0
    for name, (rule, _) in RULES.items():
        if name == "circles of includes":
            continue
        found = list(dict.fromkeys(rule(files)))
        for path, what in found:
            print(f"{path}: {what}")
        bad += len(found)
        print(f"{name}: {len(found)} against it")
    print(f"{len(files)} files, {len(counts)} functions of the library and the program, the longest {counts[-1]} "
          f"lines, half at most {statistics.median(counts):.0f}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
