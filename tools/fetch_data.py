#!/usr/bin/env python3
"""Fetches the published data sets of the stages, each file pinned by SHA-256.

    tools/fetch_data.py [--to FOLDER] [SET ...]        # default: every set, into ${XDG_CACHE_HOME:-~/.cache}/maxts/data

    m4     M4 competition, hourly and weekly: training series and the hourly test set    GitHub    stages m4, forecast
    tsqa   TimeSeriesExam, round 3, 763 questions (MIT)                                  GitHub    stage tsqa
    har    UCI HAR, total acceleration, as the CSV of lists that stage har reads         UCI       stage har
    mitdb  16 records of the MIT-BIH arrhythmia database with beats (ODC-BY)             PhysioNet stage ecg
    sleep  DREAMS spindles, excerpts 1 to 5 with hypnograms (CC BY-NC-ND: use them,      Zenodo    stage sleep
           do not pass them on changed or for money); unpacked by bsdtar or unar

Prints the command line that evaluates each. What is there and whole is left alone; a file with another SHA-256 is thrown away and
nothing is taken from it."""
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

import fetch_model

M4 = "https://raw.githubusercontent.com/Mcompetitions/M4-methods/6c1067e5a57161249b17289a565178dc7a3fb3ca/Dataset/"
EXAM = "https://raw.githubusercontent.com/moment-timeseries-foundation-model/TimeSeriesExam/384cf50864860c65e962b441eaa4c201857a06f8/"
MITDB = "https://physionet.org/files/mitdb/1.0.0/"
HAR = "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip"
DREAMS = "https://zenodo.org/records/2650142/files/DatabaseSpindles.rar?download=1"

FILES = { # file: (address, SHA-256)
    "m4": {
        "Hourly-train.csv": (M4 + "Train/Hourly-train.csv", "ea59b7783573c49077a835ab6465c7d66f1474783360f310988a9a737fbca62f"),
        "Hourly-test.csv": (M4 + "Test/Hourly-test.csv", "71a57fccb15e534d973626ada4fb87febf789e9317715b7cc6dd3b5f90db6f42"),
        "Weekly-train.csv": (M4 + "Train/Weekly-train.csv", "d478d3f6ed673e6ed3c2cb0fbed5425f72eedd51318ebebeb0b5ecfcefc37714"),
    },
    "tsqa": {
        "time_series_exam.json": (EXAM + "output/round_3_folder/qa_dataset.json", "4ee3b62c8b57d6cb5f539ee0f53da7b4a558aa6a07f1f96f48892c6f9aa9e2e2"),
    },
    "mitdb": {
        name: (MITDB + name, sha256) for name, sha256 in {
            "100.atr": "8d8a5349fb16638ebbf649f1779d12e96d91b736b2aafe59db43719ae583d471",
            "100.dat": "b2ea3c250e56e48f4b7b90697832b8ecd1afa1e0bb31f2dcfea4ed6e1075a639",
            "100.hea": "db882392a66ccc4dee10104082cffa1a6f7fd9dd7d55c281c8345b3c7b9a2a6f",
            "101.atr": "441cdd6486cfdf4c53e344d1048ab81296773e7058d53069022adc68543a0663",
            "101.dat": "698d1ea6f472d23ca50317c72c96cda2698badd8578220ed0380cdf241e39006",
            "101.hea": "bc8dfbf076c5635bfe5319bba1aa5244dd32fac8d142476396a41f597d47f686",
            "105.atr": "278d534c1ad952a6d41db963b6b2b00be070d8dd5fa66545caa5c18edcc36497",
            "105.dat": "fcd0153dfea69c749194bb73de7db124588857cfa2f6aecb72754894c8afde02",
            "105.hea": "0546efab08d52d00de1924f8c49180b9730bb0b89d40affdfe748de1afc66ad8",
            "106.atr": "585347e6d1bd3ad89cdb52cb80945878a5e51026d81f871a376bb6e13936f7fa",
            "106.dat": "c017bc18b95b1f970bca143a044ee5d54168648b541e47aa656f2737a59c1202",
            "106.hea": "edda68c7de6d1101b23d4f71822dd5660f48db02e8184e048a617a2d60addfe0",
            "108.atr": "ea227008ac3bc4ada87807117909e77ae0643d5a8bc09f32b9096a35f140cbf3",
            "108.dat": "229a4ef62679dc5c6ea781bfbaec2bd784151fc9f9517f4cdecd533a9431eb20",
            "108.hea": "2cb0924c50f6e1a5b48c77150cc4da07831ca0eb93d1d5f0a13341b834832c69",
            "119.atr": "fd919c8ea20eed4a22fb37984977f30ce48d382eefd2d90934bf947a88e0fd7b",
            "119.dat": "02a286a28e69b441568add915f16a2856b22bab893bf8729ee9654411ed3a5aa",
            "119.hea": "587152d9e7767ef9854e5a923f3a8e7715aad738ca8ee7e29373ce394dd6843e",
            "200.atr": "f9624a11696760427d75314a78c31f89ca3c446af855890c8f8b66cddd8b3a3f",
            "200.dat": "a9e203b3807b9fcd3647cde03444437cb8eec7f5128a8eb413edafb394272e0f",
            "200.hea": "c113e6cba03818be0a2e2e4b87feaf868b00b9d499a0053cf8ecfe9c892b2ae3",
            "201.atr": "df1276b6c6952b177ec6eea2be3edc7a96888454107a3ee56be880b0afaf6f35",
            "201.dat": "16610ae46eff900794597503d15af4572a8b1518f18dbed2843b7e68c81f3898",
            "201.hea": "63aa786bf11ebcb19b104a0509ebf32e915d8db357340496e98dbf1bae263404",
            "203.atr": "2573f948e54a538983a44bf946e3e61cdda60e898b4c65ca8559b57c4877c706",
            "203.dat": "5ba7d2237fc838438efd8bb0a3baeffc5de2e70c76e3ab7e401e811ad82f43e0",
            "203.hea": "5a1c8fead3de629bd15a64deeceab18c4f9b6a2ed480aa623094474792d2aba0",
            "207.atr": "cceb64d68033a277d2d5669458d49258295102dd3e20614a0ca7d63b67009404",
            "207.dat": "139f99250366fbf347cba4d8ea1fbe788f98cb1b93b70f50ccba70122d908605",
            "207.hea": "8b6fc3cbf71ccdf871109506af8ab664dde64c8a35d3bab43f8ace9dc7bd0a2b",
            "208.atr": "33878519ee34d00cb233fdb15b11c2b8da0b0aea2e643d31b07105cc3392edf4",
            "208.dat": "22873623623c44ee413a5b60cacb15d4af2723734836fb3ae45d9ff96bdb36e7",
            "208.hea": "64c411f07144519ef0070e7aa7b292ffa2a2a0b63be44ca90bb1ac970cc23cf2",
            "209.atr": "c0697b176e7caf49e34f93e28eaeeff7167e2de380a8698f6cb3fb3a5fcb1c84",
            "209.dat": "e2516dd126ea85529d9a0e8442fef5d880a492d41f0692a76e648c8437f15c5f",
            "209.hea": "caf49bfce1210972355b3c0dd2f04bdab5280aa6c07e7afa9f8ebd3e2d2bfbc6",
            "213.atr": "44349e22176aad3f688ca9a62f283a993927a0b9ef6d97f473cde3b16cfabc9a",
            "213.dat": "0cb13cd9299b0ab68f8f3064b2ab72f853d155abb277b68daef0a26cbc173b0d",
            "213.hea": "4cc1f903145e422957660a8eea5046aba8b5402a994651e5342b4d8e78723dec",
            "222.atr": "a0206b778a9f073d451023e802e52059754648e83fe1dc669395b4884ccad356",
            "222.dat": "0510bf39ed2925a83debd249492bdfe77c575148376aaabeba4c7b7a2451ac5d",
            "222.hea": "f5b73896b0434839ebd0da0ca277c4f8c01cf2a9bbba530e1a2a3a04420404bc",
            "223.atr": "beaa5cb3eb5fb64a5f9e1dfcac9297f9564b379c9c354cbf8f9f927d9b81ccf1",
            "223.dat": "1d42aa9e13f7349287ae5f0f00b40078c01aadd39e2cad1001ab42d3b7484594",
            "223.hea": "85bd13b12e47a7bbd6d0d128871625b92af860b87c323cbc13cc6da4bf70f0b4",
            "231.atr": "b82cc005618eab81b3a246ca5c5a61903f3c0f40c191d7fb953adf054ea691de",
            "231.dat": "7d4f56d6c4b1d50322154381c1d8761457c2f2696973e915a3c19d8a5b789595",
            "231.hea": "6f8ccd0513d10e455e587a5562b3bc14cd90358acf79d117a13076fe4d07a4c6",
        }.items()
    },
}
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
    "m4": ["maxts eval --stage m4 --data {to}/m4/Weekly-train.csv", "maxts eval --stage forecast --data {to}/m4/Hourly-train.csv --more {to}/m4/Hourly-test.csv"],
    "tsqa": ["maxts eval --stage tsqa --data {to}/tsqa/time_series_exam.json"],
    "har": ["maxts eval --stage har --data {to}/har/test.csv"],
    "mitdb": ["maxts eval --stage ecg --data {to}/mitdb"],
    "sleep": ["maxts eval --stage sleep --data {to}/sleep/excerpt2.txt --more {to}/sleep/Hypnogram_excerpt2.txt"],
}
ACTIVITIES = ["walking", "walking_up", "walking_down", "sitting", "standing", "lying"] # UCI's 1 to 6
TRIES = 4


def whole(path, sha256):
    return path.exists() and fetch_model.sha256_of(path) == sha256


def get(url, path, sha256=None):
    """`url` to `path`, whole or not at all; an interrupted download goes on where it stopped."""
    if path.exists() and (sha256 is None or whole(path, sha256)):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    for attempt in range(TRIES):
        try:
            fetch_model.say(f"fetching {url}")
            fetch_model.download(url, part)
            break
        except OSError as error:
            if attempt + 1 == TRIES:
                raise RuntimeError(f"{url}: {error}") from error
            fetch_model.say(f"{error}; once more in {2 ** attempt} s")
            time.sleep(2 ** attempt)
    if sha256 is not None and fetch_model.sha256_of(part) != sha256:
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
                raise RuntimeError(f"{DREAMS}: {name} is missing or its SHA-256 is not the pinned one; the archive was thrown away")
            shutil.move(found[name], folder / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=pathlib.Path, default=fetch_model.cache_folder() / "data", metavar="FOLDER")
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
