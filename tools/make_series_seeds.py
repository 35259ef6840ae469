#!/usr/bin/env python3
"""Inputs that fuzz_series begins with, of what the tests read: tests/fuzz/series/ (two bytes of choices, then a
file)."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAMES = ["csv", "tsv", "txt", "json", "ts", "edf", "bdf", "hea"]
TEXTS = {"list.json": b"[[1, 2], [3, null]]", "records.json": b'[{"t": 0, "v": 1.5}, {"t": 1, "v": "2"}]',
         "keyed.json": b'{"t": {"0": 0, "1": 1}, "v": {"0": 1.5, "1": 2}}', "long.csv": b"id,value\nA,1\nA,2\nB,3\n",
         "split.json": b'{"columns": ["t", "v"], "index": [0], "data": [[0, 7]]}', "rows.csv": b"A,1,2\nB,3,4,5\n",
         "lists.csv": b'label,x\nsit,"[1, 2]"\nrun,"[[5,6]]"\n', "plain.ts": b"@dimensions 2\n@data\n1,2:3,?:a\n",
         "timed.ts": b"@timestamps true\n@classLabel true a\n@data\n(0,1),(1,2):a\n",
         "segments.hea": b"r/3 1 100 10\nb 4\n~ 2\nb 4\n\0" + bytes(range(8))}


def main():
    out = ROOT / "tests/fuzz/series"
    records = ROOT / "tests/series/records"
    out.mkdir(exist_ok=True)
    seeds = dict(TEXTS)
    for path in sorted(records.glob("[fo]*.hea")):
        if path.with_suffix(".dat").exists():
            header = re.sub(rb"^\S+\.dat", b"a.dat", path.read_bytes(), flags=re.M)
            seeds[path.name] = header + b"\0" + path.with_suffix(".dat").read_bytes()
    for path in [*records.glob("*.edf"), *records.glob("*.bdf")]:
        seeds[path.name] = path.read_bytes()
    for i, row in enumerate(json.loads((ROOT / "tests/series/tables.json").read_text())):
        if i % 4 == 0:
            seeds[f"table{i}{row['extension']}"] = row["bytes"].encode("latin-1")
    for name, data in seeds.items():
        (out / name).write_bytes(bytes([NAMES.index(name.split(".")[-1]), 0]) + data)
    print(out, len(seeds), "seeds", sum(map(len, seeds.values())), "bytes")


if __name__ == "__main__":
    main()
