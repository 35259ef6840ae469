"""What the tests of the program share: running it, and saying what went wrong."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", "."))
PROGRAM = os.environ.get("MAXTS_PROGRAM", str(ROOT / "build" / "src" / "cli" / "maxts"))
GOLDEN = ROOT / "tests" / "golden"
TINY = GOLDEN / "llama-tied.gguf"
SKIPPED = 77
# No settings but those of the test, and no measurements kept from other runs.
NOBODY = {"XDG_CONFIG_HOME": "/nonexistent", "MAXTS_MODEL": "", "MAXTS_CACHE": "off"}
DEAR = bool(os.environ.get("MAXTS_DEAR")) # all is ten times as dear, and numbers are checked by another build
PROGRESS = re.compile(rb"^\d+ of \d+ (rollouts|records)\b.*\n", re.M) # of what takes long on a slow machine

TABLE = {
    "name": "two tokens and an end", "vocab_size": 3, "eos": 0, "max_tokens": 2,
    "prior": {"": [0.25, 0.5, 0.25], "1": [0.5, 0.25, 0.25], "2": [0.2, 0.3, 0.5]},
    "reward": {"0": 0.5, "1,0": 1, "1,1": -1, "1,2": 0, "2,0": 2, "2,1": -0.5, "2,2": 0.25},
}

checks = 0


def fail(text):
    print(f"FAILED: {text}")
    sys.exit(1)


def check(condition, text):
    global checks
    checks += 1
    if not condition:
        fail(text)


# The leak checker's own crash beside threads that end: run() runs the program again, at last without it. What starts
# the program in another way does without it from the beginning.
SANITIZER_FELL = b"LeakSanitizer has encountered a fatal error"
LEAKS, NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=1"}, {"ASAN_OPTIONS": "detect_leaks=0"}
os.environ.update(NO_LEAKS)


def run(*args, stdin="", timeout=1200, env=None, stdout=subprocess.PIPE, again=4):
    """Runs the program; a signal or a hang fails the test."""
    command = [PROGRAM, *map(str, args)]
    data = stdin.encode() if isinstance(stdin, str) else stdin
    try:
        done = subprocess.run(command, input=data, stdout=stdout, stderr=subprocess.PIPE, timeout=timeout,
                              env={**os.environ, **NOBODY, **(LEAKS if again else NO_LEAKS), **(env or {})})
    except subprocess.TimeoutExpired:
        fail(f"{command}: still running after {timeout} s")
    if SANITIZER_FELL in (done.stderr or b"") and again > 0:
        time.sleep(0.2)
        return run(*args, stdin=stdin, timeout=timeout, env=env, stdout=stdout, again=again - 1)
    check(done.returncode >= 0, f"{command}: killed by signal {-done.returncode}\n{done.stderr.decode()}")
    return done


def end_when(ready, sign, *args):
    """Starts the program, sends it `sign` as soon as ready() holds, and returns its exit status, standard output and
    standard error; whoever asks for a moment in the middle asks again where the program was faster than the signal."""
    process = subprocess.Popen([PROGRAM, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None and not ready():
        time.sleep(0.002)
    process.send_signal(sign)
    out, err = process.communicate()
    return process.returncode, out, err


def lines_in(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def ask(*args, **kw):
    """The JSON object of a run that must succeed; generate prints text unless it is asked for it."""
    if args[0] == "generate" and "--json" not in args:
        args = (*args, "--json")
    done = run(*args, **kw)
    check(done.returncode == 0, f"{args}: exit {done.returncode}: {done.stderr.decode()}")
    said = PROGRESS.sub(b"", done.stderr)
    check(said == b"", f"{args}: standard error says {said.decode()!r}")
    lines = done.stdout.decode().splitlines()
    check(len(lines) == 1, f"{args}: {len(lines)} lines instead of one object")
    return json.loads(lines[0])


def refuse(status, words, *args, **kw):
    """A run that must end with `status`, nothing on standard output and one sentence that has all the words."""
    done = run(*args, **kw)
    text = done.stderr.decode()
    check(done.returncode == status, f"{args}: exit {done.returncode} instead of {status}: {text}")
    check(not done.stdout, f"{args}: a failure printed {done.stdout!r}")
    check(text.startswith("maxts: ") and text.endswith("\n") and text.count("\n") == 1,
          f"{args}: not one line: {text!r}")
    for word in words:
        check(word in text, f"{args}: the sentence lacks {word!r}: {text}")


def work_dir():
    return tempfile.TemporaryDirectory(prefix="maxts-test-")


def write_table(folder, **changes):
    path = pathlib.Path(folder) / "table.json"
    path.write_text(json.dumps({**TABLE, **changes}))
    return path


def finish(least):
    check(checks >= least, f"only {checks} checks were made")
    print(f"{checks} checks")
