#!/usr/bin/env python3
"""Fails when a room of src/ includes a header of a room that it may not know.

The table below is the house's plan, and the one in docs/architecture.md is compared with it; arrows point down only."""
import fnmatch
import os
import pathlib
import re
import sys

MAY_INCLUDE = {
    "core": [],
    "quant": ["core"],
    "kernels": ["core", "quant"],
    "gguf": ["core", "quant"],
    "template": ["core"],
    "tokenizer": ["core", "gguf", "quant", "template"],
    "kv": ["core", "kernels"],
    "encoder": ["core", "quant", "kernels", "gguf"],
    "model": ["core", "quant", "kernels", "gguf", "kv", "encoder"],
    "series": ["core"],
    "evidence": ["core", "series"],
    "search": ["core"],
    "table": ["core", "search"],
    "reward": ["core", "series", "evidence"],
    "constraint": ["core"],
}
MAY_INCLUDE["engine"] = list(MAY_INCLUDE) # all above
MAY_INCLUDE["results"] = ["core"]
MAY_INCLUDE["stages"] = ["core", "series", "reward", "results"]
MAY_INCLUDE["eval"] = [*MAY_INCLUDE["engine"], "engine", "stages", "results"]
MAY_INCLUDE["report"] = ["core", "series", "search", "results"]
MAY_INCLUDE["cli"] = list(MAY_INCLUDE) # everything

# The public headers that belong to a room; error.h and version.h are everybody's.
PUBLIC = {"model": "model", "tokenizer": "tokenizer", "search": "search", "table": "table", "series": "series",
          "reward": "reward", "constraint": "constraint", "engine": "engine", "measure": "engine", "eval": "eval"}

# Inside src/search, lowest first: a file includes those of its own line and of the lines above it, and no others. Each
# file stands in one line.
SUBROOMS = {
    "search": [
        ["logs", "chance", "asker", "node", "settings", "experience", "record/checkpoint"], # know no search
        ["method", "search"],                    # what a method is; one search under way
        ["proposal", "positions", "rollout", "record/spot_check"], # services on it
        ["methods/*", "maxent/*"],
        ["record/rollout_line", "record/trace"],
        ["rollouts", "result", "tree", "tree_text"],
        ["ending"],
        ["driver"],
        ["record/replay"],
    ],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def room_of(name):
    """The room that an included name belongs to; None for the system's and everybody's."""
    if name.startswith("maxts/"):
        stem = name[len("maxts/"):-2]
        return "cli" if stem == "maxts" else PUBLIC.get(stem)
    first = name.split("/")[0]
    return first if "/" in name and first in MAY_INCLUDE else None


def violations(root):
    for path in sorted((root / "src").rglob("*.[ch]")):
        room = path.relative_to(root / "src").parts[0]
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            other = room_of(name)
            if other and other != room and other not in MAY_INCLUDE[room]:
                yield f"{path.relative_to(root)}: {room}/ may not include {name} of {other}/"
            if name == "cblas.h" and room != "model":
                yield f"{path.relative_to(root)}: only model/ may call BLAS"
            if name == "jansson.h" and room != "core":
                yield f"{path.relative_to(root)}: include core/json.h, not jansson.h"
    # What a search is asked is made of the sample's question; only scoring may look at what is right.
    asked = (root / "src" / "eval" / "ask.c").read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", "", asked, flags=re.S)
    assert "sample" in code.lower()
    for line in code.splitlines():
        if re.search(r"\btruth\b", line):
            yield f"src/eval/ask.c: {line.strip()}: a request may not know the answer"


def place_of(lines, name):
    """The line of SUBROOMS that a file (without its ending) stands in; exactly one."""
    places = [i for i, line in enumerate(lines) if any(fnmatch.fnmatch(name, pattern) for pattern in line)]
    assert len(places) == 1, f"{name} stands in {len(places)} lines of SUBROOMS"
    return places[0]


def upward_inside(files, lines):
    """files: {name without ending: names that it includes}, of one room."""
    for name, included in sorted(files.items()):
        for other in sorted(included):
            if place_of(lines, other) > place_of(lines, name):
                yield f"{name} may not include {other}"


def subroom_violations(root):
    for room, lines in SUBROOMS.items():
        files = {}
        for path in sorted((root / "src" / room).rglob("*.[ch]")):
            name = path.relative_to(root / "src" / room).with_suffix("").as_posix()
            found = INCLUDE.findall(path.read_text(encoding="utf-8"))
            inside = {each[len(room) + 1:-2] for each in found if each.startswith(room + "/")}
            files.setdefault(name, set()).update(inside)
        yield from (f"src/{room}: {line}" for line in upward_inside(files, lines))


def documented(text):
    """{room: rooms that it may include} as the table of docs/architecture.md says."""
    rooms = {}
    for name, may in re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", text, re.M):
        rooms[name] = list(rooms) if may == "all above" else [] if may == "—" else may.split(", ")
    return rooms


def disagreements(root):
    said = documented((root / "docs" / "architecture.md").read_text(encoding="utf-8"))
    folders = {path.name for path in (root / "src").iterdir() if path.is_dir()}
    for room in sorted({*MAY_INCLUDE, *said, *folders}):
        if room not in folders or set(said.get(room, ["?"])) != set(MAY_INCLUDE.get(room, ["?"])):
            yield f"docs/architecture.md: {room}: {said.get(room)} in the document, {MAY_INCLUDE.get(room)} in the test"
    for room, others in MAY_INCLUDE.items():
        for other in others:
            if room in MAY_INCLUDE[other]:
                yield f"tests/layers: {room} and {other} may include each other"


def main():
    root = pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", "."))
    files = len(list((root / "src").rglob("*.[ch]")))
    assert files > 5, f"only {files} source files found below {root}"
    assert room_of("kv/kv.h") == "kv" and room_of("stdio.h") is None # the test can fail
    assert documented("| `a` | b | — |\n| `c` | d | a |\n| `e` | f | all above |") == {"a": [], "c": ["a"],
                                                                                       "e": ["a", "c"]}
    assert list(upward_inside({"a": {"b"}, "b": set()}, [["a"], ["b"]])) == ["a may not include b"]
    assert not list(upward_inside({"a": set(), "b": {"a"}}, [["a"], ["b"]]))
    found = [*violations(root), *subroom_violations(root), *disagreements(root)]
    for line in found:
        print(line)
    print(f"{files} files, {len(found)} upward includes or disagreements")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
