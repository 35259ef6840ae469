"""What a system could do otherwise beside numbers: words, files, programs that are started, and ends.

manners(program, binary, before, scorer, clean) gives {what: outcome} for a program; cross.py compares it with this
machine's. An outcome that is wrong anywhere raises AssertionError. Everything happens in a folder whose name has a
blank and letters beyond ASCII. binary is the program's own file, which is started by the words before; scorer.c is the
reward program, given as the system's shell takes it."""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from calls import ROOT, TINY

TINY = TINY.replace("MODEL/", f"{ROOT}/tests/golden/")
SEARCH = ["search", "-m", "tafel ä.json", "--rollouts", "40", "--seed", "3", "--json"]
ASKED = ["search", "-m", TINY, "-p", "x", "-n", "6", "--rollouts", "6", "--json", "--reward"]
EVAL = ["eval", "-m", TINY, "--stage", "m4", "--data", f"{ROOT}/data/m4.csv", "--points", "4", "-n", "8", "--rollouts",
        "3", "--samples", "6", "--method", "greedy,best-of-n,maxent-ts", "--seeds", "0..2", "--out"]
LAST_DIGITS = re.compile(r"(\.\d{11})\d+") # which the C library's functions decide
PATIENCE = 120 # seconds


def timeless(path):
    """The file's bytes without what the clock says, and the sums of such lines."""
    text = re.sub(r'"[a-z_]*seconds":[-+.0-9e]+', "", path.read_text(encoding="utf-8"))
    return re.sub(r',"crc":"[0-9a-f]{8}"', "", text)


class Manners:
    """One program in one folder."""

    def __init__(self, program, binary, before, scorer, clean, folder):
        self.program, self.scorer, self.clean, self.folder = program, scorer, clean, folder
        self.binary, self.before = binary, before

    def start(self, *words, output=subprocess.PIPE):
        return subprocess.Popen([*self.program, *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output,
                                stderr=output)

    def ask(self, *words, status=0, stdin=b""):
        done = subprocess.run([*self.program, *words], cwd=self.folder, input=stdin, check=False, capture_output=True,
                              timeout=PATIENCE)
        text = (done.stdout + done.stderr).decode()
        assert done.returncode == status, f"{words}: exit {done.returncode} instead of {status}: {text}"
        for name in (self.scorer, json.dumps(self.scorer)[1:-1]):
            text = text.replace(name, "SCORER")
        return self.clean(text)

    def words(self):
        return [self.ask("--help"), self.ask("help", "search"), self.ask("man"), self.ask("serch", status=2),
                self.ask("search", "--rollout", "3", status=2), self.ask("search", "-m", "fehlt ö.gguf", status=1)]

    def texts(self):
        """Bytes that come in by words and by standard input, line ends and all."""
        text = "Größe 1\r\n\x1a ≥ 2\n"
        (self.folder / "text ö.txt").write_bytes(text.encode())
        (self.folder / "lücken.csv").write_text("a,b\n1,2\n,3\n4,\n5,6\n", encoding="utf-8")
        return [self.ask("tokenize", "-m", TINY, "--json", stdin=text.encode()),
                self.ask("score", "-m", TINY, "--json", "--prompt-file", "text ö.txt"),
                self.ask("series", "lücken.csv", "--json", status=1),
                self.ask("generate", "-m", TINY, "-p", "Größe ≥ \"2\" \\", "-n", "9", "--json")]

    def constraints(self):
        (self.folder / "schema ä.json").write_text('{"type": "array", "items": {"enum": ["ä", 1]}}', encoding="utf-8")
        (self.folder / "regel.gbnf").write_text('root ::= [0-9]+ ("," [0-9]+)*', encoding="utf-8")
        return [self.ask("check", "-m", TINY, "--constraint", "[0-9]+(, [0-9]+)*", "12, 13", "--json"),
                self.ask("check", "-m", TINY, "--constraint", "[0-9]+(, [0-9]+)*", "12,, 13", "--json"),
                self.ask("check", "-m", TINY, "--schema", "schema ä.json", '["ä",1]', "--json"),
                self.ask("check", "-m", TINY, "--grammar", "regel.gbnf", "1,2", "--json"),
                self.ask(*ASKED, "length", "--grammar", "regel.gbnf"),
                self.ask(*ASKED, "length", "--schema", "schema ä.json")]

    def files(self):
        """Written, read, replaced, and read by another run."""
        said = [self.ask(*SEARCH, "--save", "kept ü", "--trace", "spur ü", "--out", "aus ü.json") for _ in range(2)]
        said += [self.ask(*SEARCH[:4], "60", *SEARCH[5:], "--resume", "kept ü", "--save", "kept ü"),
                 self.ask("replay", "spur ü", "--json"),
                 self.ask(*SEARCH, "--save", "nirgends/kept", status=1)]
        left = sorted(path.name for path in self.folder.iterdir() if path.name.startswith(".maxts"))
        assert not left, f"{left} is left"
        return said + [timeless(self.folder / name) for name in ("kept ü", "spur ü", "aus ü.json")]

    def evals(self):
        """Killed three times and begun again, the journal is that of a run that was not."""
        self.ask(*EVAL, "ganz.jsonl")
        killed, whole = self.folder / "zerstückelt.jsonl", self.folder / "ganz.jsonl"
        lines, turn = whole.read_bytes().count(b"\n"), 0
        while turn < 3:
            least = (turn + 1) * lines // 5
            run = self.start(*EVAL, killed.name)
            while run.poll() is None and not (killed.exists() and killed.read_bytes().count(b"\n") >= least):
                time.sleep(0.005)
            run.send_signal(signal.SIGKILL if turn < 2 else signal.SIGINT)
            _, said = run.communicate(timeout=PATIENCE)
            if run.returncode == 0: # faster than its end
                killed.unlink()
                continue
            assert turn < 2 or (run.returncode == 1 and b"interrupted after" in said), f"{run.returncode}: {said}"
            turn += 1
        self.ask(*EVAL, killed.name)
        assert timeless(killed) == timeless(whole), "a run that was killed is another than one that was not"
        self.ask("report", whole.name, "--out", "seite ü.html")
        return [LAST_DIGITS.sub(r"\1", timeless(whole))]

    def programs(self):
        s = self.scorer
        return [self.ask(*ASKED, f"command:{s}"),
                self.ask(*ASKED, f"command:log=ausgabe.txt {s}"),
                self.ask(*ASKED, f"command:{s} extra", status=1),
                self.ask(*ASKED, f"command:timeout=0.3 {s} hang", status=1),
                self.ask(*ASKED, f"command:log=klage.txt {s} end", status=1),
                sorted({*(self.folder / "klage.txt").read_text(encoding="utf-8").splitlines()})] # one line a copy

    def limits(self):
        """Kept, or refused by a sentence where the system does not keep them (Wine)."""
        for limit in ("memory=4000", "cpu=60"):
            run = self.start(*ASKED, f"command:{limit} {self.scorer}")
            out, said = run.communicate(timeout=PATIENCE)
            assert (json.loads(out)["best"]["reward"] > 0 if run.returncode == 0 else
                    b"memory or processor time cannot be limited here" in said), f"{limit}: {run.returncode}: {said}"
        return []

    def descendants(self):
        """None outlives a search, whether it ends or is killed where the system sees to that."""
        beats = self.folder / "beats"
        self.ask(*ASKED, f"command:{self.scorer} leave beats")
        size = beats.stat().st_size if beats.exists() else 0
        time.sleep(0.3)
        assert not beats.exists() or beats.stat().st_size == size, "a descendant outlives the search"
        return []

    def locks(self):
        """Of two runs on one file one is refused."""
        slow = self.start(*ASKED, f"command:timeout=20 {self.scorer} hang", "--save", "eins",
                          output=subprocess.DEVNULL) # which its reward program has too, in Wine
        other = [*ASKED, "length", "--save", "eins"]
        kept, end = self.folder / "eins", time.monotonic() + PATIENCE
        while not kept.exists() and time.monotonic() < end:
            time.sleep(0.02)
        said = self.ask(*other, status=1)
        slow.kill()
        slow.wait(PATIENCE)
        assert "is being written by another run" in said, said
        return [said]

    def moved(self):
        """The model that comes with it is found from wherever the program stands."""
        away = self.folder / "weit weg ß"
        (away / "bin").mkdir(parents=True)
        copy = shutil.copy(self.binary, away / "bin")
        there = Manners([*self.before, copy], copy, [], self.scorer, self.clean, self.folder)
        asked = ["caption", f"{ROOT}/data/m4_hourly.csv#H10[0:48]", "--rollouts", "2"]
        said = []
        for place in ("bin", "share/maxts"):
            model = away / place / "series.gguf"
            model.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "data/series.gguf", model)
            told = there.ask(*asked)
            path = f"{away}/{place}/series.gguf"
            assert path in told, f"{path} is not what answers: {told}"
            model.unlink()
            said.append(told.replace("Z:" + path, path).replace(path, "MODEL"))
        return [*said, there.ask(*asked, status=2)]

    def interrupts(self):
        """Ctrl-C ends a search with what it has."""
        run = self.start("search", "-m", TINY, "-p", "x", "-n", "20", "--rollouts", "100000", "--json", "--save",
                         "lang")
        kept, end = self.folder / "lang", time.monotonic() + PATIENCE
        while not (kept.exists() and kept.stat().st_size > 5000) and time.monotonic() < end:
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        out, said = run.communicate(timeout=PATIENCE)
        assert run.returncode == 0 and json.loads(out)["stop_reason"] == "interrupted", f"{run.returncode}: {said}"
        return []


def manners(program, binary, before, scorer, clean):
    found = {}
    with tempfile.TemporaryDirectory(prefix="maxts größe ") as folder:
        one = Manners([program], binary, before, scorer, clean, pathlib.Path(folder))
        (one.folder / "tafel ä.json").write_bytes((ROOT / "examples/table.json").read_bytes())
        for what in (one.words, one.texts, one.constraints, one.files, one.evals, one.programs, one.limits,
                     one.descendants, one.locks, one.moved, one.interrupts):
            found[what.__name__] = what()
    return found
