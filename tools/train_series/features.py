"""What can be said about a channel, by the formulas of src/series/features.h; a caption is true where these say so."""
import numpy as np


def line(x):
    """(slope, correlation with time) of the least-squares line."""
    n = len(x)
    t = np.arange(n) - (n - 1) / 2
    d = x - x.mean()
    stt, stx, sxx = t @ t, t @ d, d @ d
    if stt == 0:
        return 0.0, 0.0
    return stx / stt, stx / np.sqrt(stt * sxx) if sxx > 0 else 0.0


def unrest(x):
    return float(np.sqrt(np.mean(np.diff(x) ** 2))) if len(x) > 1 else 0.0


def period_of(d):
    """(period, r(period)) of values without their line; (0, largest r of any lag) where there is none."""
    n = len(d)
    lags = min(n // 2, 1000)
    energy = d @ d
    if not energy > 0:
        return 0, 0.0
    size = 1 << int(np.ceil(np.log2(2 * n)))
    f = np.fft.rfft(d, size)
    r = np.fft.irfft(f * np.conj(f), size)[:lags + 2] / energy
    inner = r[1:-1]
    at = np.flatnonzero((inner > r[:-2]) & (inner >= r[2:])) + 1
    at = at[(at >= 2) & (at <= lags)]
    if len(at) == 0:
        return 0, 0.0
    best = at[np.argmax(r[at])]
    return (int(best), float(r[best])) if r[best] >= 0.3 else (0, float(r[best]))


def shifts(y, low, high):
    """[(position, step, statistic)] by descending |statistic|."""
    n = len(y)
    w = min(max(n // 10, 4), 50)
    if n < 2 * w or not high > low:
        return []
    view = np.lib.stride_tricks.sliding_window_view(y, 2 * w)
    t = np.arange(2 * w) - w + 0.5
    h = np.where(np.arange(2 * w) < w, -0.5, 0.5)
    dy = view - view.mean(1, keepdims=True)
    stt, sth, shh = t @ t, t @ h, 0.5 * w
    sty, shy = dy @ t, dy @ h
    det = stt * shh - sth * sth
    step, slope = (stt * shy - sth * sty) / det, (shh * sty - sth * shy) / det
    rest = ((dy - slope[:, None] * t - step[:, None] * h) ** 2).sum(1)
    error = np.sqrt(rest / (2 * w - 3) * stt / det)
    statistic = step / np.maximum(error, 1e-12 * np.abs(step) + 1e-300)
    found = []
    for k in np.argsort(-np.abs(statistic), kind="stable"):
        if abs(statistic[k]) < 5:
            break
        if abs(step[k]) >= (high - low) / 10 and all(abs(k + w - at) >= w for at, _, _ in found):
            found.append((int(k + w), float(step[k]), float(statistic[k])))
    return found[:8]


class Features:
    def __init__(self, x):
        self.x, n = x, len(x)
        self.n = n
        self.mean, self.sd = float(x.mean()), float(x.std(ddof=1)) if n > 1 else 0.0
        self.argmin, self.argmax = int(x.argmin()), int(x.argmax())
        self.min, self.max = float(x.min()), float(x.max())
        self.range = self.max - self.min
        slope, _ = line(x)
        d = x - self.mean - slope * (np.arange(n) - (n - 1) / 2)
        self.period, self.r = period_of(d)
        s = np.zeros(n)
        if self.period:
            phase = np.arange(n) % self.period
            s = (np.bincount(phase, d) / np.bincount(phase))[phase]
        self.adjusted = x - s
        self.shifts = shifts(self.adjusted, self.min, self.max)

    def part(self, a, b):
        """[from, to) of a part in twelfths."""
        lo, hi = self.n * a // 12, self.n * b // 12
        return (lo, hi) if hi >= lo + 2 else (max(hi - 2, 0), max(hi, 2))

    def trend(self, a=0, b=12):
        """1 rises, -1 falls, 0 flat, None where it is too near to another of these to be learnt."""
        lo, hi = self.part(a, b)
        slope, r = line(self.adjusted[lo:hi])
        change = slope * (hi - lo - 1) / self.range if self.range > 0 else 0.0
        if abs(r) >= 0.4 and abs(change) >= 0.14:
            return 1 if change > 0 else -1
        return 0 if abs(r) < 0.24 or abs(change) < 0.07 else None

    def unrest_ratio(self):
        """Of the second half to the first."""
        m = self.n * 6 // 12
        inside = unrest(self.x[m:])
        steps = np.diff(self.x)[:m]
        outside = float(np.sqrt(np.mean(steps ** 2))) if len(steps) else inside
        return inside / outside if outside > 0 else 1.0
