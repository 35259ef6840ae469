#!/usr/bin/env python3
"""Compares `maxts tokenize --chat` with Jinja on chat templates of others.

    pip install jinja2==3.1.6
    pip download --no-deps --no-binary :all: llama-cpp-python==0.3.36   # vendor/llama.cpp/models/templates
    tools/compare_templates.py MAXTS MODEL.gguf TEMPLATES

MODEL gives the tokenizer only. Each template is rendered with and without a system message, and with --all also with
a conversation, tools and enable_thinking; it should be equal wherever Jinja renders, and refused wherever it refuses.
The exit status says whether it was."""
import json
import pathlib
import subprocess
import sys
import tempfile

import make_template_fixtures as fixtures

SYSTEM, USER, DAY = "Be brief.", "What rises?", "2026-03-05"
CONVERSATION = [
    {"role": "system", "content": SYSTEM}, {"role": "user", "content": USER},
    {"role": "assistant", "content": "The sun.\n"}, {"role": "user", "content": "And « what » sets?"},
]


def cases(everything):
    yield "user", fixtures.chat(None, USER), {}
    yield "system", fixtures.chat(SYSTEM, USER), {}
    if everything:
        yield "conversation", CONVERSATION, {}
        yield "tools", fixtures.chat(SYSTEM, USER), {"tools": fixtures.VARIABLES["tools"]}
        yield "thinking off", fixtures.chat(None, USER), {"enable_thinking": False}


def ours(program, model, template, messages, variables):
    """The prompt, or None and the sentence."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump({"messages": messages, **variables}, file)
        file.flush()
        done = subprocess.run([program, "tokenize", "--chat", "-m", model, "--chat-template", template, "--messages",
                               file.name, "--date", DAY], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode < 0:
        raise RuntimeError(f"{template}: killed by signal {-done.returncode}")
    return (json.loads(done.stdout)["prompt"] if done.returncode == 0 else None), done.stderr.decode()


def main():
    program, model, folder = [word for word in sys.argv[1:] if word != "--all"]
    environment = fixtures.make_environment()
    bos, eos = (token_of(program, model, name) for name in ("bos_token", "eos_token"))
    equal = refused = 0
    wrong = []
    for path in sorted(pathlib.Path(folder).glob("*.jinja")):
        for name, messages, variables in cases("--all" in sys.argv):
            want = fixtures.render(environment, path.read_text(encoding="utf-8"), messages, variables, bos, eos)
            got, sentence = ours(program, model, path, messages, variables)
            equal += want is not None and got == want
            refused += want is None and got is None
            if got != want:
                wrong.append(f"{path.name}, {name}: " + (sentence.strip() if want is not None and got is None else
                                                        "Jinja refuses" if want is None else difference(want, got)))
    print("\n".join(wrong))
    print(f"{equal} equal, {refused} refused by both, {len(wrong)} otherwise")
    return 1 if wrong else 0


def token_of(program, model, name):
    with tempfile.NamedTemporaryFile("w", suffix=".jinja") as file:
        file.write(f"{{{{ {name} }}}}")
        file.flush()
        done = subprocess.run([program, "tokenize", "--chat", "-m", model, "--chat-template", file.name, "-p", "x"],
                              capture_output=True, check=True)
    return json.loads(done.stdout)["prompt"]


def difference(want, got):
    at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    return f"at {at} {want[at - 20:at + 30]!r} but {got[at - 20:at + 30]!r}"


if __name__ == "__main__":
    sys.exit(main())
