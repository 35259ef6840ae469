#!/usr/bin/env python3
"""The commands of README, or of the page that is named, run as they are written, in a folder that has what a clone has
after ./run demo. A line "= TEXT" has to stand in what the command before it printed. README's need the demo's model."""
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
    """[line, texts it has to print]: lines that are indented as code and begin like a command, with those that go on
    after a backslash."""
    joined = re.sub(r"\\\n\s*", "", text)
    found = []
    for line in joined.split("\n"):
        if re.match(r"    (maxts|export|meson|cc|\./run) ", line):
            found.append((line[4:], []))
        elif line.startswith("    = "):
            check(found, f"{line}: before any command")
            found[-1][1].append(line[6:])
    return found


def clone(folder, model):
    for name in ("data", "examples", "docs"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "build-gcc" / "src" / "cli").mkdir(parents=True)
    (folder / "build-gcc" / "src" / "cli" / "maxts").symlink_to(pathlib.Path(PROGRAM).resolve())
    (folder / "home" / ".cache" / "maxts").mkdir(parents=True)
    if model:
        (folder / "home" / ".cache" / "maxts" / MODEL).symlink_to(model)


def find_model():
    model = pathlib.Path(os.environ.get("MAXTS_SMOLLM2") or pathlib.Path.home() / ".cache" / "maxts" / MODEL)
    if not model.exists():
        print(f"skipped: {model} is not here")
        sys.exit(SKIPPED)
    return model.resolve()


def run_all(run, folder):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAXTS_") or k == "MAXTS_CPU_MASK"}
    env["PATH"] = f"{folder}/build-gcc/src/cli:{env['PATH']}"
    exports = "\n".join(line for line, _ in run if line.startswith("export "))
    for line, prints in run:
        if not line.startswith("export "):
            done = subprocess.run(["bash", "-c", f"set -eu\n{exports}\n{line}"], cwd=folder, capture_output=True,
                                  text=True, env={**env, "HOME": str(folder / "home")}, timeout=3000)
            check(done.returncode == 0 and done.stdout, f"{line}: exit {done.returncode}: {done.stderr}")
            for words in prints:
                check(words in done.stdout, f"{line}: does not print {words!r} but {done.stdout[:2000]}")
            print(f"{line}\n    {done.stdout[:200]!r}")


def main():
    page = sys.argv[1] if len(sys.argv) > 1 else "README.md"
    model = find_model() if page == "README.md" else None
    text = (ROOT / page).read_text(encoding="utf-8")
    run = [(line, prints) for line, prints in commands(text) if not line.startswith(BUILDS)]
    check(len([line for line, _ in run if line.startswith("maxts ")]) >= 8, run)
    for path in re.findall(r"\]\(((?!http)[^)#]+)", text):
        check((ROOT / page).parent.joinpath(path).exists(), f"{page} leads to {path}, which is not there")
    with work_dir() as name:
        clone(pathlib.Path(name), model)
        run_all(run, pathlib.Path(name))
    finish(15)


if __name__ == "__main__":
    main()
