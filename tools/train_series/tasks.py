"""What the model is taught: questions about series with answers that are true of them.

A sample is (kind, parts, answer): parts are texts and channels in the order in which maxts puts a prompt together, each
text tokenised on its own (docs/opentslm.md); behind them comes an empty text, and then the answer. Nothing is said that
is near to the bound at which it ceases to be true: what is unclear is left out, which the model learns too."""
import json
import math
import pathlib
import re

import numpy as np

import bodies
import series
from features import Features

CAPTION = ("Describe it: its trend, its lowest and highest values, its mean, its period if it has one, and how calm it "
           "is.")


def pick(rng, *choices):
    return choices[rng.integers(len(choices))]


def scaled(x, floor=True, population=False):
    s = x.std(ddof=0 if population or len(x) < 2 else 1)
    return ((x - x.mean()) / (max(s, 1e-6) if floor else s + 1e-8)).astype(np.float32), float(x.mean()), float(s)


def asked(before, channels, after, prefix="This is the time series", suffix="", end=".", names=None, floor=True,
          population=False):
    """Parts of a prompt: channels [(name, values)]."""
    parts = [before]
    for i, (name, x) in enumerate(channels):
        y, mean, deviation = scaled(np.asarray(x, float), floor, population)
        shown = names[i] if names else " " + name if len(channels) > 1 else ""
        parts += [f"{prefix}{shown}{suffix}, it has mean {mean:.4f} and std {deviation:.4f}{end}", y]
    return parts + [after]


def plain(v, places):
    s = f"{v:.{places}f}"
    return s[1:] if s.startswith("-") and float(s) == 0 else s


def near(v, width):
    """v as digits that are off by at most half of the largest power of ten within width / 50."""
    return plain(v, int(np.clip(math.ceil(-math.log10(width / 50)), 0, 4)) if width > 0 else 2)


def about(v, width):
    """v to the largest power of ten within a fifth of the width; None where it ends in 0, which leaves more open."""
    e = math.floor(math.log10(width / 5))
    if e >= 0:
        r = int(round(v / 10 ** e))
        return None if r % 10 == 0 else str(r * 10 ** e)
    return plain(v, -e) if e >= -4 else None


# ---- captions ----

THIRDS = (((0, 4), ("in the first third",)), ((4, 8), ("in the middle",)),
          ((8, 12), ("in the last third", "towards the end")))


def say_trend(rng, f):
    whole, first, second = f.trend(), f.trend(0, 6), f.trend(6, 12)
    if first and second and first == -second and rng.random() < 0.8:
        a, b = ("rises", "falls") if first > 0 else ("falls", "rises")
        return pick(rng, f"It {a} in the first half and {b} in the second half.", f"It {a}, then {b}.",
                    f"The series {a} in the first half, then {b} in the second half.")
    if whole == 1:
        return pick(rng, "The series rises overall.", "Overall it rises.", "The trend is upward.",
                    "It shows an upward trend.", "It increases over the whole time.")
    if whole == -1:
        return pick(rng, "The series falls overall.", "Overall it falls.", "The trend is downward.",
                    "It shows a downward trend.", "It decreases over the whole time.")
    if whole == 0:
        return pick(rng, "There is no clear trend.", "It is stable overall.", "The level is stable.",
                    "It has no trend.")
    return None


def say_season(rng, f):
    if f.period and f.r >= 0.4:
        p = f.period
        return pick(rng, f"It repeats every {p} steps.", f"It has a period of {p} steps.",
                    f"There is a cycle of {p} steps.", f"It is seasonal, with a period of {p} steps.")
    if not f.period and f.r < 0.24:
        return pick(rng, "There is no seasonality.", "It has no cycle.", "It is not seasonal.")
    return None


def place(f, at, x):
    """The third that the largest of x clearly stands in: index into THIRDS, or None."""
    n = f.n
    for i, ((a, b), _) in enumerate(THIRDS):
        lo, hi = f.part(a, b)
        if lo <= at < hi:
            rest = np.concatenate([x[:max(lo - n // 50, 0)], x[hi + n // 50:]])
            edge = min(at - lo if lo else n, hi - 1 - at if hi < n else n)
            return i if edge >= n // 40 and (len(rest) == 0 or x[at] - rest.max() >= 0.05 * f.range) else None
    return None


def say_extreme(rng, f, top, values):
    word = pick(rng, "highest value", "peak", "maximum") if top else pick(rng, "lowest value", "trough", "minimum")
    at, v, x = (f.argmax, f.max, f.x) if top else (f.argmin, f.min, -f.x)
    third, rounded = place(f, at, x), about(v, f.range)
    if values and rounded is not None:
        return f"The {word} is about {rounded}."
    if third is None:
        return None
    if rng.random() < 0.25:
        return f"The {word} stands at step {at}."
    return f"The {word} stands {pick(rng, *THIRDS[third][1])}."


def say_shift(rng, f):
    sure = [s for s in f.shifts if abs(s[2]) >= 7 and abs(s[1]) >= 0.22 * f.range]
    if not sure:
        return None
    at, step, _ = sure[0]
    up = step > 0
    return pick(rng, f"There is a sudden {'rise' if up else 'drop'} at step {at}.",
                f"It {'rises' if up else 'drops'} suddenly at step {at}.",
                f"An abrupt {'rise' if up else 'fall'} comes at step {at}.")


def say_unrest(rng, f):
    ratio = f.unrest_ratio()
    if ratio <= 0.68:
        return pick(rng, "The volatility decreases.", "It is calmer in the second half.",
                    "It is less volatile in the second half.")
    if ratio >= 1.48:
        return pick(rng, "The volatility increases.", "It is more volatile in the second half.")
    return None


def statements(rng, f, values):
    mean = pick(rng, f"The mean is {near(f.mean, f.range)}.", f"Its average is {near(f.mean, f.range)}.")
    spread = pick(rng, f"The standard deviation is {near(f.sd, f.range)}.",
                  f"The deviation is {near(f.sd, f.range)}.")
    said = [say_trend(rng, f), say_season(rng, f), say_shift(rng, f), say_extreme(rng, f, True, values),
            say_extreme(rng, f, False, values), mean, spread, say_unrest(rng, f)]
    return [s for s in said if s]


def caption(rng, x):
    f = Features(x)
    said = statements(rng, f, rng.random() < 0.3)
    if len(said) < 4:
        return None
    answer = " ".join(said)
    form = rng.random()
    if form < 0.4:
        before = f"A time series of {len(x)} values:" if rng.random() < 0.8 else ""
        after = CAPTION if rng.random() < 0.8 else "Describe the series."
        return "caption", asked(before, [("value", x)], after), answer
    if form < 0.7:
        return "caption", asked("You are an expert in time series analysis.", [("", x)],
                                "Please generate a detailed caption for this time-series, describing it as "
                                "accurately as possible.", end=":"), answer
    kind, questions, said = pick(
        rng,
        ("trend", ("What is its trend?", "Does it rise or fall?", "Which way does it go?"), say_trend(rng, f)),
        ("period", ("Does it repeat itself?", "Is it periodic?", "Is there a cycle?"), say_season(rng, f)),
        ("peak", ("Where is its highest value?", "Where is the peak?"), say_extreme(rng, f, True, False)),
        ("shift", ("Is there a sudden change?",), say_shift(rng, f)),
        ("calm", ("How does its volatility change?",), say_unrest(rng, f)))
    if not said:
        return None
    question = pick(rng, *questions)
    if rng.random() < 0.6:
        return "ask", asked(question, [("", x)], "Answer:", floor=False), said
    return "ask", asked(f"A time series of {len(x)} values:", [("value", x)], question), said


# ---- questions with options ----

def question(rng, f):
    """(question, options, index of the right one, task) or None."""
    kind = rng.integers(10)
    if kind == 0:
        way = f.trend()
        options = pick(rng, ["It rises", "It falls", "It has no clear trend"], ["Upward", "Downward", "No trend"],
                       ["increasing", "decreasing", "flat"])
        return None if way is None else (pick(rng, "What is the overall trend of the series?",
                                              "Which way does the series go?", "Which trend does it have?"),
                                         options, {1: 0, -1: 1, 0: 2}[way], "trend")
    if kind in (1, 2):
        third = place(f, f.argmax, f.x) if kind == 1 else place(f, f.argmin, -f.x)
        options = pick(rng, ["In the first third", "In the middle third", "In the last third"],
                       ["At the beginning", "In the middle", "At the end"])
        what = pick(rng, "highest", "largest") if kind == 1 else pick(rng, "lowest", "smallest")
        return None if third is None else (f"Where is the {what} value of the series?", options, third, what)
    if kind == 3:
        if not f.period or f.r < 0.4:
            return None
        others = {int(round(f.period * k)) for k in (0.4, 0.6, 1.6, 2.1, 2.7)}
        others = [o for o in others if abs(o - f.period) > 0.3 * f.period and o > 1]
        if len(others) < 2:
            return None
        options = [f.period, *rng.permutation(others)[:2]]
        return (pick(rng, "After how many steps does the series repeat itself?", "What is the period of the series?"),
                [f"{o} steps" for o in options], 0, "period")
    if kind == 4:
        step = f.sd * rng.uniform(0.8, 2.5)
        at = rng.integers(3)
        options = [near(f.mean + (k - at) * step, f.range) for k in range(3)]
        return ("What is the mean of the series, nearly?", options, int(at), "mean") if len(set(options)) == 3 else None
    if kind == 5:
        ratio = f.unrest_ratio()
        right = 1 if ratio <= 0.68 else 0 if ratio >= 1.48 else 2 if 0.88 <= ratio <= 1.13 else None
        options = ["The first half", "The second half", "Neither"]
        return None if right is None else ("In which half do neighbouring values differ less?", options, right, "calm")
    if kind == 6:
        right = 0 if f.period and f.r >= 0.4 else 1 if not f.period and f.r < 0.24 else None
        return None if right is None else (pick(rng, "Is the series periodic?", "Does it have a seasonal pattern?",
                                                "Does the series show a repeating cycle?"),
                                           pick(rng, ["Yes", "No"], ["Periodic", "Not periodic"]), right, "season")
    if kind == 7:
        sure = [s for s in f.shifts if abs(s[2]) >= 7 and abs(s[1]) >= 0.22 * f.range]
        right = (0 if sure[0][1] > 0 else 1) if sure else 2 if not f.shifts else None
        return None if right is None else ("Is there a sudden change of level?",
                                           ["Yes, upwards", "Yes, downwards", "No"], right, "shift")
    if kind == 8:
        first, second = f.trend(0, 6), f.trend(6, 12)
        if not first or not second:
            return None
        options = ["It rises, then falls", "It falls, then rises", "It rises in both halves", "It falls in both halves"]
        return ("How does the series move in its two halves?", options,
                0 if first > second else 1 if first < second else 2 if first > 0 else 3, "halves")
    skew = float(np.mean(((f.x - f.mean) / (f.sd + 1e-12)) ** 3))
    out = np.abs(f.x - np.median(f.x)).max() / (np.median(np.abs(f.x - np.median(f.x))) + 1e-12)
    right = 0 if out > 9 and abs(skew) > 0.3 else 1 if out < 4.5 else None
    return None if right is None else (pick(rng, "Does the series have an outlier?",
                                            "Is there an anomaly in the series?"), ["Yes", "No"], right, "outlier")


def choice(rng, x):
    made = None
    f = Features(x)
    for _ in range(8):
        made = made or question(rng, f)
    if not made:
        return None
    text, options, right, task = made
    order = rng.permutation(len(options))
    options, right = [options[i] for i in order], int(np.flatnonzero(order == right)[0])
    if rng.random() < 0.3 and len(options) <= 3:
        listed = ", ".join(f"({'abc'[i]}) {o}" for i, o in enumerate(options[:-1]))
        listed += f" or ({'abc'[len(options) - 1]}) {options[-1]}"
        return "choice", asked(f"{text} {listed}?", [("", x)], f"Predict the {task} Answer:", floor=False), \
            f"({'abc'[right]}) {options[right]}" if rng.random() < 0.5 else f"({'abc'[right]})"
    listed = "".join(f"{'ABCDEF'[i]}) {o}\n" for i, o in enumerate(options))
    return "choice", asked("", [("value", x)],
                           f"{text}\n{listed}End with \"Answer: \" and the letter of the right option."), \
        f"Answer: {'ABCDEF'[right]}"


# ---- classes ----

PUBLISHED = {s["stage"]: s for s in json.loads(
    (pathlib.Path(__file__).resolve().parents[2] / "tests/stages/published.json").read_text(encoding="utf-8"))}
HAR_BEFORE, HAR_AFTER = re.fullmatch(r"(.* labels are:\s+).*?(\.\n.*)", PUBLISHED["har"]["before"], re.S).groups()
SLEEP = PUBLISHED["sleep"]


def listed(options):
    return options[0] if len(options) == 1 else ", ".join(options[:-1]) + " or " + options[-1]


def ask_class(question, options):
    return f"{question} Say what you see, then end with \"Answer: \" and one of {listed(options)}."


def with_reason(rng, reason, label):
    return f"Answer: {label}" if rng.random() < 0.4 else f"{reason} Answer: {label}"


def activity(rng):
    x, options, right, reason = bodies.activity(rng)
    if rng.random() < 0.4:
        own = ", ".join(options)
        parts = asked(HAR_BEFORE + own + HAR_AFTER, list(zip("xyz", x)), "Rationale:",
                      prefix="The following is the accelerometer data on the ", suffix="-axis", end=":", names="xyz")
    else:
        parts = asked(f"Acceleration of a person's body along three axes, in g, over {x.shape[1] / 50:.3g} seconds:",
                      list(zip(("x_axis", "y_axis", "z_axis"), x)), ask_class("What is the person doing?", options))
    return "har", parts, with_reason(rng, reason, options[right])


def sleep(rng):
    x, right, reason = bodies.sleep(rng)
    names = bodies.STAGES
    if rng.random() < 0.4:
        parts = asked(SLEEP["before"], [("", x)], SLEEP["after"], end=":", population=True,
                      prefix="The following is the EEG time series")
    else:
        parts = asked("30 seconds of a sleeper's EEG:", [("", x)], ask_class("Which stage of sleep is it?", names))
    return "sleep", parts, with_reason(rng, reason, names[right])


def heart(rng, real):
    before = "One lead of an electrocardiogram in mV over 10 seconds:"
    if real and rng.random() < 0.5:
        yes = rng.random() < 0.5
        some = real[yes]
        x, ventricular, rate = some[rng.integers(len(some))]
        x = x * np.exp(rng.normal(0, 0.15)) + rng.normal(0, 0.02, len(x))
        rhythm = None
    else:
        x, ventricular, rhythm, rate = bodies.heart(rng)
    pace = f"The heart beats about {int(round(rate, -1))} times a minute"
    if rhythm is not None and rng.random() < 0.5:
        names = bodies.RHYTHMS
        return "ecg", asked(before, [("", x)], ask_class("What is the rhythm?", names)), \
            with_reason(rng, f"{pace}, {bodies.RHYTHM_SIGNS[rhythm]}.", names[rhythm])
    what = "one beat or more is early and wide" if ventricular else "and no beat is early and wide"
    return "ecg", asked(before, [("", x)], ask_class("Is there a ventricular ectopic beat?", ["yes", "no"])), \
        with_reason(rng, f"{pace}, {what}.", "yes" if ventricular else "no")


# ---- forecasts ----

def six(v):
    return f"{v:.6g}"


def whole_numbers(x):
    """At most four digits in each value, as counts and prices have."""
    unit = 10.0 ** math.ceil(math.log10(max(np.abs(x).max(), 1e-9) / 9999))
    places = int(np.clip(-math.log10(unit), 0, 3))
    y = np.round(x / unit) * unit if unit < 1 or unit > 1 else np.round(x)
    return np.round(y / (10.0 ** max(math.log10(unit), 0)), places)


def forecast(rng, real=None):
    horizon = int(pick(rng, 4, 6, 8, 12, 12, 18, 24))
    if real is not None:
        x = real
        if len(x) < horizon + 16:
            return None
    else:
        n = int(rng.integers(24, 97)) + horizon
        period = int(pick(rng, 4, 7, 12, 12, 24, 24))
        u = np.arange(n)
        y = rng.normal(0, 1, period)
        if rng.random() < 0.7:
            y = np.convolve(np.tile(y, 3), np.ones(3) / 3, "same")[period:2 * period]
        y = y[u % period] * rng.uniform(0, 3) + trend_of(rng, n) + rng.normal(0, 1, n) * np.exp(rng.uniform(-3.5, -0.5))
        if rng.random() < 0.3:
            y = y + np.cumsum(rng.normal(0, 0.4, n))
        unit = 10 ** rng.uniform(0, 3)
        x = unit * (y - y.min() * pick(rng, 1, 1, 0) + rng.uniform(0, 10))
    x = whole_numbers(x[-(horizon + 72 + int(rng.integers(0, 25))):])
    past, future = x[:-horizon], x[-horizon:]
    text = f"Continue the time series with its next {horizon} values, separated by commas, and nothing else.\n"
    if rng.random() < 0.6:
        shown = past[-int(pick(rng, 8, 12, 24)):]
        parts = asked("", [("", past)], text + ", ".join(map(six, shown)))
    else:
        parts = [text + ", ".join(map(six, past[-int(pick(rng, 24, 48, 72)):]))]
    return "forecast", parts, ", ".join(map(six, future))


def trend_of(rng, n):
    u = np.linspace(0, 1, n)
    return pick(rng, 0 * u, u, -u, u ** 2) * rng.uniform(0, 4)


# ---- any of them ----

MIX = (("caption", 0.38), ("choice", 0.24), ("har", 0.09), ("sleep", 0.06), ("ecg", 0.09), ("forecast", 0.14))


class Source:
    """Samples, each a function of its seed."""

    def __init__(self, fred=(), hearts=()):
        self.fred = fred
        self.hearts = ({v: [h for h in hearts if h[1] == v] for v in (False, True)} if len(hearts) else None)

    def values(self, rng):
        if len(self.fred) and rng.random() < 0.18:
            x = self.fred[rng.integers(len(self.fred))][1]
            n = min(series.length_of(rng), len(x))
            at = rng.integers(len(x) - n + 1)
            x = x[at:at + n]
            if n >= 20 and x.max() > x.min():
                return np.round(x * np.exp(rng.normal(0, 0.3)), 4)
        return series.made_up(rng)

    def sample(self, rng, kind=None):
        while True:
            k = kind or rng.choice([k for k, _ in MIX], p=[p for _, p in MIX])
            if k == "caption":
                made = caption(rng, self.values(rng))
            elif k == "choice":
                made = choice(rng, self.values(rng))
            elif k == "har":
                made = activity(rng)
            elif k == "sleep":
                made = sleep(rng)
            elif k == "ecg":
                made = heart(rng, self.hearts)
            else:
                real = self.fred[rng.integers(len(self.fred))][1] if len(self.fred) and rng.random() < 0.3 else None
                made = forecast(rng, real)
            if made:
                return made
