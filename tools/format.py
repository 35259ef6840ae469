#!/usr/bin/env python3
"""Formats the C of the repository with the one clang-format that everybody has: ./run format

    tools/format.py              rewrites what is not formatted
    tools/format.py --check      names what is not formatted and exits 1; 77 where clang-format cannot be had

Other versions lay the same source out otherwise, so this one comes from PyPI by its SHA-256 (tools/wheel.py)."""
import pathlib
import platform
import subprocess
import sys

import wheel

VERSION = "19.1.7"
BUILDS = { # system and machine: platform of the wheel, SHA-256 of the wheel and of the program in it
    "Linux x86_64": ("manylinux_2_17_x86_64.manylinux2014_x86_64",
                     "f4906fb463dd2033032978f56962caab268c9428a384126b9400543eb667f11c",
                     "70966c7d32d605aaccd043dd59bd3ee2173531043918a9714b78ebf8eb8e4028"),
    "Linux aarch64": ("manylinux_2_17_aarch64.manylinux2014_aarch64",
                      "dac394c83a9233ab6707f66e1cdbd950f8b014b58604142a5b6f7998bf0bcc8c",
                      "c865be5745ceca56f6258449163f00a4eee193cf5d360b291553e80b94e4ee64"),
    "Darwin x86_64": ("macosx_10_9_x86_64",
                      "a09f34d2c89d176581858ff718c327eebc14eb6415c176dab4af5bfd8582a999",
                      "54e5dcf865500969b6ad85601d2c6aa61b601ef674452bcdc41d713411dea796"),
    "Darwin arm64": ("macosx_11_0_arm64",
                     "776f89c7b056c498c0e256485bc031cbf514aaebe71e929ed54e50c478524b65",
                     "d41ad62bdaf50fa7f782fcb4e8b22ad3fc114ab21f570608c60461a9b516c69d"),
}
ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIP = 77


def clang_format():
    """The path of the pinned clang-format, fetched once."""
    system = f"{platform.system()} {platform.machine()}"
    if system not in BUILDS:
        raise RuntimeError(f"no build of clang-format {VERSION} is pinned for {system}")
    tag, wheel_sha256, sha256 = BUILDS[system]
    program = wheel.fetch({"project": "clang-format", "wheel": f"clang_format-{VERSION}-py2.py3-none-{tag}.whl",
                           "wheel_sha256": wheel_sha256, "member": "clang_format/data/bin/clang-format",
                           "sha256": sha256, "keep_as": f"clang-format-{VERSION}"})
    program.chmod(0o755)
    return program


def sources():
    """Every C file that is or could be tracked."""
    found = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard", "*.c", "*.h"], cwd=ROOT, check=True,
                           stdout=subprocess.PIPE).stdout.decode().split("\0")
    found = sorted({name for name in found if name and (ROOT / name).is_file()})
    assert len(found) > 100, f"only {len(found)} C files below {ROOT}"
    return found


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    try:
        program = clang_format()
    except (OSError, RuntimeError) as error:
        print(f"format: skipped: {error}")
        return SKIP
    files = sources()
    before = {name: (ROOT / name).read_bytes() for name in files}
    how = ["--dry-run", "--Werror"] if check else ["-i"]
    done = subprocess.run([program, "--style=file", *how, *files], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if check:
        wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "clang-format-violations" in line})
        for name in wrong:
            print(f"{name}: not formatted; ./run format does it")
        print(f"{len(files)} files, {len(wrong)} not formatted")
    else:
        print(f"{len(files)} files, {sum((ROOT / name).read_bytes() != before[name] for name in files)} rewritten")
        sys.stderr.write(done.stderr)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
