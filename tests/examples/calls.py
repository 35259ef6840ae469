"""How the examples are called, on files that the repository has; expected/NAME.txt is what each prints."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(os.environ.get("MAXTS_SOURCE_ROOT", "."))
MODEL = str(ROOT / "tests" / "golden" / "llama-tied.gguf")
CALLS = {
    "labels": [MODEL, "Which animal says miaow?", "cat", "dog", "mouse"],
    "own_model": [],
    "search": [MODEL, "Say something"],
    "table": [str(ROOT / "examples" / "table.json")],
}


def check(name, program, env=None):
    """Runs an example, also without arguments where it takes some: a sentence and exit 2."""
    done = subprocess.run([program, *CALLS[name]], capture_output=True, env=env)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    expected = (ROOT / "tests" / "examples" / "expected" / f"{name}.txt").read_bytes()
    assert done.stdout == expected, f"{name} printed\n{done.stdout.decode(errors='replace')}"
    assert not done.stderr
    if CALLS[name]:
        bare = subprocess.run([program], capture_output=True, env=env)
        assert bare.returncode == 2 and bare.stderr.startswith(f"{name}: usage: {name} ".encode()), bare
