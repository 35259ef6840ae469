#!/usr/bin/env python3
"""The small model that comes with maxts: found where it is, taken for series when no other is named, and able."""
import os
import pathlib
import shutil
import subprocess

from program import DEAR, NOBODY, PROGRAM, ROOT, TINY, ask, check, finish, refuse, run, work_dir

DATA = ROOT / "data"
BOX = DATA / "series.gguf"
SERIES = f"{DATA / 'm4_hourly.csv'}#H10[0:72]"


def elsewhere(folder, *args):
    """A copy of the program in a folder of its own."""
    (folder / "bin").mkdir(exist_ok=True)
    program = folder / "bin" / "maxts"
    if not program.exists():
        shutil.copy(PROGRAM, program)
    return subprocess.run([program, *map(str, args)], capture_output=True, text=True, timeout=100,
                          env={**os.environ, **NOBODY})


def taken(folder):
    """Where a series is read and no model named; said, unless --quiet is."""
    done = run("caption", SERIES, "--rollouts", 1)
    check(done.returncode == 0 and str(BOX.resolve()) in done.stderr.decode(), done.stderr)
    check(run("caption", SERIES, "--rollouts", 1, "-q").stderr == b"", "--quiet")
    done = run("search", "--series", SERIES, "-p", "{series} Describe it.", "--rollouts", 1, "-n", 4)
    check(done.returncode == 0 and b"series.gguf" in done.stderr, done.stderr)
    check("series.gguf" not in run("caption", SERIES, "-m", TINY, "--rollouts", 1).stderr.decode(), "-m goes first")
    refuse(2, ["--model"], "search", "-p", "no series")
    refuse(2, ["--model"], "score", "-p", "no series")
    done = run("forecast", SERIES, "--horizon", 3)
    check(done.returncode == 0 and b"series.gguf" not in done.stderr, "forecast needs no model")


def found(folder):
    """Installed beside a program, wherever that stands; a program alone says that a model is missing."""
    done = elsewhere(folder, "caption", SERIES, "--rollouts", 1)
    if done.returncode == 0:  # this build's own prefix has one
        check("share/maxts/series.gguf" in done.stderr, done.stderr)
    else:
        check(done.returncode == 2 and "--model is missing" in done.stderr, done.stderr)
    (folder / "share" / "maxts").mkdir(parents=True)
    shutil.copy(BOX, folder / "share" / "maxts")
    done = elsewhere(folder, "caption", SERIES, "--rollouts", 1)
    check(done.returncode == 0 and str(folder.resolve() / "share/maxts/series.gguf") in done.stderr, done.stderr)
    untold(folder)
    (folder / "share" / "maxts" / "series.gguf").rename(folder / "bin" / "series.gguf")
    done = elsewhere(folder, "caption", SERIES, "--rollouts", 1)
    check(done.returncode == 0 and str(folder.resolve() / "bin/series.gguf") in done.stderr, "beside the program")


def untold(folder):
    """A system that does not tell a program its path: it is what the program was called by. /dev/shm is hidden too:
    where a killed process of the same number has left a file there, LLVM's OpenMP looks for that process in /proc."""
    hidden = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
              'mount -t tmpfs none /proc && { [ ! -d /dev/shm ] || mount -t tmpfs none /dev/shm; } && cd "$0" && '
              'exec "$@"']
    if subprocess.run([*hidden, folder, "true"], capture_output=True, check=False).returncode != 0:
        print("no namespace to hide /proc in: not tried without it")
        return
    tried = subprocess.run([*hidden, folder, folder / "bin" / "maxts", "--version"], capture_output=True, check=False)
    if b"MemorySanitizer: CHECK failed" in tried.stderr:
        print("MemorySanitizer needs /proc: not tried without it")
        return
    link = folder / "called" / "maxts"
    link.parent.mkdir()
    link.symlink_to("../bin/maxts")
    for called, path in ((folder / "bin" / "maxts", ""), ("bin/maxts", ""), ("maxts", f"/nowhere::{folder}/called"),
                         ("maxts", ""), ("no such/maxts", "")):
        words = ["env", f"PATH={path}:{os.environ['PATH']}", "bash", "-c", f'exec -a "{called}" "$0" "$@"',
                 folder / "bin" / "maxts", "caption", pathlib.Path(SERIES).resolve(), "--rollouts", "1"]
        done = subprocess.run([*hidden, folder, *words], capture_output=True, text=True, timeout=100, check=False,
                              env={**os.environ, **NOBODY})
        found_it = str(folder.resolve() / "share/maxts/series.gguf") in done.stderr
        check(found_it == (called != "no such/maxts" and (called != "maxts" or path != "")), (called, done.stderr))


def captions():
    """On 28 windows that ship: statements that are checked against the values, by default settings."""
    true = false = few = 0
    windows = [f"{DATA / 'm4_hourly.csv'}#{name}[{at}:{at + 96}]" for name in ("H10", "H50", "H150", "H410")
               for at in range(0, 700, 600 if DEAR else 100)]
    for window in windows:
        got = ask("caption", window, "-q", "--json")
        true, false = true + got["claims_true"], false + got["claims_false"]
        few += got["claims_true"] < 4
    print(f"{len(windows)} captions: {true / len(windows):.2f} true statements each, "
          f"{true / (true + false):.3f} of all true, {few} with fewer than four")
    check(true / (true + false) >= (0.9 if DEAR else 0.97) and few <= len(windows) // 10, (true, false, few))


def main():
    with work_dir() as folder:
        folder = pathlib.Path(folder)
        taken(folder)
        found(folder)
    captions()
    finish(30)


main()
