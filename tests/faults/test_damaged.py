#!/usr/bin/env python3
"""Damaged time series and tables, which have no checksum: the program ends with one sentence, or comes to what an
independent reading of the damaged bytes comes to (Python's: exact log Z of the table, columns of the series). Each
within two seconds of processor time.

    test_damaged.py [FILES] [SEED]     of each kind, default 150
"""
import csv
import io
import json
import math
import pathlib
import random
import resource
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from program import ROOT, check, finish, run, work_dir  # noqa: E402
from test_damage import big_table  # noqa: E402

MOST_SECONDS = 2
SANITIZER_TAKES = 5  # times as long


def damaged(rng, data):
    """One to three damages: a bit, a byte, bytes lost, bytes put in, a part twice, the end cut off."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at, n = rng.randrange(len(data) + 1), rng.randint(1, 20)
        kind = rng.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = rng.choice(b'0123456789.,-+eE"[]{}: \n;\t#')
        elif kind == 2:
            del data[at:at + n]
        elif kind == 3:
            data[at:at] = bytes(rng.choice(b"0123456789.,\n\"e") if rng.random() < 0.8 else rng.randrange(256)
                                for _ in range(n))
        elif kind == 4:
            data[at:at] = data[at:at + n]
        elif kind == 5 and rng.random() < 0.3:
            del data[at:]
        data = data or bytearray(b"x")
    return bytes(data)


def program(what, *args):
    """The JSON object, None where it was refused with one sentence."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(*args, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    check(seconds < MOST_SECONDS * SANITIZER_TAKES, f"{what}: took {seconds:.1f} s of processor time")
    if done.returncode == 0:
        return json.loads(done.stdout), seconds
    say = done.stderr.decode(errors="replace")
    shown = not done.stdout or json.loads(done.stdout)["problem"]  # of a series: what there is besides
    check(say.startswith("maxts: ") and say.count("\n") == 1 and shown, f"{what}: {say!r}")
    return None, seconds


# ---- tables ----

def log_z(data):
    """By enumeration; raises where the table is none."""
    table = json.loads(data.decode("utf-8"))
    eos, longest, vocabulary = table.get("eos"), table["max_tokens"], table["vocab_size"]

    def below(prefix, key):
        row, terms = table["prior"][key], []
        if len(row) != vocabulary or not 0.9999 <= sum(row) <= 1.0001:
            raise ValueError("a row")
        for token, p in enumerate(row):
            if p < 0:
                raise ValueError("a probability below 0")
            text = [*prefix, token]
            name = ",".join(map(str, text))
            if p > 0 and (token == eos or len(text) == longest):
                terms.append(math.log(p) + table["reward"][name])
            elif p > 0:
                terms.append(math.log(p) + below(text, name))
        most = max(terms)
        return most + math.log(sum(math.exp(term - most) for term in terms)) - math.log(sum(row))
    return below([], "")


def tables(rng, folder, count):
    whole, path = big_table(folder).read_bytes(), folder / "damaged.json"
    taken = 0
    slowest = 0
    for i in range(count):
        data = damaged(rng, whole)
        path.write_bytes(data)
        what = f"table {i}"
        found, seconds = program(what, "verify", "-m", path, "--runs", 2, "--rollouts", 2, "--json")
        slowest = max(slowest, seconds)
        if found:
            taken += 1
            try:
                want = log_z(data)
            except (ValueError, KeyError, TypeError, OverflowError) as error:
                check(False, f"{what}: exit 0, though Python says {error!r}: {data}")
            got = found["exact"]["log_z"]
            check(abs(got - want) <= 1e-3 * max(1, abs(want)), f"{what}: log Z {got}, not {want}")
    print(f"table   {count} damaged files: {count - taken} refused, {taken} as Python reads them; "
          f"the slowest took {slowest:.2f} s")


# ---- series ----

def columns(data):
    """{name: its values} of a plain table; None where that is not what it is any more."""
    try:
        rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True) if row]
        head, body = rows[0], rows[1:]
        if len(set(head)) < len(head) or any(len(row) != len(head) for row in rows):
            return None
        return {name.strip(): [row[c] for row in body] for c, name in enumerate(head)}
    except (UnicodeDecodeError, csv.Error, IndexError):
        return None


def as_number(cell):
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return None


def judge_series(what, found, data):
    """Whether the channels are what Python reads; None: Python cannot say."""
    table = columns(data)
    if not table or found["problem"]:
        return None
    for channel in found["channels"]:
        if channel["name"] not in table:
            return None
        values = [as_number(cell) for cell in table[channel["name"]]]
        if any(v is None for v in values):
            return None
        check(channel["values"] == len(values) and channel["min"] == min(values) and channel["max"] == max(values),
              f"{what}: {channel}, where Python reads {values}")
        n = len(channel["first"])
        check(channel["first"] == values[:n] and channel["last"] == values[-len(channel["last"]):],
              f"{what}: {channel}, where Python reads {values}")
    return True


def plain_series(rng):
    rows = [["t", "load", "temp"]] + [[str(t), f"{rng.uniform(-9, 99):.4f}", f"{rng.gauss(20, 5):.2e}"]
                                      for t in range(24)]
    return "".join(",".join(row) + "\n" for row in rows).encode()


def series(rng, folder, count):
    """Half of them plain tables, which Python reads too; the others of every format."""
    names = ["csv", "tsv", "txt", "json", "ts", "edf", "bdf", "hea"]
    seeds = [(names[data[0] % 8], data[2:]) for data in
             (path.read_bytes() for path in sorted((ROOT / "tests/fuzz/series").iterdir()))]
    taken = judged = 0
    slowest = 0
    for i in range(count):
        extension, whole = ("csv", plain_series(rng)) if i % 2 == 0 else rng.choice(seeds)
        data, what = damaged(rng, whole), f"series {i}"
        path = folder / f"damaged.{extension}"
        if extension == "hea":
            header, _, signal = data.partition(b"\0")
            (folder / "a.dat").write_bytes(signal)
            path.write_bytes(header)
        else:
            path.write_bytes(data)
        found, seconds = program(what, "series", path, "--json")
        slowest = max(slowest, seconds)
        if found:
            taken += 1
            judged += i % 2 == 0 and judge_series(what, found, data) is True
    print(f"series  {count} damaged files: {count - taken} refused, {taken} taken, {judged} of them as Python reads "
          f"them; the slowest took {slowest:.2f} s")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 150
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    with work_dir() as name:
        folder = pathlib.Path(name)
        tables(rng, folder, count)
        series(rng, folder, count)
    finish(2 * count)


if __name__ == "__main__":
    main()
