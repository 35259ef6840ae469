#!/usr/bin/env python3
"""test_installed.py BUILD PREFIX SANITIZER COMPILER...: what a stranger does, on an installed maxts.

Installs the build into a folder of its own, builds every example outside the tree by what pkg-config says, shared and
static, and runs it. Exits 77 where there is no meson or pkg-config, or where the library needs a sanitizer's run
time."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import calls


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def needed(program, env):
    """The shared libraries that a program is loaded with: {name: path}."""
    lines = run("ldd", program, env=env).splitlines()
    return {line.split()[0]: line.split()[2] for line in lines if "=>" in line}


def build_and_run(name, source, folder, compiler, flags, env):
    program = folder / name
    run(*compiler, source, "-o", program, *flags)
    calls.check(name, program, env)
    return program


def main():
    build, prefix, sanitizer, *compiler = sys.argv[1:]
    missing = [tool for tool in ("meson", "pkg-config", "ldd") if not shutil.which(tool)]
    if sanitizer != "none" or missing:
        why = f"there is no {missing[0]}" if missing else f"the library is built with -fsanitize={sanitizer}"
        print(f"skipped: {why}")
        return 77
    with tempfile.TemporaryDirectory() as temp:
        root = pathlib.Path(temp) / "root"
        run("meson", "install", "-C", build, "--no-rebuild", "--destdir", root)
        installed = root / pathlib.Path(prefix).relative_to("/")
        [pc] = installed.rglob("maxts.pc")
        [shared] = [path for path in installed.rglob("libmaxts.so.0") if path.is_symlink()]
        env = dict(os.environ, PKG_CONFIG_PATH=str(pc.parent), PKG_CONFIG_SYSROOT_DIR=str(root),
                   LD_LIBRARY_PATH=str(shared.parent))
        flags = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
        assert run("pkg-config", "--modversion", "maxts", env=env).strip() == os.readlink(shared).split(".so.")[1]
        flags += run("pkg-config", "--cflags", "--libs", "maxts", env=env).split()
        for name in calls.CALLS:
            source = pathlib.Path(temp) / f"{name}.c" # outside the tree
            shutil.copy(calls.ROOT / "examples" / f"{name}.c", source)
            program = build_and_run(name, source, pathlib.Path(temp), compiler, [*flags, "-lm"], env)
            assert needed(program, env)["libmaxts.so.0"] == str(shared)
        # -lmaxts finds the shared library first: the static one is asked for by its file.
        [static] = installed.rglob("libmaxts.a")
        words = run("pkg-config", "--static", "--cflags", "--libs", "maxts",
                    env=dict(os.environ, PKG_CONFIG_PATH=str(pc.parent))).split()
        words = [str(static) if word == "-lmaxts" else word for word in words]
        source = pathlib.Path(temp) / "search.c"
        program = build_and_run("search", source, pathlib.Path(temp), compiler,
                                ["-I", installed / "include", *words], dict(os.environ))
        assert "libmaxts.so.0" not in needed(program, dict(os.environ))
    print(f"{len(calls.CALLS)} examples on the installed shared library, one on the static one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
