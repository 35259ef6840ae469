#!/usr/bin/env python3
"""check_symbols.py LIBRARY ROOT: the shared library exports what the public headers declare, exactly that.

Every function of include/maxts/ is marked MTS_API there, every mark stands before a function, and the dynamic symbols
of the library are these names: none is missing, none of the inside shows. maxts/maxts.h includes every header, and
docs/library.md names it. Exits 77 where there is no nm."""
import pathlib
import re
import shutil
import subprocess
import sys

DECLARATION = re.compile(r"^(?P<mark>MTS_API )?(?!typedef|#|struct \w+ \{|enum)"
                         r"[A-Za-z][^;{}()#]*?\b(?P<name>mts_\w+)\(", re.M)


def declared(text):
    """Marked and unmarked function names of one header's text."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = [(m["name"], bool(m["mark"])) for m in DECLARATION.finditer(text)]
    assert text.count("MTS_API ") == sum(mark for _, mark in found), "an MTS_API that stands before no function"
    return found


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in out.splitlines() if line.strip()}
    # What no header could declare is the tool chain's: sanitizers, OpenMP.
    return {name for name in names if re.match(r"[A-Za-z]\w*$", name)}


def main():
    library, root = sys.argv[1], pathlib.Path(sys.argv[2])
    include = root / "include" / "maxts"
    # the test can fail
    assert declared("MTS_API int mts_a(int b);\nconst char *mts_b(void); /* mts_c( */\nMtsX *mts_d(int\n a);\n") == [
        ("mts_a", True), ("mts_b", False), ("mts_d", False)]
    functions = []
    for header in sorted(include.glob("*.h")):
        if header.name != "api.h": # where the mark itself is defined
            functions += declared(header.read_text(encoding="utf-8"))
    public = {name for name, _ in functions}
    faults = [f"{name} has no MTS_API" for name, mark in functions if not mark]
    faults += [f"{name} is declared twice" for name in public if sum(n == name for n, _ in functions) > 1]
    whole = (include / "maxts.h").read_text(encoding="utf-8")
    guide = (root / "docs" / "library.md").read_text(encoding="utf-8")
    for header in sorted(include.glob("*.h")):
        if header.name != "maxts.h":
            faults += [f"{header.name}: not in maxts.h"] * (f"<maxts/{header.name}>" not in whole)
            faults += [f"{header.name}: not in docs/library.md"] * (f"`{header.name}`" not in guide)
    assert len(public) > 50, f"only {len(public)} functions found below {include}"
    if not shutil.which("nm"):
        print("skipped: there is no nm")
        return 77
    names = exported(library)
    faults += [f"{name} is declared in a public header and not exported" for name in sorted(public - names)]
    faults += [f"{name} is exported and stands in no public header" for name in sorted(names - public)]
    print("\n".join(faults) or f"{len(public)} functions")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
