#!/usr/bin/env python3
"""Fetches the published data sets of the stages, each file pinned by SHA-256.

    tools/fetch_data.py [--to FOLDER] [SET ...]        # default: every set, into ${XDG_CACHE_HOME:-~/.cache}/maxts/data

    m4       M4 competition, hourly and weekly: training series, hourly test set         GitHub    stages m4, forecast
    tsqa     TimeSeriesExam, round 3, 763 questions (MIT)                                GitHub    stage tsqa
    har      UCI HAR, total acceleration, as the CSV of lists that stage har reads       UCI       stage har
    mitdb    16 records of the MIT-BIH arrhythmia database with beats (ODC-BY)           PhysioNet stage ecg
    georgia  20 records with diagnoses of the PhysioNet/CinC Challenge 2021 (CC BY)      PhysioNet stage ecg
    sleep    DREAMS spindles, excerpts 1 to 5 with hypnograms (CC BY-NC-ND: use them,    Zenodo    stage sleep
             do not pass them on changed or for money); unpacked by bsdtar or unar

Prints the command line that evaluates each. What is there and whole is left alone; a file with another SHA-256 is
thrown away and nothing is taken from it."""
import argparse
import hashlib
import io
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

import wheel

M4 = "https://raw.githubusercontent.com/Mcompetitions/M4-methods/6c1067e5a57161249b17289a565178dc7a3fb3ca/Dataset/"
EXAM = ("https://raw.githubusercontent.com/moment-timeseries-foundation-model/TimeSeriesExam/"
        "384cf50864860c65e962b441eaa4c201857a06f8/")
PHYSIONET = { # their files' SHA-256 are in fetch_data.sha256
    "mitdb": "https://physionet.org/files/mitdb/1.0.0/",
    "georgia": "https://physionet.org/files/challenge-2021/1.0.3/training/georgia/g8/",
}
HAR = "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip"
DREAMS = "https://zenodo.org/records/2650142/files/DatabaseSpindles.rar?download=1"

FILES = { # file: (address, SHA-256)
    "m4": {
        "Hourly-train.csv": (M4 + "Train/Hourly-train.csv",
                             "ea59b7783573c49077a835ab6465c7d66f1474783360f310988a9a737fbca62f"),
        "Hourly-test.csv": (M4 + "Test/Hourly-test.csv",
                            "71a57fccb15e534d973626ada4fb87febf789e9317715b7cc6dd3b5f90db6f42"),
        "Weekly-train.csv": (M4 + "Train/Weekly-train.csv",
                             "d478d3f6ed673e6ed3c2cb0fbed5425f72eedd51318ebebeb0b5ecfcefc37714"),
    },
    "tsqa": {
        "time_series_exam.json": (EXAM + "output/round_3_folder/qa_dataset.json",
                                  "4ee3b62c8b57d6cb5f539ee0f53da7b4a558aa6a07f1f96f48892c6f9aa9e2e2"),
    },
}
for line in pathlib.Path(__file__).with_name("fetch_data.sha256").read_text().splitlines():
    sha256, name = line.split()
    folder, file = name.split("/")
    FILES.setdefault(folder, {})[file] = (PHYSIONET[folder] + file, sha256)
HAR_SHA256 = "c00b803081a5c797cd5e4b83700a9810b38d53d9d84e01917e090e1fdbc81031"
SLEEP = { # members of the archive
    "excerpt1.txt": "8e93c48c6f4bf322e79e3efaa167d30be0c2342be44f4560a0e76055dad6e969",
    "excerpt2.txt": "8d541b9754096570e14f752af1f2785acdeac4af56fa5867bca5fac6538689a5",
    "excerpt3.txt": "b0049afafaabd543e75ad24f860ab3423df412f99c96a7028674a44fc14725a1",
    "excerpt4.txt": "843f918cba427b77594b0e8bca576e40c3e1626185b1eb858adffb85c5820ac0",
    "excerpt5.txt": "9b5e5f99f4447ec5c9b7029f6e5fae254cb3eec706fb3267c4d1359f40ed4b87",
    "Hypnogram_excerpt1.txt": "87df5588970293822d14e54546819ac7a1edd35640cf28af6f529c15e1190417",
    "Hypnogram_excerpt2.txt": "cef3f997dcc00a2c74654549f73089eb6d2d18f1cbb55f071cd8bb230936ca87",
    "Hypnogram_excerpt3.txt": "b6754c0e54b4df98663cd931e578111038f71fdcbde605b2df00739fb34d6ba8",
    "Hypnogram_excerpt4.txt": "edea559666ef26f6e0c17423bed0dab9a9d01d670311c94349908e808af00995",
    "Hypnogram_excerpt5.txt": "cc1975c5f6e196b822e2b0968f959102bef104b09800eb912318300dee611026",
}
USE = {
    "m4": ["maxts eval --stage m4 --data {to}/m4/Weekly-train.csv",
           "maxts eval --stage forecast --data {to}/m4/Hourly-train.csv --more {to}/m4/Hourly-test.csv"],
    "tsqa": ["maxts eval --stage tsqa --data {to}/tsqa/time_series_exam.json"],
    "har": ["maxts eval --stage har --data {to}/har/test.csv"],
    "mitdb": ["maxts eval --stage ecg --data {to}/mitdb"],
    "georgia": ["maxts eval --stage ecg --data {to}/georgia"],
    "sleep": ["maxts eval --stage sleep --data {to}/sleep/excerpt2.txt --more {to}/sleep/Hypnogram_excerpt2.txt"],
}
ACTIVITIES = ["walking", "walking_up", "walking_down", "sitting", "standing", "lying"] # UCI's 1 to 6
TRIES = 4


def whole(path, sha256):
    return path.exists() and wheel.sha256_of(path) == sha256


def get(url, path, sha256=None):
    """`url` to `path`, whole or not at all; an interrupted download goes on where it stopped."""
    if path.exists() and (sha256 is None or whole(path, sha256)):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    for attempt in range(TRIES):
        try:
            wheel.say(f"fetching {url}")
            wheel.download(url, part)
            break
        except OSError as error:
            if attempt + 1 == TRIES:
                raise RuntimeError(f"{url}: {error}") from error
            wheel.say(f"{error}; once more in {2 ** attempt} s")
            time.sleep(2 ** attempt)
    if sha256 is not None and wheel.sha256_of(part) != sha256:
        part.unlink()
        raise RuntimeError(f"{url}: its SHA-256 is not the pinned one; it was thrown away")
    part.rename(path)


def activity(folder):
    """UCI's zip holds another, that one a text file per axis: 128 numbers a line, and one of labels."""
    outer = folder / "uci_har.zip"
    if all((folder / f"{part}.csv").exists() for part in ("train", "test")):
        return
    get(HAR, outer, HAR_SHA256)
    inner = zipfile.ZipFile(io.BytesIO(zipfile.ZipFile(outer).read("UCI HAR Dataset.zip")))
    for part in ("train", "test"):
        def lines(name):
            return inner.read(f"UCI HAR Dataset/{part}/{name}_{part}.txt").decode().splitlines()
        axes = [lines(f"Inertial Signals/total_acc_{axis}") for axis in "xyz"]
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, suffix=".part") as file:
            file.write("label,x_axis,y_axis,z_axis\n")
            for label, *rows in zip(lines("y"), *axes, strict=True):
                lists = ",".join('"[' + ", ".join(f"{float(v):.4g}" for v in row.split()) + ']"' for row in rows)
                file.write(f"{ACTIVITIES[int(label) - 1]},{lists}\n")
        pathlib.Path(file.name).rename(folder / f"{part}.csv")


def sleep(folder):
    """The archive's own SHA-256 is not known here; every member that is kept is checked."""
    if all(whole(folder / name, sha256) for name, sha256 in SLEEP.items()):
        return
    tool = next((t for t in (["bsdtar", "-xf"], ["unar", "-q", "-f"]) if shutil.which(t[0])), None)
    if not tool:
        raise RuntimeError("sleep: needs bsdtar (Debian: libarchive-tools) or unar to unpack DatabaseSpindles.rar")
    archive = folder / "DatabaseSpindles.rar"
    get(DREAMS, archive)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        subprocess.run([*tool, archive.resolve()], cwd=scratch, check=True)
        found = {path.name: path for path in pathlib.Path(scratch).rglob("*.txt")}
        for name, sha256 in SLEEP.items():
            if name not in found or hashlib.sha256(found[name].read_bytes()).hexdigest() != sha256:
                archive.unlink()
                raise RuntimeError(f"{DREAMS}: {name} is missing or its SHA-256 is not the pinned one; the archive "
                                   f"was thrown away")
            shutil.move(found[name], folder / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=pathlib.Path, default=wheel.cache_folder() / "data", metavar="FOLDER")
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(USE))
    args = parser.parse_args()
    failed = False
    for name in args.sets or USE:
        if name not in USE:
            parser.error(f"no set {name}; there are {', '.join(USE)}")
        folder = args.to / name
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for file, (url, sha256) in FILES.get(name, {}).items():
                get(url, folder / file, sha256)
            if name in ("har", "sleep"):
                (activity if name == "har" else sleep)(folder)
            print("\n".join(line.format(to=args.to) for line in USE[name]))
        except (OSError, RuntimeError, subprocess.CalledProcessError, zipfile.BadZipFile) as error:
            print(f"fetch_data: {name}: {error}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
