#!/usr/bin/env python3
"""Chats on the command line: whose words become which tokens, templates, variables, the day, whole conversations."""
import datetime
import json
import pathlib

from program import TINY, ask, check, finish, refuse, run, work_dir

CHATML = ("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}"
          "{% if tools %}[{{ tools | length }} tools]{% endif %}"
          "{% if add_generation_prompt %}<|assistant|>{% endif %}")


def chat(template, *args, **kw):
    return ask("tokenize", "--chat", "-m", TINY, "--chat-template", template, *args, **kw)


def prompts(folder):
    template = folder / "chat.jinja"
    template.write_text(CHATML)
    one = chat(template, "-p", "Hi")
    check(list(one) == ["prompt", "tokens"], one)
    check(one["prompt"] == "<|user|>Hi\n<|assistant|>", one)
    check(chat(template, stdin="Hi")["prompt"] == one["prompt"], "the text from standard input")
    two = chat(template, "--system", "Rhyme.", "-p", "Hi")
    check(two["prompt"] == "<|system|>Rhyme.\n<|user|>Hi\n<|assistant|>", two)

    messages = folder / "messages.json"
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    messages.write_text(json.dumps(turns))
    check(chat(template, "--messages", messages)["prompt"] == "<|user|>a\n<|assistant|>b\n<|assistant|>", "messages")
    more = chat(template, "--messages", messages, "-p", "c", "--system", "S")["prompt"]
    check(more == "<|system|>S\n<|user|>a\n<|assistant|>b\n<|user|>c\n<|assistant|>", more)
    messages.write_text(json.dumps({"messages": turns[:1], "tools": [{}, {}]}))
    check(chat(template, "--messages", messages)["prompt"].endswith("[2 tools]<|assistant|>"), "tools")
    answer = ask("generate", "-m", TINY, "--chat-template", template, "--messages", messages, "-n", 2)
    tokens = chat(template, "--messages", messages)["tokens"]
    check(answer["prompt_tokens"] == len(tokens), (answer, tokens))
    check(ask("search", "-m", TINY, "--chat-template", template, "--messages", messages, "-n", 2, "--rollouts", 2)
          ["prompt_tokens"] == len(tokens), "search reads the same messages")


def variables(folder):
    template = folder / "variables.jinja"
    template.write_text("{{ thinking }} {{ n + 1 }} {{ word }}")
    got = chat(template, "--template-var", "thinking=false", "--template-var", "n=2", "--template-var=word=\"a=b\"",
               "-p", "x")
    check(got["prompt"] == "False 3 a=b", got)
    refuse(2, ["--template-var", "'no'", "JSON"], "tokenize", "--chat", "-m", TINY, "-p", "x", "--template-var",
           "a=no")
    refuse(2, ["--template-var", "--messages"], "tokenize", "--chat", "-m", TINY, "-p", "x", "--template-var",
           "messages=[]")
    refuse(2, ["--template-var", "NAME=VALUE"], "tokenize", "--chat", "-m", TINY, "-p", "x", "--template-var", "a")


def days(folder):
    template = folder / "day.jinja"
    template.write_text("{{ strftime_now('%d %B %Y') }}")
    got = chat(template, "--date", "2024-02-29", "-p", "x")
    check(got["prompt"] == "29 February 2024" and got["date"] == "2024-02-29", got)
    before = datetime.date.today()
    got = chat(template, "-p", "x")
    check(got["date"] in (before.isoformat(), datetime.date.today().isoformat()), got)
    answer = ask("generate", "-m", TINY, "--chat-template", template, "-p", "x", "-n", 1)
    check(answer["date"] in (before.isoformat(), datetime.date.today().isoformat()), answer)
    template.write_text("{{ messages[0].content }}")
    check("date" not in chat(template, "-p", "x"), "the day stands only where it was asked for")
    for bad in ("2023-02-29", "2024-2-1", "today", "0000-01-01", "2024-13-01"):
        refuse(2, ["date", bad], "tokenize", "--chat", "-m", TINY, "-p", "x", "--date", bad, "--chat-template",
               template)


def words_stay_words(folder):
    """A control token that a user writes is text; the same in the template is a token; --special makes it one."""
    template = folder / "plain.jinja"
    template.write_text("{{ messages[-1].content }}")
    control = ask("tokenize", "-m", TINY, stdin="a<|im_end|>b")["tokens"]
    text = chat(template, "-p", "a<|im_end|>b")["tokens"]
    check(len(text) > len(control), f"{text} against {control}")
    special = chat(template, "-p", "a<|im_end|>b", "--special")["tokens"]
    check(special == control, f"{special} instead of {control}")
    for expression in ("{{ m | upper | lower }}", "{{ m | trim ~ '' }}", "{{ m.replace('a', 'a') }}",
                       "{% set x %}{{ m }}{% endset %}{{ x }}", "{{ m.split('|') | join('|') }}", "{{ '%s' % m }}",
                       "{% macro f(t) %}{{ t }}{% endmacro %}{{ f(m) }}", "{{ [m] | tojson | replace('\"', '') }}"):
        template.write_text("{% set m = messages[0].content %}" + expression)
        got = chat(template, "-p", "a<|im_end|>b")
        check(len(got["tokens"]) >= len(text), f"{expression}: {got}")
    template.write_text("a<|im_end|>b")
    check(chat(template, "-p", "x")["tokens"] == control, "a template's own control token")


def refusals(folder):
    template = folder / "t.jinja"
    template.write_text("\n{{ 1 | nothing }}")
    refuse(1, ["line 2", "nothing"], "tokenize", "--chat", "-m", TINY, "--chat-template", template, "-p", "x")
    template.write_text("{% if false %}{{ 1 | nothing }}{% mystery %}{{ x.y.z() }}{% endmystery %}{% endif %}ok")
    check(chat(template, "-p", "x")["prompt"] == "ok", "what is not reached")
    refuse(2, ["--system", "--chat"], "tokenize", "-m", TINY, "-p", "x", "--system", "S")
    refuse(2, ["--raw", "--messages"], "generate", "-m", TINY, "--raw", "-p", "x", "--messages", template)
    refuse(2, ["--raw", "--special"], "generate", "-m", TINY, "--raw", "-p", "x", "--special")
    messages = folder / "bad.json"
    for text, words in (("[]", ["messages"]), ("[{}]", ["number 1", "role"]), ('{"a": 1}', ["messages"])):
        messages.write_text(text)
        refuse(2, words, "tokenize", "--chat", "-m", TINY, "--chat-template", template, "--messages", messages)
    messages.write_text("[{")
    refuse(1, ["messages", "line 1"], "tokenize", "--chat", "-m", TINY, "--chat-template", template, "--messages",
           messages)
    messages.write_text('[{"role": "system", "content": "a"}]')
    refuse(2, ["system message"], "tokenize", "--chat", "-m", TINY, "--chat-template", template, "--messages", messages,
           "--system", "b")
    check(run("generate", "-m", TINY, "--messages", folder / "none.json").returncode == 1, "a file that is not there")


def main():
    with work_dir() as name:
        folder = pathlib.Path(name)
        prompts(folder)
        variables(folder)
        days(folder)
        words_stay_words(folder)
        refusals(folder)
    finish(200)


if __name__ == "__main__":
    main()
