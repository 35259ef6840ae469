"""Series that are made up: trends, seasons, noise, walks, shifts and outliers in any mixture and on any scale."""
import numpy as np


def length_of(rng, most=512):
    return int(np.exp(rng.uniform(np.log(20), np.log(most))))


def shape(rng, n):
    """A season's wave of n steps with `period`."""
    t = np.arange(n)
    low, high = 3, max(4, n // 3)
    usual, any_one = rng.choice([4, 6, 7, 12, 24]), np.exp(rng.uniform(np.log(low), np.log(high)))
    period = int(usual if rng.random() < 0.5 else any_one)
    period = min(max(period, 3), max(3, n // 2 - 1))
    phase = rng.uniform(0, 1)
    p = (t / period + phase) % 1
    kind = rng.integers(6)
    if kind == 0:
        return np.sin(2 * np.pi * p)
    if kind == 1:
        return 2 * p - 1 if rng.random() < 0.5 else 1 - 2 * p
    if kind == 2:
        return np.where(p < rng.uniform(0.2, 0.8), 1.0, -1.0)
    if kind == 3:
        return np.exp(-((p - 0.5) / rng.uniform(0.05, 0.2)) ** 2) * 2 - 0.5
    if kind == 4:
        a = rng.normal(0, 1, 4) / np.arange(1, 5)
        return sum(a[k] * np.sin(2 * np.pi * ((k + 1) * p + k * phase)) for k in range(4)) * 1.5
    return rng.normal(0, 1, period)[t % period]


def trend(rng, n):
    u = np.linspace(0, 1, n)
    kind, way = rng.integers(7), rng.choice([-1.0, 1.0])
    if kind <= 1:
        y = u
    elif kind == 2:
        y = u ** 2 if rng.random() < 0.5 else np.sqrt(u)
    elif kind == 3:
        k = rng.uniform(0.25, 0.75)
        y = np.where(u < k, u / k, 1 - rng.uniform(0.3, 1.3) * (u - k) / (1 - k))
    elif kind == 4:
        y = 1 / (1 + np.exp(-(u - rng.uniform(0.3, 0.7)) * rng.uniform(6, 30)))
    elif kind == 5:
        y = np.interp(u, np.linspace(0, 1, 5), rng.uniform(0, 1, 5))
    else:
        y = (np.exp(3 * u) - 1) / 19
    return way * y * rng.uniform(1, 5)


def noise(rng, n):
    kind = rng.integers(4)
    e = rng.standard_t(4, n) if kind == 3 else rng.normal(0, 1, n)
    if kind == 1:
        a = rng.uniform(0.3, 0.9)
        for t in range(1, n):
            e[t] += a * e[t - 1]
        e *= np.sqrt(1 - a * a)
    if rng.random() < 0.25:
        k = int(n * rng.uniform(0.4, 0.6))
        e[k:] *= np.exp(rng.choice([-1, 1]) * rng.uniform(0.7, 1.8))
    return e


def raw(rng, n):
    y = np.zeros(n)
    if rng.random() < 0.12:
        y = np.cumsum(rng.normal(0, 1, n)) / np.sqrt(n) * rng.uniform(1, 5)
    elif rng.random() < 0.6:
        y = y + trend(rng, n)
    if rng.random() < 0.55:
        y = y + shape(rng, n) * rng.uniform(0.4, 2.5)
    if rng.random() < 0.22 and n >= 24:
        for _ in range(rng.integers(1, 3)):
            y[rng.integers(n // 6, n - n // 6):] += rng.choice([-1, 1]) * rng.uniform(1.5, 5)
    y = y + noise(rng, n) * np.exp(rng.uniform(np.log(0.03), np.log(0.8)))
    if rng.random() < 0.12:
        for _ in range(rng.integers(1, 3)):
            y[rng.integers(n)] += rng.choice([-1, 1]) * rng.uniform(2, 6)
    return y


def on_scale(rng, y):
    """In units of some kind, rounded as such a table would have it."""
    s = y.std() + 1e-9
    y = (y - y.mean()) / s
    unit = 10 ** rng.uniform(-1, 4)
    level = unit * rng.choice([0, 1, 1, 1]) * rng.choice([-1, 1, 1, 1, 1]) * np.exp(rng.uniform(0, 3))
    x = level + unit * y
    if rng.random() < 0.3:
        x = x - x.min() + unit * rng.uniform(0, 1)
    places = int(np.clip(np.ceil(2 - np.log10(unit)) + rng.integers(-1, 2), 0, 4))
    x = np.round(x, places)
    return x if x.max() > x.min() else np.round(level + unit * y, 4)


def made_up(rng, n=None):
    return on_scale(rng, raw(rng, n or length_of(rng)))
