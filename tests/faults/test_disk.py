#!/usr/bin/env python3
"""A disk that is full, and a folder that cannot be written: every command that writes files either ends with 1 and one
sentence that names one of them, or says and writes what it does otherwise; what was there is not destroyed.

    test_disk.py [PLACES]     at so many places of what each command writes, default 8

The end of the disk is put at a byte by the limit of a file's size (a write is cut short there, as on a full disk), and
at a page by small file systems in memory, where this user may mount them for itself; so are those read-only.
"""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "cli"))
from program import NOBODY, PROGRAM, TINY, ask, check, finish, work_dir  # noqa: E402
from test_damage import big_table  # noqa: E402

PAGE = os.sysconf("SC_PAGESIZE")
CHANGING = re.compile(rb'"(\w*seconds|tokens_per_second)":(\{[^}]*\}|[-+.e0-9]+)|"crc":"[0-9a-f]*"')  # of the clock
OLD = b"what stood there before\n"


def plain(data):
    return CHANGING.sub(b"", data)


class Command:
    """A call that writes files into a folder: those that grow line by line, and those that are replaced whole. `old`
    makes what stands there before."""

    def __init__(self, args, grows=(), whole=(), old=None):
        self.args, self.grows, self.whole, self.old = args, grows, whole, old or {}

    def words(self, folder):
        return [PROGRAM, *(str(folder / word) if word in (*self.grows, *self.whole) else str(word)
                           for word in self.args)]

    def prepare(self, folder):
        for path in folder.iterdir():
            path.unlink()
        for name, data in self.old.items():
            (folder / name).write_bytes(data)


def limit(size):
    def apply():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return apply


def run(command, folder, size=None):
    return subprocess.run(command.words(folder), capture_output=True, stdin=subprocess.DEVNULL, timeout=600,
                          env={**os.environ, **NOBODY}, preexec_fn=limit(size) if size is not None else None)


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "ballast"}


class Expected:
    def __init__(self, command, folder):
        command.prepare(folder)
        done = run(command, folder)
        check(done.returncode == 0, f"{command.args}: exit {done.returncode}: {done.stderr.decode()}")
        self.output, self.files = plain(done.stdout), files_of(folder)
        self.size = sum(map(len, self.files.values()))


def judge(what, command, folder, done, expected):
    """Whether it ended well; nothing between that and a refusal."""
    say, files = done.stderr.decode(errors="replace"), files_of(folder)
    what = f"{' '.join(map(str, command.args[:3]))} {what}: exit {done.returncode}: {say!r}"
    check(done.returncode in (0, 1), what)
    if done.returncode == 0:
        check(plain(done.stdout) == expected.output, f"{what}: another result")
        check({k: plain(v) for k, v in files.items()} == {k: plain(v) for k, v in expected.files.items()},
              f"{what}: other files")
        return True
    named = [name for name in (*command.grows, *command.whole) if str(folder / name) in say]
    check(say.startswith("maxts: ") and say.count("\n") == 1 and named, f"{what}: not one sentence about a file")
    check(done.stdout == b"", f"{what}: failed, but printed {done.stdout[:200]}")
    for name, old in command.old.items():
        check(name in files, f"{what}: {name} is gone")
    for name, now in files.items():
        old, new = command.old.get(name), expected.files.get(name)
        check(new is not None, f"{what}: left {name} behind")
        begun = name in command.grows and plain(new).startswith(plain(now.rpartition(b"\n")[0]))
        kept = old is None or name not in command.grows or now.startswith(old) or now == old
        check(now == old or plain(now) == plain(new) or (begun and kept), f"{what}: destroyed {name}: {now[-300:]}")
    return False


def full_by_limit(command, folder, places, expected):
    most = max(map(len, expected.files.values()))
    failed = 0
    for i in range(places):
        command.prepare(folder)
        size = i * most // places
        failed += not judge(f"in {size} bytes", command, folder, run(command, folder, size), expected)
    command.prepare(folder)
    check(judge("in enough", command, folder, run(command, folder, 2 * most + PAGE), expected), "enough is not enough")
    return places + 1, failed


def full_by_pages(command, disk, places, expected):
    """The disk has so many pages left; a file that is replaced needs its new pages beside the old ones."""
    need = sum(len(data) // PAGE + 1 for data in expected.files.values())
    failed = done = 0
    for left in sorted({i * need // places for i in range(places)}):
        (disk / "ballast").unlink(missing_ok=True)
        command.prepare(disk)
        free = os.statvfs(disk).f_bfree - left
        with open(disk / "ballast", "wb", buffering=0) as ballast:
            ballast.write(bytes(max(free, 0) * PAGE))
        failed += not judge(f"with {left} pages left", command, disk, run(command, disk), expected)
        done += 1
    (disk / "ballast").unlink()
    return done, failed


def read_only(command, disk, expected):
    """Nothing can be written: neither new files nor old ones."""
    command.prepare(disk)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    before = files_of(disk)
    well = judge("read-only", command, disk, run(command, disk), expected)
    check(not well and files_of(disk) == before, f"{command.args}: a read-only folder was written")
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    return 1


def closed_folder(command, folder, expected):
    """The folder takes no new names (a user that is not root): files that are there may grow."""
    command.prepare(folder)
    before = files_of(folder)
    folder.chmod(0o555)
    try:
        well = judge("in a closed folder", command, folder, run(command, folder), expected)
        check(well or files_of(folder) == before, f"{command.args}: a closed folder was written")
    finally:
        folder.chmod(0o755)
    return 1


def commands(folder):
    """Every command that writes a file."""
    table, journal, saved, traced = big_table(folder), folder / "run.jsonl", folder / "saved", folder / "traced"
    series, prompts = folder / "series.csv", folder / "prompts.jsonl"
    ask("eval", "-m", table, "--method", "maxent-ts,smc", "--rollouts", "4,8", "--seeds", "0..3", "--out", journal)
    ask("search", "-m", table, "--rollouts", 7, "--sweep", 0, "--save", saved, "--trace", traced)
    series.write_text("a\n" + "".join(f"{10 + t % 7}\n" for t in range(60)))
    prompts.write_text('"hi"\n{"prompt": "ho", "id": "b"}\n')
    search = ["search", "-m", table, "--rollouts", 12, "--sweep", 0, "--json"]
    yield Command([*search, "--save", "save"], grows=["save"])
    yield Command([*search, "--trace", "trace"], grows=["trace"])
    yield Command([*search, "--resume", saved, "--save", "save"], grows=["save"], old={"save": saved.read_bytes()})
    yield Command([*search, "--out", "answer"], whole=["answer"], old={"answer": OLD})
    yield Command(["search", "-m", TINY, "-p", "hi", "-n", 3, "--rollouts", 5, "--json", "--save", "save", "--trace",
                   "trace"], grows=["save", "trace"])
    evaluate = ["eval", "-m", table, "--method", "maxent-ts,smc", "--rollouts", "4,8", "--seeds", "0..3", "--out",
                "run"]
    yield Command(evaluate, grows=["run"])
    lines = journal.read_bytes().splitlines(keepends=True)
    yield Command(evaluate, grows=["run"], old={"run": b"".join(lines[:5])})
    yield Command(["report", journal, "--out", "page", "--markdown", "md", "--latex", "tex", "--csv", "csv"],
                  whole=["page", "md", "tex", "csv"], old={"page": OLD, "csv": OLD})
    yield Command(["generate", "-m", TINY, "-n", 3, "--batch-in", prompts, "--out", "run", "--json"], grows=["run"])
    yield Command(["forecast", series, "--horizon", 3, "--svg", "svg", "--csv", "csv", "--json"], whole=["svg", "csv"],
                  old={"csv": OLD})
    yield Command(["replay", traced, "--html", "page"], whole=["page"], old={"page": OLD})


def mounted():
    """This test once more in a space of mounts of its own; None where there is none."""
    if os.environ.get("MAXTS_OWN_MOUNTS"):
        return None
    probe = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
        print("no mounts for this user: a disk full at a page and a read-only file system are left out")
        return None
    return subprocess.run(["unshare", "--mount", sys.executable, __file__, *sys.argv[1:]],
                          env={**os.environ, "MAXTS_OWN_MOUNTS": "1"}).returncode


def main():
    again = mounted()
    if again is not None:
        sys.exit(again)
    places = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    cases = failed = 0
    with work_dir() as name, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as mount_point:
        folder, out, disk = pathlib.Path(name), pathlib.Path(name) / "out", pathlib.Path(mount_point)
        out.mkdir()
        own = os.environ.get("MAXTS_OWN_MOUNTS")
        if own:  # this process's alone: gone with it
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], check=True)
        for command in commands(folder):
            expected = Expected(command, out)
            counts = [full_by_limit(command, out, places, expected)]
            if own:
                counts += [full_by_pages(command, disk, places, Expected(command, disk)),
                           (read_only(command, disk, expected), 1)]
            if os.geteuid() != 0:
                counts.append((closed_folder(command, out, expected), 1))
            cases += sum(n for n, _ in counts)
            failed += sum(n for _, n in counts)
            print(f"{' '.join(map(str, command.args[:3]))[-60:]:60} {expected.size:6} bytes: "
                  f"{[f'{n} of {of} refused' for of, n in counts]}")
        if own:
            subprocess.run(["umount", disk], check=True)
    print(f"{cases} full disks and read-only folders: {failed} refused by name, nothing destroyed")
    finish(cases)


if __name__ == "__main__":
    main()
