#!/usr/bin/env python3
"""Fills subprojects/packagecache with the sources that the wrap files name, from Debian's archive.

`meson setup --wrap-mode=forcefallback` then needs no network. A file is taken for what its hash says it is, so that it
does not matter what Debian calls it. Exits 77 where there is no apt-get, or Debian cannot be reached.
usage: tools/fetch_sources.py"""
import configparser
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

SUBPROJECTS = pathlib.Path(__file__).resolve().parent.parent / "subprojects"
CACHE = SUBPROJECTS / "packagecache"
ARCHIVE = "deb [check-valid-until=no] http://deb.debian.org/debian bookworm main\n"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wanted():
    """{source package: (file in the cache, its hash)} of what the cache lacks; a wrap has its Debian package's name."""
    missing = {}
    for wrap in sorted(SUBPROJECTS.glob("*.wrap")):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(wrap, encoding="utf-8")
        section = parser["wrap-file"]
        target = CACHE / section["source_filename"]
        if not target.is_file() or digest(target) != section["source_hash"]:
            missing[wrap.stem] = (target, section["source_hash"])
    return missing


def main():
    missing = wanted()
    if not missing:
        return 0
    if not shutil.which("apt-get"):
        print(f"skipped: the sources of {', '.join(missing)} come by apt-get, which is not here")
        return 77
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="maxts-sources-") as folder:
        work = pathlib.Path(folder)
        (work / "lists/partial").mkdir(parents=True)
        (work / "sources.list").write_text(ARCHIVE.replace("deb ", "deb-src ", 1))
        apt = ["apt-get", "-q", "-o", f"Dir::Etc::sourcelist={work}/sources.list", "-o", "Dir::Etc::sourceparts=-",
               "-o", f"Dir::State::lists={work}/lists", "-o", f"Dir::Cache={work}", "-o", "APT::Sandbox::User="]
        for command in (["update"], ["source", "--download-only", *missing]):
            done = subprocess.run([*apt, *command], cwd=work, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                print(f"skipped: apt-get {' '.join(command)}: {done.stderr.strip()}")
                return 77
        files = {digest(path): path for path in work.glob("*.orig.tar.*")}
        for name, (target, sha256) in missing.items():
            if sha256 not in files:
                print(f"Debian's source of {name} is another than {target.name} of the wrap file")
                return 1
            shutil.copyfile(files[sha256], target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
