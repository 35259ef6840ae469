"""Real series that go in: FRED's of Debian's gretl-data (732), and MIT-BIH's training records (ODC-BY).

Neither what data/ ships nor what a test set has: of MIT-BIH the first half of the usual split by record alone."""
import pathlib
import re

import numpy as np

MITBIH = ("101", "106", "108", "119", "201", "203", "207", "208", "209", "223")
VENTRICULAR, OTHER, LEFT_OUT = {5, 10, 41}, {1, 2, 3, 4, 7, 8, 9, 11, 34, 35, 25}, {6, 12, 13, 38}


def fred(folder):
    """[(title, values)] of fedstl.idx and fedstl.bin: values in order, float32, -999 where missing."""
    folder = pathlib.Path(folder)
    lines = (folder / "fedstl.idx").read_text(encoding="latin-1").splitlines()
    lines = [s for s in lines if not s.startswith("#")]
    numbers, at, found = np.fromfile(folder / "fedstl.bin", "<f4"), 0, []
    for head, form in zip(lines[::2], lines[1::2]):
        n = int(re.search(r"n = (\d+)", form)[1])
        x = numbers[at:at + n].astype(float)
        at += n
        x = x[(x > -998.5) | (x < -999.5)]
        if len(x) >= 24 and x.max() > x.min() and np.isfinite(x).all():
            found.append((head.split(None, 1)[1], x))
    return found


def annotations(path):
    """[(sample, code)] of a file in MIT format."""
    data, at, sample, found = np.fromfile(path, "<u2"), 0, 0, []
    while at < len(data) and data[at]:
        code, step = int(data[at]) >> 10, int(data[at]) & 1023
        at += 1
        if code == 59:
            sample += (int(data[at]) << 16) + int(data[at + 1])
            at += 2
        elif code == 63:
            at += (step + 1) // 2
        elif code >= 60:
            pass
        else:
            sample += step
            found.append((sample, code))
    return found


def heart(folder):
    """[(values at 100 Hz over ten seconds in mV, whether a ventricular beat is in it, beats a minute)]."""
    folder, found = pathlib.Path(folder), []
    for name in MITBIH:
        if not (folder / f"{name}.dat").exists():
            continue
        b = np.fromfile(folder / f"{name}.dat", np.uint8).reshape(-1, 3).astype(int)
        lead = b[:, 0] | (b[:, 1] & 15) << 8
        lead = (np.where(lead > 2047, lead - 4096, lead) - 1024) / 200
        beats = annotations(folder / f"{name}.atr")
        at, code = np.array([s for s, _ in beats]), np.array([c for _, c in beats])
        for w in range(len(lead) // 3600):
            here = code[(at >= w * 3600) & (at < (w + 1) * 3600)]
            kinds = set(here.tolist()) & (VENTRICULAR | OTHER | LEFT_OUT)
            if kinds and not kinds & LEFT_OUT:
                x = lead[w * 3600:(w + 1) * 3600]
                x = np.interp(np.arange(1000) * 3.6, np.arange(3600), np.convolve(x, np.ones(3) / 3, "same"))
                rate = 6 * sum(c in VENTRICULAR | OTHER for c in here.tolist())
                found.append((np.round(x, 3), bool(kinds & VENTRICULAR), rate))
    return found
