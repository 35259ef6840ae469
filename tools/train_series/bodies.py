"""Made-up recordings of bodies: acceleration of eight activities, EEG of five stages of sleep, ECG of six rhythms.

They carry what separates the classes (rhythm, strength, posture; bands; intervals and width of beats) and none of a
person's own ways: real recordings are further apart. Every reason that is given is read off the series itself."""
import numpy as np

RATE = 50
NAMES = {
    "biking": ("biking", "cycling"), "lying": ("lying", "laying", "LAYING"), "running": ("running", "jogging"),
    "sitting": ("sitting", "SITTING"), "standing": ("standing", "STANDING"), "walking": ("walking", "WALKING"),
    "walking_down": ("walking_down", "walking_downstairs", "WALKING_DOWNSTAIRS"),
    "walking_up": ("walking_up", "walking_upstairs", "WALKING_UPSTAIRS"),
}
KINDS = tuple(NAMES)
# axis of gravity, strides a second, strength of a step in g, share of its overtones, noise
WAYS = {"biking": (0, (0.9, 1.6), (0.06, 0.15), 0.3, 0.05), "lying": (2, None, None, 0, 0.006),
        "running": (0, (2.4, 3.2), (0.7, 1.4), 0.6, 0.15), "sitting": (0, None, None, 0, 0.006),
        "standing": (0, None, None, 0, 0.008), "walking": (0, (1.6, 2.1), (0.2, 0.35), 0.6, 0.06),
        "walking_down": (0, (1.8, 2.4), (0.35, 0.6), 1.0, 0.1), "walking_up": (0, (1.2, 1.7), (0.15, 0.3), 0.5, 0.06)}

# how a body moves whose strongest axis deviates by less than so many g
STRENGTHS = ((0.03, "hardly moves"), (0.12, "moves a little"), (0.35, "moves"), (np.inf, "moves hard"))


def activity(rng):
    """(values [3][128] in g, options, index of the right one, reason)."""
    keep = [k for k in KINDS if k != "biking"] if rng.random() < 0.6 else list(KINDS)
    count = int(rng.integers(3, len(keep) + 1)) if rng.random() < 0.5 else len(keep)
    keep = [keep[i] for i in rng.permutation(len(keep))[:count]]
    if rng.random() < 0.5:
        keep.sort()
    style = int(rng.integers(3))
    right = int(rng.integers(len(keep)))
    kind, n = keep[right], 128
    axis, pace, force, overtones, noise = WAYS[kind]
    g = rng.normal(0, 0.12, 3)
    g[axis if axis == 0 else int(rng.integers(1, 3))] += 1
    if kind == "sitting":
        g = rng.normal(0, 0.06, 3) + np.array([np.cos(a := rng.uniform(0.25, 0.8)), 0.15, np.sin(a)])
    g /= np.linalg.norm(g)
    t = np.arange(n) / RATE
    x = g[:, None] + rng.normal(0, noise * np.exp(rng.normal(0, 0.3)), (3, n))
    rhythm = 0.0
    if pace:
        rhythm, power = rng.uniform(*pace), rng.uniform(*force)
        share = np.array([1, rng.uniform(0.3, 0.8), rng.uniform(0.3, 0.8)])
        for h in (0.5, 1, 2, 3):
            a = power * (1 if h == 1 else overtones * rng.uniform(0.2, 0.8) / h)
            each = (share * rng.uniform(0.6, 1.2, 3))[:, None]
            x += each * a * np.sin(2 * np.pi * (h * rhythm * t + rng.random((3, 1))))
    move = float(x.std(1).max())
    up = "xyz"[int(np.abs(x.mean(1)).argmax())]
    strength = next(word for most, word in STRENGTHS if move < most)
    said = f"The body {strength}"
    if rhythm:
        said += f", about {rhythm:.1f} times a second"
    said += f", and gravity lies along {up}."
    return np.round(x, 4), [NAMES[k][min(style, len(NAMES[k]) - 1)] for k in keep], right, said


STAGES = ["Wake", "REM sleep", "Non-REM stage 1", "Non-REM stage 2", "Non-REM stage 3"]
# strength in uV of delta, theta, alpha, sigma, beta
BANDS = ((0.5, 3), (4, 7.5), (8, 12), (12, 14.5), (15, 24))
STRENGTH = ((8, 5, 14, 3, 8), (9, 8, 4, 2, 5), (10, 10, 5, 3, 5), (20, 9, 4, 4, 3), (45, 10, 3, 3, 2))
SEEN = ("alpha and fast waves are strong", "waves are small and mixed", "theta waves are strong and alpha is gone",
        "spindles and single slow waves stand out", "large slow waves fill the record")


def band(rng, n, low, high):
    f = np.fft.rfftfreq(n, 1 / RATE)
    spectrum = (rng.normal(0, 1, len(f)) + 1j * rng.normal(0, 1, len(f))) * ((f >= low) & (f <= high))
    y = np.fft.irfft(spectrum, n)
    return y / (y.std() + 1e-12)


def sleep(rng):
    """(values [1500] in uV, stage, reason)."""
    stage, n = int(rng.integers(5)), 1500
    x = np.zeros(n)
    for k, (low, high) in enumerate(BANDS):
        x += STRENGTH[stage][k] * np.exp(rng.normal(0, 0.22)) * band(rng, n, low, high)
    t = np.arange(n) / RATE
    if stage == 3:
        for _ in range(rng.integers(3, 9)):
            at = rng.uniform(1, 29)
            x += rng.uniform(12, 25) * np.exp(-((t - at) / 0.35) ** 2) * np.sin(2 * np.pi * rng.uniform(12, 14) * t)
        for _ in range(rng.integers(1, 5)):
            at = rng.uniform(1, 29)
            x += rng.uniform(60, 110) * (-np.exp(-((t - at) / 0.12) ** 2) + 0.7 * np.exp(-((t - at - 0.4) / 0.25) ** 2))
    if stage == 1:
        for _ in range(rng.integers(0, 4)):
            at = rng.uniform(1, 27)
            x += 12 * np.where((t > at) & (t < at + 2), (t * 3 % 1) - 0.5, 0)
    x = x * np.exp(rng.normal(0, 0.15)) + rng.normal(0, 1.5, n)
    return np.round(x, 2), stage, f"In the signal {SEEN[stage]}."


RHYTHMS = ["sinus rhythm", "sinus bradycardia", "sinus tachycardia", "sinus arrhythmia", "atrial fibrillation",
           "atrial flutter"]
RHYTHM_SIGNS = ("evenly", "slowly and evenly", "fast and evenly", "with intervals that swell and shrink",
                "without any order and without P waves", "over saw-like waves")


def bump(t, at, width, height):
    return height * np.exp(-((t - at) / width) ** 2)


def heart(rng):
    """(values [1000] in mV at 100 Hz, ventricular beat?, rhythm, beats a minute)."""
    rhythm = int(rng.integers(6))
    t = np.arange(1000) / 100
    gap = 60 / (rng.uniform(62, 96), rng.uniform(38, 57), rng.uniform(104, 150), rng.uniform(58, 95),
                rng.uniform(60, 140), rng.uniform(70, 150))[rhythm]
    polarity = rng.choice([1, 1, 1, -1])
    p, r, s, w, tw = (rng.uniform(0.07, 0.2), rng.uniform(0.6, 1.6) * polarity, rng.uniform(0.05, 0.4),
                      rng.uniform(0.012, 0.022), rng.uniform(0.1, 0.4))
    x, at, phase = np.zeros(1000), rng.uniform(0, gap), rng.uniform(0, 6.28)
    ectopic = rng.random() < 0.5
    chance, beats, found, skip = rng.uniform(0.1, 0.4), 0, False, 0.0
    forced = rng.uniform(1.5, 8)
    while at < 10:
        here = gap * (1 + rng.normal(0, 0.02))
        if rhythm == 3:
            here = gap * (1 + 0.22 * np.sin(at * 1.3 + phase))
        if rhythm == 4:
            here = gap * np.exp(rng.normal(0, 0.25))
        beats += 1
        if ectopic and 0.6 < at < 9.4 and (rng.random() < chance or (not found and at > forced)):
            early = at - 0.28 * gap if beats > 1 else at
            tall = rng.choice([-1, 1]) * abs(r) * rng.uniform(1.1, 1.9)
            x += bump(t, early, rng.uniform(0.045, 0.075), tall) + bump(t, early + 0.28, 0.1, -0.35 * tall)
            found = True
            at += here * 1.1
            continue
        if rhythm < 4:
            x += bump(t, at - 0.16, 0.025, p)
        x += bump(t, at, w, r) - bump(t, at + 0.035, w, s * polarity) - bump(t, at - 0.03, w, 0.1 * polarity)
        x += bump(t, at + min(0.3, 0.4 * gap), 0.06, tw)
        at += here
    if rhythm == 4:
        x += 0.05 * np.sin(2 * np.pi * rng.uniform(5, 8) * t + rng.normal(0, 0.3, 1000).cumsum() * 0.3)
    if rhythm == 5:
        x += 0.18 * ((t * rng.uniform(4.5, 5.5) + phase) % 1 - 0.5)
    x += rng.normal(0, 0.015 * np.exp(rng.normal(0, 0.5)), 1000) + 0.15 * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * t)
    return np.round(x, 3), found, rhythm, 6 * beats
