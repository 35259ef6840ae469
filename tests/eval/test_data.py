"""data/ against its manifest, and tools/fetch_data.py against a server of our own."""
import csv
import functools
import hashlib
import http.server
import io
import json
import os
import pathlib
import re
import shutil
import statistics
import sys
import tempfile
import threading
import zipfile

ROOT = pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", "."))
DATA = ROOT / "data"
sys.path.insert(0, str(ROOT / "tools"))
sys.dont_write_bytecode = True
import fetch_data # noqa: E402


def check(condition, text):
    if not condition:
        print(f"FAILED: {text}")
        sys.exit(1)


def manifest():
    text = (DATA / "README.md").read_text()
    rows = re.findall(r"^\| (\S+) \| .* \| (.*) \| `([0-9a-f]{64})` \|$", text, re.M)
    check(len(rows) >= 9, f"only {len(rows)} files in the manifest")
    card = (DATA / "series.md").read_text()
    model = hashlib.sha256((DATA / "series.gguf").read_bytes()).hexdigest()
    check(f"`{model}`" in card, "series.md is another model's")
    check((DATA / "series.gguf").stat().st_size <= 4_000_000, "series.gguf is larger than 4 MB")
    named = {"README.md", "series.md", "series.gguf"}
    for name, licence, sha256 in rows:
        check(hashlib.sha256((DATA / name).read_bytes()).hexdigest() == sha256,
              f"{name}: another SHA-256 than in data/README.md")
        texts = re.findall(r"LICENSE\.\w+", licence)
        check(texts and all((DATA / text).stat().st_size > 500 for text in texts),
              f"{name}: its licence is not beside it")
        named |= {name, *texts}
    there = {str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file()}
    check(there == named, f"in data/ but not in the manifest, or the other way round: {sorted(there ^ named)}")
    total = sum((DATA / name).stat().st_size for name in there - {"series.gguf"})
    check(total < 2_000_000, f"data/ has {total} bytes")


def futures_follow():
    """A forecast's future is what the series goes on with: windows of one series chain, and no window's past holds its
    future."""
    def read(name):
        with (DATA / name).open() as file:
            return {row[0]: row[1:] for row in csv.reader(file) if row[0] != "V1"}
    past, future = read("forecast_past.csv"), read("forecast_future.csv")
    check(past.keys() == future.keys() and len(past) > 40, "the pasts and the futures are of different series")
    for name in past:
        if name.endswith(".1"):
            for k in range(2, 7):
                later, earlier = f"{name[:-1]}{k - 1}", f"{name[:-1]}{k}"
                check(past[later][-24:] == future[earlier], f"{later} does not go on where {earlier} ends")


def answers_hold():
    """Each kind of question answered anew, by other means than the script that wrote them."""
    asked = json.loads((DATA / "tsqa.json").read_text())
    letters, kinds = [0, 0, 0], {}
    for q in asked:
        x, n = q["ts"], len(q["ts"])
        right = {
            "trend": lambda: (lambda r: "It rises" if r > 0.8 else "It falls" if r < -0.8 else "It has no clear trend")(
                statistics.correlation(x, range(n))),
            "highest": lambda: ["In the first third", "In the middle third",
                                "In the last third"][min(2, x.index(max(x)) // (n // 3))],
            "lowest": lambda: ["In the first third", "In the middle third",
                               "In the last third"][min(2, x.index(min(x)) // (n // 3))],
            "mean": lambda: min(q["options"], key=lambda option: abs(float(option) - statistics.fmean(x))),
            "period": lambda: max(q["options"], key=lambda option: statistics.correlation(
                x[:-int(option.split()[0])], x[int(option.split()[0]):])),
            "calm": lambda: (lambda ratio: "Neither" if 0.8 < ratio < 1.25 else "The first half" if ratio > 1
                             else "The second half")(
                statistics.pstdev([b - a for a, b in zip(x[n // 2:], x[n // 2 + 1:])]) /
                statistics.pstdev([b - a for a, b in zip(x[:n // 2], x[1:n // 2])])),
        }[q["category"]]()
        check(right == q["answer"], f"{q['id']}: {q['category']}: \"{q['answer']}\", but it is \"{right}\"")
        letters[q["options"].index(q["answer"])] += 1
        kinds[q["category"]] = kinds.get(q["category"], 0) + 1
    check(len(kinds) == 6 and len(set(kinds.values())) == 1, f"kinds are uneven: {kinds}")
    check(max(letters) == min(letters), f"right options stand at {letters}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def pins():
    """Every set has a command line, and every file an address and a SHA-256."""
    check(set(fetch_data.FILES) | {"har", "sleep"} == set(fetch_data.USE), f"sets: {sorted(fetch_data.FILES)}")
    for name, files in fetch_data.FILES.items():
        for file, (url, sha256) in files.items():
            check(url.startswith("https://") and url.endswith(pathlib.PurePath(file).suffix)
                  and re.fullmatch("[0-9a-f]{64}", sha256), f"{name}/{file}: {url} {sha256}")
    check(len(fetch_data.FILES["mitdb"]) == 48 and len(fetch_data.FILES["georgia"]) == 40, "records are missing")


def fetching():
    with tempfile.TemporaryDirectory(prefix="maxts-test-") as folder:
        site, to = pathlib.Path(folder) / "site", pathlib.Path(folder) / "to"
        site.mkdir()
        (site / "a.csv").write_text("1,2\n")
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as archive:
            for part in ("train", "test"):
                archive.writestr(f"UCI HAR Dataset/{part}/y_{part}.txt", "5\n1\n")
                for k, axis in enumerate("xyz"):
                    archive.writestr(f"UCI HAR Dataset/{part}/Inertial Signals/total_acc_{axis}_{part}.txt",
                                     f"  1.{k}0000e+000 -2.5e-001\n 0.1 {k}\n")
        with zipfile.ZipFile(site / "har.zip", "w") as archive:
            archive.writestr("UCI HAR Dataset.zip", inner.getvalue())
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}/"
        fetch_data.wheel.say = lambda text: None
        good = hashlib.sha256(b"1,2\n").hexdigest()
        fetch_data.get(base + "a.csv", to / "a.csv", good)
        check((to / "a.csv").read_text() == "1,2\n", "a fetched file is not what the server has")
        try:
            fetch_data.get(base + "a.csv", to / "b.csv", good[::-1])
            check(False, "a file with another SHA-256 was taken")
        except RuntimeError as error:
            check("not the pinned one" in str(error), str(error))
        check(not list(to.glob("b.csv*")), "a file with another SHA-256 was left lying about")
        fetch_data.HAR, fetch_data.HAR_SHA256 = base + "har.zip", fetch_data.wheel.sha256_of(site / "har.zip")
        fetch_data.activity(to)
        want = ('label,x_axis,y_axis,z_axis\nstanding,"[1, -0.25]","[1.1, -0.25]","[1.2, -0.25]"\n'
                'walking,"[0.1, 0]","[0.1, 1]","[0.1, 2]"\n')
        check((to / "test.csv").read_text() == want == (to / "train.csv").read_text(),
              "UCI's text files became another CSV")
        unpacks = shutil.which("bsdtar") # which looks at content, so that a zip does for an archive
        if unpacks:
            with zipfile.ZipFile(site / "spindles.rar", "w") as archive:
                archive.writestr("DatabaseSpindles/excerpt1.txt", "[C3-A1]\n1\n")
            fetch_data.DREAMS = base + "spindles.rar"
            fetch_data.SLEEP = {"excerpt1.txt": hashlib.sha256(b"[C3-A1]\n1\n").hexdigest()}
            fetch_data.sleep(to)
            check((to / "excerpt1.txt").read_text() == "[C3-A1]\n1\n", "a member of the archive is another")
            (to / "excerpt1.txt").unlink()
            fetch_data.SLEEP = {"excerpt1.txt": good}
            try:
                fetch_data.sleep(to)
                check(False, "a member with another SHA-256 was taken")
            except RuntimeError as error:
                check("excerpt1.txt is missing or its SHA-256" in str(error), str(error))
            check(not list(to.glob("*excerpt1*")) and not list(to.glob("*.rar")),
                  "a broken archive or its member was left lying about")
        server.shutdown()
        return unpacks


def main():
    manifest()
    futures_follow()
    answers_hold()
    pins()
    unpacked = fetching()
    print("data holds" if unpacked else "data holds; without bsdtar the archive of sleep was not unpacked")


if __name__ == "__main__":
    main()
