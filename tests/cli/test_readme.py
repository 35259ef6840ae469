#!/usr/bin/env python3
"""README's commands run as they are written, in a folder that has what a clone has after ./run demo."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

from program import PROGRAM, ROOT, SKIPPED, check, finish, work_dir

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
BUILDS = ("meson ", "cc ", "./run ")  # what makes the clone what it is; tests/examples has the installed library


def commands(text):
    """The lines that are indented as code and begin like a command, with those that go on after a backslash."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = [line[4:] for line in joined.split("\n") if line.startswith("    ")]
    return [line for line in lines if re.match(r"(maxts|export|meson|cc|\./run) ", line)]


def clone(folder, model):
    for name in ("data", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "build-gcc" / "src" / "cli").mkdir(parents=True)
    (folder / "build-gcc" / "src" / "cli" / "maxts").symlink_to(pathlib.Path(PROGRAM).resolve())
    (folder / "home" / ".cache" / "maxts").mkdir(parents=True)
    (folder / "home" / ".cache" / "maxts" / MODEL).symlink_to(model)


def main():
    model = pathlib.Path(os.environ.get("MAXTS_SMOLLM2") or pathlib.Path.home() / ".cache" / "maxts" / MODEL)
    if not model.exists():
        print(f"skipped: {model} is not here")
        sys.exit(SKIPPED)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    run = [line for line in commands(text) if not line.startswith(BUILDS)]
    check(len([line for line in run if line.startswith("maxts ")]) >= 8, run)
    for path in re.findall(r"\]\(((?!http)[^)#]+)", text):
        check((ROOT / path).exists(), f"README.md leads to {path}, which is not there")
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAXTS_") or k == "MAXTS_CPU_MASK"}
    with work_dir() as name:
        folder = pathlib.Path(name)
        clone(folder, model.resolve())
        exports = "\n".join(line for line in run if line.startswith("export "))
        for line in run:
            if not line.startswith("export "):
                done = subprocess.run(["bash", "-c", f"set -eu\n{exports}\n{line}"], cwd=folder, capture_output=True,
                                      text=True, env={**env, "HOME": str(folder / "home")}, timeout=3000)
                check(done.returncode == 0 and done.stdout, f"{line}: exit {done.returncode}: {done.stderr}")
                print(f"{line}\n    {done.stdout[:200]!r}")
    finish(15)


if __name__ == "__main__":
    main()
