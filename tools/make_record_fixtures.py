#!/usr/bin/env python3
"""Records of every WFDB storage format and EDF files, and what PyPI's wfdb and pyedflib read in them:
tests/series/records/.

    python3 -m venv v && v/bin/pip install wfdb pyedflib && v/bin/python tools/make_record_fixtures.py

The bytes of the older formats are packed here, from PhysioNet's signal(5); FLAC streams are wfdb's. records.json has,
for each header, names, units, rate and values channel by channel (null: missing) as wfdb.rdrecord gives them; of an
EDF file a list of these, one for each sampling rate."""
import datetime
import json
import pathlib

import numpy as np
import pyedflib
import wfdb

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests/series/records"
BITS = {8: 8, 16: 16, 24: 24, 32: 32, 61: 16, 80: 8, 160: 16, 212: 12, 310: 10, 311: 10, 508: 8, 516: 16, 524: 24}


def words(values, size, order="little"):
    return b"".join((int(v) & ((1 << 8 * size) - 1)).to_bytes(size, order) for v in values)


def pack_212(values):
    out = bytearray()
    for i in range(0, len(values), 2):
        a, b = (int(v) & 0xFFF for v in (list(values[i:i + 2]) + [0])[:2])
        out += bytes([a & 255, a >> 8 | b >> 8 << 4, b & 255])
    return bytes(out[:-1] if len(values) % 2 else out)


def pack_310(values):
    out = bytearray()
    for i in range(0, len(values), 3):
        a, b, c = (int(v) & 0x3FF for v in (list(values[i:i + 3]) + [0, 0])[:3])
        out += (a << 1 | (c & 31) << 11).to_bytes(2, "little") + (b << 1 | c >> 5 << 11).to_bytes(2, "little")
    return bytes(out)


def pack_311(values):
    out = bytearray()
    for i in range(0, len(values), 3):
        a, b, c = (int(v) & 0x3FF for v in (list(values[i:i + 3]) + [0, 0])[:3])
        out += (a | b << 10 | c << 20).to_bytes(4, "little")
    return bytes(out)


PACK = {8: lambda v: words(v, 1), 16: lambda v: words(v, 2), 24: lambda v: words(v, 3), 32: lambda v: words(v, 4),
        61: lambda v: words(v, 2, "big"), 80: lambda v: words(v + 128, 1), 160: lambda v: words(v + 32768, 2),
        212: pack_212, 310: pack_310, 311: pack_311}


def checksum(x):
    return int((int(np.sum(x.astype(np.int64))) + 32768) % 65536 - 32768)


def signals(rng, bits, per_frame, frames, missing):
    """Walks of so many bits, the extremes among them."""
    top, out = 2 ** (bits - 1), []
    for n in per_frame:
        x = np.cumsum(rng.integers(-top // 8, top // 8 + 1, n * frames))
        x = np.clip(x, -top + 1, top - 1)
        x[3], x[5] = top - 1, -top + 1
        if missing:
            x[7] = -top
        out.append(x)
    return out


def write(name, form, rng, per_frame=(1, 1, 1), frames=23, skew=(0, 0, 0), offset=0, missing=True, gains=None):
    """One record; its signals lie in one file."""
    x = signals(rng, BITS[form], per_frame, frames, missing and form != 8)
    first = [int(v[0]) for v in x]
    if form == 8: # slow enough for differences of a byte
        x = [np.cumsum(rng.integers(-128, 128, len(v))) + 500 for v in x]
        stored = [np.diff(v, prepend=500) for v in x]
        first = [500] * len(x)
    else:
        stored = x
    flat = np.concatenate([s.reshape(frames, n) for s, n in zip(stored, per_frame)], axis=1).reshape(-1)
    gains = gains or ["200.0(0)/mV", "-12.5(7)/uV", "1(-3)/NU"]
    file = f"{name}.dat"
    if form > 500:
        wfdb.io._signal.wr_dat_file(file, str(form), flat.reshape(frames, -1), 0, True, x, list(per_frame), str(OUT))
    else:
        (OUT / file).write_bytes(b"\x55" * offset + PACK[form](flat))
    lines = [f"{name} {len(x)} 100 {frames}"]
    for i, v in enumerate(x):
        suffix = (f"x{per_frame[i]}" if per_frame[i] > 1 else "") + (f":{skew[i]}" if skew[i] else "") + \
            (f"+{offset}" if offset else "")
        lines.append(f"{file} {form}{suffix} {gains[i]} {BITS[form]} 0 {first[i]} {checksum(v)} 0 lead {i + 1}")
    (OUT / f"{name}.hea").write_text("\n".join(lines) + "\n")


def segments(name, signals_, rows, layout=None):
    (OUT / f"{name}.hea").write_text(
        f"{name}/{len(rows)} {signals_} 100 {sum(n for _, n in rows)}\n" + "".join(f"{s} {n}\n" for s, n in rows))
    if layout:
        record, names = layout
        (OUT / f"{record}.hea").write_text(
            f"{record} {len(names)} 100 0\n" + "".join(f"~ 0 200 0 0 0 0 0 {n}\n" for n in names))


def one_lead(name, rows, rng):
    """A record with one file a signal, called as the rows say."""
    lines = [f"{name} {len(rows)} 100 12"]
    for i, (form, gain, lead) in enumerate(rows):
        x = signals(rng, BITS[form], (1,), 12, False)[0]
        (OUT / f"{name}{i}.dat").write_bytes(PACK[form](x))
        lines.append(f"{name}{i}.dat {form} {gain} 0 0 {x[0]} {checksum(x)} 0 {lead}")
    (OUT / f"{name}.hea").write_text("\n".join(lines) + "\n")


def expected(name):
    r = wfdb.rdrecord(str(OUT / name))
    values = [[None if np.isnan(v) else float(v) for v in r.p_signal[:, c]] for c in range(r.n_sig)]
    return {"names": r.sig_name, "units": r.units, "rate": float(r.fs), "values": values}


def write_edf(name, kind, channels, rng, seconds=3, notes=False):
    """channels: (label, unit, rate, least, most, digital least, most)."""
    w = pyedflib.EdfWriter(str(OUT / name), len(channels), file_type=kind)
    w.setStartdatetime(datetime.datetime(2020, 2, 3, 4, 5, 6))
    x = []
    for i, (label, unit, rate, least, most, low, high) in enumerate(channels):
        w.setSignalHeader(i, {"label": label, "dimension": unit, "sample_frequency": rate, "physical_min": least,
                              "physical_max": most, "digital_min": low, "digital_max": high, "transducer": "",
                              "prefilter": ""})
        x.append(rng.integers(low, high + 1, int(rate * seconds)).astype(np.int32))
    w.writeSamples(x, digital=True)
    if notes:
        w.writeAnnotation(0.5, 1, "event")
        w.writeAnnotation(2.25, -1, "end")
    w.close()


def expected_edf(name):
    r = pyedflib.EdfReader(str(OUT / name))
    rates = []
    for c in range(r.signals_in_file):
        rate = float(r.getSampleFrequency(c))
        row = next((row for row in rates if row["rate"] == rate), None)
        if row is None:
            rates.append(row := {"names": [], "units": [], "rate": rate, "values": []})
        row["names"].append(r.getLabel(c))
        row["units"].append(r.getPhysicalDimension(c))
        row["values"].append([float(v) for v in r.readSignal(c)])
    r.close()
    return rates


EDF = {"plain.edf": (pyedflib.FILETYPE_EDF, [("EEG Fpz-Cz", "uV", 20, -200, 200, -2048, 2047),
                                             ("EOG", "uV", 20, -1000.5, 1000, -32768, 32767)], False),
       "plus.edf": (pyedflib.FILETYPE_EDFPLUS, [("EEG Fpz-Cz", "uV", 20, -192, 192, -2048, 2047),
                                                ("Temp", "degC", 2, 34, 40, -2849, 2731),
                                                ("EEG Pz-Oz", "uV", 20, 200, -200, -2048, 2047),
                                                ("Resp", "", 2, -1, 1, -32768, 32767)], True),
       "wide.bdf": (pyedflib.FILETYPE_BDFPLUS, [("A1", "uV", 16, -262144, 262143, -8388608, 8388607),
                                                ("Status", "Boolean", 16, -1, 1, -8388608, 8388607)], True)}


def main():
    rng = np.random.default_rng(7)
    OUT.mkdir(exist_ok=True)
    for form in BITS:
        write(f"f{form}", form, rng)
    write("offset", 16, rng, offset=24)
    for form in (8, 212, 310, 311, 16, 80):
        write(f"frames{form}", form, rng, per_frame=(1, 4, 2), frames=17, missing=False)
    write("frames516", 516, rng, per_frame=(2, 2, 2), frames=17, missing=False)
    write("skew", 212, rng, skew=(0, 3, 3)) # wfdb 4.3 fails on skews of several lengths
    one_lead("s1", [(16, "200(0)/mV", "II"), (80, "50(3)/mV", "V")], rng)
    one_lead("s2", [(212, "-100(0)/mV", "II"), (16, "40(3)/mV", "V")], rng)
    one_lead("s3", [(16, "25(1)/mV", "V")], rng)
    one_lead("s4", [(61, "25(1)/mmHg", "ABP"), (160, "70(1)/mV", "II")], rng)
    segments("fixed", 2, [("s1", 12), ("s2", 12)])
    segments("variable", 3, [("layout", 0), ("s1", 12), ("~", 5), ("s3", 12), ("s4", 12), ("~", 2)],
             ("layout", ["II", "V", "ABP"]))
    names = [f"f{form}" for form in BITS] + ["offset", "frames8", "frames212", "frames310", "frames311", "frames16",
                                             "frames80", "frames516", "skew", "fixed", "variable"]
    want = {n + ".hea": expected(n) for n in names}
    for name, (kind, channels, notes) in EDF.items():
        write_edf(name, kind, channels, rng, notes=notes)
        want[name] = expected_edf(name)
    (OUT / "records.json").write_text(json.dumps(want) + "\n")
    print(OUT, sum(p.stat().st_size for p in OUT.iterdir()), "bytes")


if __name__ == "__main__":
    main()
