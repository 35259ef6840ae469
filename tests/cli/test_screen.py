#!/usr/bin/env python3
"""What a person sees: a search in a terminal of 40, 80 and 200 columns, under tmux."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from program import NO_LEAKS, NOBODY, PROGRAM, ROOT, SKIPPED, TINY, check, finish, work_dir

SEARCH = f"{PROGRAM} search -m {TINY} -p x -n 300 --rollouts 400 --end-stop off --in-flight 1 --reward length --seconds"
SECONDS = (3, 10, 30) # of a search; a busy machine shows fewer screens of it


class Screen:
    """A terminal of so many columns that runs one shell."""

    def __init__(self, folder, columns):
        self.count = 0
        self.socket = f"{folder}/tmux-{columns}"
        env = {k: v for k, v in os.environ.items() if k not in ("TMUX", "COLUMNS", "NO_COLOR")}
        # without the leak checker, whose own crash beside threads that end would stand on the screen
        self.env = {**env, **NOBODY, **NO_LEAKS, "TERM": "screen", "LC_ALL": "C.UTF-8"}
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", 50, "sh")
        self.wait(r"[$#]\s*$")

    def tmux(self, *args):
        done = subprocess.run(["tmux", "-S", self.socket, *map(str, args)], env=self.env, capture_output=True,
                              text=True, timeout=600)
        check(done.returncode == 0, f"tmux {args}: {done.stderr}")
        return done.stdout

    def rows(self):
        return self.tmux("capture-pane", "-p").rstrip("\n").split("\n")

    def wait(self, pattern, seconds=600):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rows = self.rows()
            if re.search(pattern, "\n".join(rows)):
                return rows
            time.sleep(0.05)
        check(False, f"no {pattern!r} on the screen: {self.rows()}")

    def type(self, line):
        """Runs a command on an empty screen; its end shows as a row that no screen before had."""
        self.count += 1
        self.end = f"end{self.count}"
        self.tmux("send-keys", "-l", f"clear; {line}; echo en''d{self.count}")
        self.tmux("send-keys", "Enter")

    def wait_end(self):
        return self.wait(rf"(?m)^{self.end}$")

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.env, capture_output=True)


def others(rows):
    """What stands there beside the prompt."""
    return [row for row in rows if row and row[0] not in "$#"]


def progress(screen, columns):
    """While it runs exactly one row of progress is there, and when it is over none."""
    seen = 0
    for seconds in SECONDS:
        screen.type(f"{SEARCH} {seconds} > /dev/null")
        while screen.end not in (rows := screen.rows()):
            shown = [row for row in rows if re.search(r"\d+ of 400 ro|reading", row)]
            check(len(shown) <= 1, f"{columns} columns: {rows}")
            check(all(len(row) < columns for row in shown), f"{columns} columns: the last one stays free: {shown}")
            seen += bool(shown and "left" in shown[0])
            time.sleep(0.05)
        check(others(rows) == [screen.end], f"{columns} columns: leftovers: {rows}")
        if seen > 3:
            break
    check(seen > 3, f"{columns} columns: time left was seen {seen} times")


def narrower(screen):
    """The terminal is made narrower under way."""
    for seconds in SECONDS:
        screen.type(f"{SEARCH} {seconds} > /dev/null")
        if "left" in "".join(screen.wait(rf"left|(?m:^{screen.end}$)")):
            break
    screen.tmux("resize-window", "-x", 30)
    rows = screen.rows()
    while screen.end not in rows and sum("of 400" in row for row in rows) > 1: # until it is drawn anew
        time.sleep(0.05)
        rows = screen.rows()
    rows = screen.wait_end()
    check(others(rows) == [screen.end], f"narrower: leftovers: {rows}")


def tables(screen, columns):
    """Readable results and help: rows of one's own, not those the terminal makes."""
    screen.type(f"{PROGRAM} inspect -m {TINY} | cat > /dev/null; {PROGRAM} search --help")
    screen.wait_end()
    joined = screen.tmux("capture-pane", "-p", "-J").rstrip("\n").split("\n")
    check(all(len(row.rstrip()) <= columns for row in joined), f"{columns} columns: {joined}")
    screen.type(f"{PROGRAM} score -m {TINY} -p 'hello there, who is it' --top 8")
    screen.wait_end()
    screen.type(f"{PROGRAM} score -m {TINY} -p 'hello there' --top 8")
    screen.wait_end()
    joined = screen.tmux("capture-pane", "-p", "-J").rstrip("\n").split("\n")
    long = [row for row in joined if len(row.rstrip()) > columns and row[0] not in "$#"]
    check(not long and any("pos" in row for row in joined), f"{columns} columns: {long or joined}")


def colors(screen):
    for setting, bold in (("", True), ("--color never", False), ("--color always", True)):
        for env in ("", "NO_COLOR=1 "):
            screen.type(f"{env}{PROGRAM} search -m {TINY} -p x -n 4 --rollouts 2 {setting}")
            screen.wait_end()
            shown = "\033[1m" in screen.tmux("capture-pane", "-p", "-e").split("best")[0].split("\n")[-1]
            check(shown == (bold and not (env and setting == "")), f"{env}{setting}: {shown}")


def main():
    if not shutil.which("tmux"):
        print("skipped: tmux is not here")
        sys.exit(SKIPPED)
    with work_dir() as folder:
        for columns in (40, 80, 200):
            screen = Screen(folder, columns)
            try:
                progress(screen, columns)
                tables(screen, columns)
                if columns == 80:
                    colors(screen)
                    narrower(screen)
            finally:
                screen.close()
    finish(50)


if __name__ == "__main__":
    main()
