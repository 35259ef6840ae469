#!/usr/bin/env python3
"""Nights of EEG with their hypnograms as one CSV of labelled windows, so that several nights make one data set for
`maxts eval --stage sleep`.

    tools/sleep_windows.py OUT.csv EXCERPT HYPNOGRAM [EXCERPT HYPNOGRAM]...

Windows are those of the stage's own reader (docs/stages.md): 30 s of one stage, brought to 50 Hz by means of blocks;
S4 counts as S3. `id` is the excerpt's file name: a night's windows belong together. Files may be packed with gzip."""
import csv
import gzip
import os
import statistics
import sys

STAGES = {5: "Wake", 4: "REM sleep", 3: "Non-REM stage 1", 2: "Non-REM stage 2", 1: "Non-REM stage 3",
          0: "Non-REM stage 3"}
ENTRY, WINDOW, RATE = 5, 30, 50  # seconds a hypnogram entry, seconds a window, Hz


def column(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as file:
        return [float(line) for line in list(file)[1:] if line.strip()]


def windows(excerpt, hypnogram):
    values, codes = column(excerpt), [int(code) for code in column(hypnogram)]
    if set(codes) - STAGES.keys():
        sys.exit(f"sleep_windows: {hypnogram}: stages are 0 to 5, not "
                 f"{', '.join(map(str, sorted(set(codes) - STAGES.keys())))}")
    rate, rest = divmod(len(values), ENTRY * len(codes))
    if rest or rate % RATE:
        sys.exit(f"sleep_windows: {excerpt}: {len(values)} values in {ENTRY * len(codes)} s are no multiple of {RATE} "
                 f"Hz")
    entries, block = WINDOW // ENTRY, rate // RATE
    for w in range(len(codes) // entries):
        here = set(codes[w * entries:(w + 1) * entries])
        if len(here) == 1:
            part = values[w * WINDOW * rate:(w + 1) * WINDOW * rate]
            yield STAGES[here.pop()], [statistics.fmean(part[t:t + block]) for t in range(0, len(part), block)]


def main():
    out, *files = sys.argv[1:] or [None]
    if not files or len(files) % 2:
        sys.exit(__doc__)
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "label", "time_series"])
        for excerpt, hypnogram in zip(files[::2], files[1::2]):
            night = os.path.basename(excerpt).split(".")[0]
            for label, values in windows(excerpt, hypnogram):
                writer.writerow([night, label, "[" + ", ".join(f"{v:.3f}" for v in values) + "]"])


if __name__ == "__main__":
    main()
