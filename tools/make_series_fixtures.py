#!/usr/bin/env python3
"""Writes tests/series/spectra.json and tests/reward/spectral.json: spectra, distances and spectral rewards as SciPy
computes them; tests/series/features.json: features as numpy computes them; and tests/series/squares.csv.gz: the
squares of 0 to 599 in three gzip members, one of each kind of block.

    python3 tools/make_series_fixtures.py        (needs numpy and scipy; made with numpy 2.4.6 and scipy 1.17.1)

The series are rounded to 6 digits so that the file carries exactly what both sides compute on."""
import gzip
import json
import pathlib

import numpy as np
from scipy import signal, stats

FLOOR = 1e-10


def l1(f, p, q):
    return float(np.trapezoid(np.abs(np.log(np.maximum(p, FLOOR)) - np.log(np.maximum(q, FLOOR))), f))


def wasserstein(f, p, q):
    a, b = (np.log(np.maximum(x, FLOOR)) for x in (p, q))
    return float(stats.wasserstein_distance(f, f, a - a.min() + FLOOR, b - b.min() + FLOOR))


def kl(f, p, q):
    a, b = (np.maximum(x, FLOOR) for x in (p, q))
    a, b = a / a.sum(), b / b.sum()
    return float(np.sum(a * np.log(a / b)))


def series(rng, n, kind):
    t = np.arange(n)
    x = {"noise": rng.normal(size=n),
         "season": 100 + 10 * np.sin(2 * np.pi * t / 24) + rng.normal(size=n),
         "trend": 1e4 + 3.5 * t + 40 * rng.normal(size=n),
         "square": np.sign(np.sin(t / 3.0)) + 1e-3 * rng.normal(size=n)}[kind]
    return np.round(x, 6)


def open_number(digits, wanted, x):
    """The value nearest to `wanted` that a number beginning with these digits can have, written like those of x (6
    decimals)."""
    ranges = [(int(digits) * 10**j, (int(digits) + 1) * 10**j - 1e-6)
              for j in range(len(str(int(max(abs(x))))) - len(digits) + 1)]
    return min((min(max(wanted, low), high) for low, high in ranges), key=lambda v: abs(v - wanted))


def rewards(rng):
    """Texts of numbers, an input series, and what the rewards spectral and forecast must say."""
    cases = []
    for n, h, kind in [(72, 24, "season"), (40, 12, "noise"), (96, 30, "trend")]:
        x, y = series(rng, n, kind), series(rng, h, kind)
        text = ", ".join(f"{v:.2f}" for v in y)
        y = np.array([float(v) for v in text.split(", ")])
        segment = min(256, min(n, h) // 4)
        f, p = signal.welch(y, nperseg=segment)
        _, q = signal.welch(x, nperseg=segment)
        case = {"x": x.tolist(), "text": text, "horizon": h,
                "spectral:l1": -l1(f, p, q), "spectral:wasserstein": -wasserstein(f, p, q), "spectral:kl": -kl(f, p, q)}
        f, p = signal.welch(y, nperseg=h)
        _, q = signal.welch(x, nperseg=h)
        case["forecast"] = -l1(f, p, q)
        cut = 5 # the text up to within the sixth number: five are complete, the last season stands in for the rest,
        case["prefix"] = ", ".join(text.split(", ")[:cut]) + ", 1" # and the sixth counts as what is nearest to it there
        rest = x[-h:][cut:]
        rest[0] = open_number("1", rest[0], x)
        _, p = signal.welch(np.concatenate([y[:cut], rest]), nperseg=h)
        case["forecast prefix"] = -l1(f, p, q)
        f, p = signal.periodogram(y)
        _, q = signal.welch(x, nperseg=h, window="boxcar")
        case["spectral:l1,periodogram=1"] = -l1(f, p, q)
        cases.append(case)
    return cases


def features(x):
    """The formulas of src/series/features.h, the numpy way."""
    n, t = len(x), np.arange(len(x))
    line = np.polyfit(t, x, 1)
    d = x - np.polyval(line, t)
    r = np.correlate(d, d, "full")[n - 1:] / np.sum(d * d)
    lags = [k for k in range(2, min(n // 2, 1000) + 1) if r[k] > r[k - 1] and (k + 1 >= n or r[k] >= r[k + 1])
            and r[k] >= 0.3]
    period = max(lags, key=lambda k: r[k]) if lags else 0
    season = np.zeros(n)
    if period:
        for phase in range(period):
            season[phase::period] = d[phase::period].mean()
    y, w, steps = x - season, min(max(n // 10, 4), 50), []
    for k in range(w, n - w + 1):
        i = np.arange(2 * w)
        design = np.stack([np.ones(2 * w), i - w + 0.5, i >= w], axis=1).astype(float)
        beta, rest, _, _ = np.linalg.lstsq(design, y[k - w:k + w], rcond=None)
        error = np.sqrt(rest[0] / (2 * w - 3) * np.linalg.inv(design.T @ design)[2, 2])
        if abs(beta[2] / error) >= 5 and abs(beta[2]) >= np.ptp(x) / 10:
            steps.append([k, float(beta[2]), float(beta[2] / error)])
    kept = []
    for s in sorted(steps, key=lambda s: (-abs(s[2]), s[0])):
        if len(kept) < 8 and all(abs(s[0] - o[0]) >= w for o in kept):
            kept.append(s)
    return {"x": x.tolist(), "mean": x.mean(), "sd": x.std(ddof=1), "median": float(np.median(x)), "min": x.min(),
            "max": x.max(),
            "argmin": int(x.argmin()), "argmax": int(x.argmax()), "slope": line[0], "intercept": line[1],
            "correlation": np.corrcoef(t, x)[0, 1], "volatility": float(np.sqrt(np.mean(np.diff(x) ** 2))),
            "period": period, "autocorrelation": float(r[period]) if period else 0.0,
            "seasonal_strength": float(1 - np.var(d - season) / np.var(d)) if period else 0.0, "shifts": kept}


def feature_cases(rng):
    t = np.arange(120)
    step = np.where(t < 70, 5.0, 9.0) + 0.3 * rng.normal(size=120)
    two = np.where(t < 40, 0.0, np.where(t < 80, 6.0, 2.0)) + 0.02 * t + 0.2 * rng.normal(size=120)
    seasonal_step = 3 * np.sin(2 * np.pi * t / 12) + 4.0 * (t >= 60) + 0.2 * rng.normal(size=120)
    return [features(np.round(x, 6)) for x in
            [series(rng, 96, "season"), series(rng, 50, "noise"), series(rng, 60, "trend"), series(rng, 200, "square"),
             step, two, seasonal_step, series(rng, 9, "noise")]]


def write(path, value):
    out = pathlib.Path(__file__).resolve().parent.parent / path
    out.write_text(json.dumps(value) + "\n")
    print(out, out.stat().st_size)


def main():
    rng = np.random.default_rng(20240611)
    cases = []
    for n, segment, fs, kind in [(8, 0, 1.0, "noise"), (9, 0, 1.0, "season"), (24, 0, 1.0, "season"),
                                 (72, 0, 1.0, "season"),
                                 (72, 24, 1.0, "trend"), (75, 25, 2.0, "noise"), (128, 0, 50.0, "square"),
                                 (300, 17, 360.0, "trend"), (700, 0, 1.0, "season"), (1030, 0, 100.0, "noise"),
                                 (900, 600, 100.0, "square")]:
        x = series(rng, n, kind)
        nperseg = segment or min(256, n // 4)
        fw, pw = signal.welch(x, fs=fs, nperseg=nperseg)
        fp, pp = signal.periodogram(x, fs=fs)
        cases.append({"x": x.tolist(), "fs": fs, "segment": segment,
                      "welch": {"f": fw.tolist(), "p": pw.tolist()},
                      "periodogram": {"f": fp.tolist(), "p": pp.tolist()}})
        if segment:
            fb, pb = signal.welch(x, fs=fs, nperseg=segment, window="boxcar")
            cases[-1]["boxcar"] = {"f": fb.tolist(), "p": pb.tolist()}
    distances = []
    for n, a, b in [(24, "noise", "season"), (72, "season", "trend"), (128, "square", "noise"), (40, "noise", "noise")]:
        f, p = signal.welch(series(rng, n, a), nperseg=n // 4)
        _, q = signal.welch(series(rng, n, b), nperseg=n // 4)
        if n == 40:
            p[3] = 0.0 # the floor has to act
        distances.append({"f": f.tolist(), "p": p.tolist(), "q": q.tolist(),
                          "l1": l1(f, p, q), "wasserstein": wasserstein(f, p, q), "kl": kl(f, p, q)})
    write("tests/series/spectra.json", {"cases": cases, "distances": distances})
    write("tests/reward/spectral.json", rewards(rng))
    write("tests/series/features.json", feature_cases(rng))
    parts = [("".join(f"{i * i}\n" for i in r), level) for r, level in
             [(range(0, 500), 9), (range(500, 503), 9), (range(503, 600), 0)]]
    packed = b"".join(gzip.compress(text.encode(), level, mtime=0) for text, level in parts)
    (pathlib.Path(__file__).resolve().parent.parent / "tests/series/squares.csv.gz").write_bytes(packed)


if __name__ == "__main__":
    main()
