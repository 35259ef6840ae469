#!/usr/bin/env python3
"""Writes tests/template/templates.json: chat templates, messages, and the prompts that Jinja renders from them.

    pip install jinja2==3.1.6
    tools/make_template_fixtures.py > tests/template/templates.json

The environment is the one that `transformers` renders chat templates in, on 5 March 2026. A case whose text is null is
one that Jinja refuses. The templates are written for this test, in the manner of each family of models."""
import datetime
import json
import sys

import jinja2
import jinja2.ext
import jinja2.sandbox

FAMILIES = {
    "chatml": "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
              "'<|im_end|>\\n' }}"
              "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "chatml, a default system message": """{%- if messages[0].role != 'system' -%}
    {{- '<|im_start|>system\\nBe brief.<|im_end|>\\n' }}
{%- endif %}
{% for message in messages -%}
    {{ '<|im_start|>' ~ message.role ~ '\\n' ~ message.content | trim ~ '<|im_end|>\\n' }}
{%- endfor %}
{% if add_generation_prompt -%}
    <|im_start|>assistant
{% endif %}""",
    "chatml, tools and thinking": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}{{ tools | tojson }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(open=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.open and message.role == "user" and message.content is string and not(message.content.startswith('<r>') \
and message.content.endswith('</r>')) %}
        {%- set ns.open = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
        {{- content }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "llama3": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "1 Jan 2025" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system message has a header of its own. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + \
'<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {{- raise_exception("no tools here") }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "gemma": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("roles must alternate") }}
    {%- endif -%}
    {%- set role = "model" if message['role'] == 'assistant' else message['role'] -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}{{ item['text'] }}{%- endfor -%}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
""",
    "gemma, no system role": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role "
                             "not supported') }}"
                             "{% endif %}{% for m in messages %}{{ '<start_of_turn>' + m['role'] + '\\n' + "
                             "m['content'] | trim + "
                             "'<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt "
                             "%}{{'<start_of_turn>model\\n'}}{% endif %}",
    "mistral": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages | rejectattr("role", "equalto", "tool") %}
    {%- if not (message.tool_calls is defined and message.tool_calls is not none) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("roles must alternate") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- endif %}
{%- endfor %}
""",
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = "
              "messages[0]['content'] %}"
              "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message "
              "in loop_messages %}"
              "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must "
              "alternate') }}{% endif %}"
              "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + "
              "'\\n<</SYS>>\\n\\n' + message['content'] %}"
              "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
              "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
              "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
}

FEATURES = [
    "plain text, no tags", "", "\n", "a\n", "a\n\n", "{{ 1 }}\n",
    "line one\r\nline {{ 2 }}\r\n{% if true %}\r\nx\r\n{% endif %}\r\ny",
    "a {# comment #} b", "a\n  {# c #}\nb", "a {#- c -#}  b", "{#c#}\n\nx", "x{#-#}y", "x  {#- -#}  y",
    "  {% if true %}\n  yes\n  {% endif %}\nno", "a  {%- if true -%}  b  {%- endif -%}  c",
    "a  {%+ if true +%}\n b{% endif %}",
    "x {{- ' y ' -}} z", "{% if true %}{% if false %}a{% elif true %}b{% else %}c{% endif %}{% endif %}",
    "{% if false %}a{% elif false %}b{% else %}{% if true %}c{% endif %}d{% endif %}",
    "{{ 'it''s' }}", "{{ 'a' 'b' \"c\" }}", r"{{ 'tab\tnew\nback\\quote\'\"x\x41\u00e9\U0001F642\q' }}",
    "{{ '}}' }}{{ \"%}\" }}",
    "{{ 1 + 2 * 3 - 4 // 3 % 2 }}", "{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ - 3 }} {{ 10 - 2 - 3 }}", "{{ 1_000 }}",
    "{{ 1 ~ 'a' ~ true ~ none ~ missing }}", "{{ true }} {{ False }} {{ none }} {{ None }} [{{ missing }}]",
    "{{ 1 < 2 }} {{ 2 <= 1 }} {{ 'a' < 'b' }} {{ 1 < 2 < 3 }} {{ 1 == 1 != 2 }} {{ 3 > 2 > 2 }} {{ 'ab' >= 'a' }}",
    "{{ 'b' in 'abc' }} {{ 'x' not in 'abc' }} {{ 2 in [1, 2] }} {{ 'role' in messages[0] }} {{ 'z' in messages[0] }} "
    "{{ 'a' in missing }}",
    "{{ not true }} {{ not missing }} {{ true and 'x' }} {{ '' or 'y' }} {{ 0 or none or 'z' }} {{ not 1 == 2 }}",
    "{{ 'a' if true else 'b' }} {{ 'a' if false else 'b' }} [{{ 'a' if false }}] {{ 'a' if false else 'b' if false "
    "else 'c' }}",
    "{{ [1, 2, 3][0] }} {{ [1, 2, 3][-1] }} [{{ [1][5] }}] {{ 'héllo'[1] }} {{ (1, 2)[1] }} {{ {'a': 5}['a'] }} {{ "
    "{'a': 5}.a }} [{{ {}.x }}]",
    "{% for x in [1, 2, 3, 4][1:3] %}{{ x }}{% endfor %} {{ 'abcdef'[2:] }} {{ 'abcdef'[:-2] }} {{ 'häßlich'[1:4] }} "
    "{{ 'abc'[5:] }}|{{ 'abc'[2:1] }}",
    "{% for x in [1, 2, 3, 4][::-1] %}{{ x }}{% endfor %}{% for x in [1, 2, 3, 4][2::-1] %}{{ x }}{% endfor %}{% for "
    "x in [1, 2, 3][:0:-1] %}{{ x }}{% endfor %}",
    "{% for x in 'añb' %}<{{ x }}>{% endfor %}", "{% for x in missing %}a{% else %}none{% endfor %}",
    "{% for x in [] %}a{% else %}empty{% endfor %}",
    "{% for x in [5, 6, 7] %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first "
    "}}{{ loop.last }}{{ loop.length }}"
    "[{{ loop.previtem }}{{ loop.nextitem }}] {% endfor %}",
    "{% for x in [1, 2, 3, 4] if x % 2 == 0 %}{{ loop.index }}:{{ x }} {% endfor %}",
    "{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}"
    "{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}",
    "{% for k in {'a': 1, 'b': 2} %}{{ k }}{% endfor %}{% for v in {'a': 1, 'b': 2}.values() %}{{ v }}{% endfor %}",
    "{% for (a, b) in [[1, 2], [3, 4]] %}{{ a }}-{{ b }} {% endfor %}",
    "{% for x in range(2, 8, 3) %}{{ x }}{% endfor %}{% for x in range(3, 0, -1) %}{{ x }}{% endfor %}",
    "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(x=1) %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% set x %}a{{ 1 }}b{% endset %}[{{ x }}]",
    "{% if true %}{% set y = 3 %}{% endif %}{{ y }}", "{% for i in [1] %}{% set z = 3 %}{% endfor %}[{{ z }}]",
    "{% macro m(a, b='x') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(b=4, a=3) }}{{ m() }}",
    "{% set g = 7 %}{% macro m() %}{{ g }}{% endmacro %}{% for g in [1] %}{{ m() }}{% endfor %}",
    "{% macro r(n) %}{{ n }}{% if n > 0 %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(4) }}",
    "{{ '  pad ' | trim }}|{{ ' x ' | upper | trim }}|{{ 'ABC' | lower }}|{{ 'a-b-c' | replace('-', '+') }}|{{ [1, "
    "'b'] | join(', ') }}|{{ 'xxaxx' | trim('x') }}",
    "{{ 'héé' | length }} {{ [1, 2] | count }} {{ missing | length }} {{ {'a': 1} | length }} {{ messages | length }}",
    "{{ missing | default('d') }} {{ '' | default('e', true) }} {{ '' | default('e') }} {{ 1 | d(2) }}",
    "{{ [3, 4] | first }}{{ [3, 4] | last }}[{{ [] | first }}]",
    "{{ messages | map(attribute='role') | join(' ') }} {{ messages | selectattr('role', 'equalto', 'user') | list | "
    "length }} "
    "{{ messages | rejectattr('role', 'eq', 'user') | list | length }} {{ messages | selectattr('nope') | list | "
    "length }}",
    "{{ x is defined }} {{ messages is defined }} {{ x is undefined }} {{ none is none }} {{ 1 is not none }} {{ 'a' "
    "is string }} {{ [] is iterable }} {{ {} is mapping }} "
    "{{ [] is mapping }} {{ 1 is number }} {{ true is number }} {{ 3 is odd }} {{ 3 is even }} {{ 9 is divisibleby 3 "
    "}} {{ 9 is divisibleby(2) }} {{ true is true }} {{ 1 is true }} "
    "{{ false is false }} {{ 1 is integer }} {{ true is boolean }} {{ 2 is eq 2 }} {{ 2 is ne 2 }} {{ 'a' is in ['a'] "
    "}} {{ 'a' is sequence }}",
    "{{ not x is defined }} {{ x is defined or messages is defined }} {{ x is not defined and true }}",
    "{{ 'ab'.startswith('a') }} {{ 'ab'.endswith('a') }} {{ ' a '.strip() }}|{{ 'xax'.strip('x') }} "
    "{{ '\\n\\na\\n'.lstrip('\\n') }} {{ 'a  '.rstrip() }}| {{ 'a,b,c'.split(',')[1] }} {{ 'a</t>b'.split('</t>')[-1] "
    "}} {{ 'aBc'.upper() }} {{ 'aa'.replace('a', 'b') }}",
    "{{ {'a': 1}.get('a') }} {{ {'a': 1}.get('b') }} {{ {'a': 1}.get('b', 'c') }} {% for k in {'a': 1}.keys() %}{{ k "
    "}}{% endfor %}",
    "{{ {'a': {'b': {'c': 1}}}['a']['b'].c }}", "{{ {'a': {'b': 2}}.a.b}}",
    "{{ (1 + 2) * 3 }} {{ -(2) }} {{ [1] + [2, 3] | list | length }}", "{{ ([1] + [2, 3]) | length }}",
    "{{ [1, [2, 3]] == [1, [2, 3]] }} {{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }} {{ 1 == true }} {{ '1' == 1 }} {{ "
    "none == missing }} {{ messages[0] == messages[-1] }}",
    "{{ messages[0].nope }}[{{ messages[0]['nope'] }}]", "{{ messages[7].content }}", "{{ missing.x }}",
    "{{ missing['x'] }}", "{{ missing + 'a' }}", "{{ 'a' + 1 }}",
    "{{ raise_exception('no') }}", "{{ nofunction() }}", "{% for x in 5 %}{% endfor %}", "{{ 1 // 0 }}",
    "{% if %}{% endif %}", "{% if true %}", "{{ 'a }}", "{{ a b }}", "{{ (1 }}", "{{ [1 }}",
    "{% endif %}", "{% nostatement %}", "{{ 1 | nofilter }}", "{{ 1 is notest }}", "{% for in x %}{% endfor %}",
    "{% set = 1 %}", "{# no end", "{{ 1", "{% set x.y = 1 %}", "{{ }}", "{{ 'a'.nomethod() }}",
    "{{ 'x' if true }}{% generation %}{{ 'said' }}{% endgeneration %}",
    "{{ bos_token }}{{ eos_token }}{{ add_generation_prompt }}{{ tools }}{{ documents }}{{ strftime_now is defined "
    "}}{{ raise_exception is defined }}",
    "{{ ' \t\n x \u2003' | trim }}", "日本 {{ '語' }} {{ 'ü' in 'über' }}",
    "{{ messages[-1].content[:3] }}|{{ messages[-1]['content'][-3:] }}", "{{ 'a' ~ 1 + 2 }}", "{{ 1 + 1 ~ 'a' }}",
    "{{ 'a' * 3 }}",
    "{%- if true %} a {%- endif %} b", "{% if true -%}\n\n  a\n{%- endif %}\n\nb", "a\n{{ 1 }}\nb\n",
    "a\n\t{% set x = 1 %}\t\nb", "{{ messages[0]['role'].upper() + ':' }}", "{% raw %}{{ x }}{% endraw %}",
    "a\n  {% raw %}\n {{ x }} {% 'y %}\n  {% endraw %}\nb", "a {%- raw -%} {{ x }} {%- endraw -%} b", "{% raw %}x{{",
    "{{ [[4, 5]].0[1] }} {{ messages.0.role }}",
    "{{ 'hELLO big-world x2y' | title }} {{ 'hELLO World' | capitalize }} {{ 'user'.title() }} {{ 'uSER'.capitalize() "
    "}}",
]

MESSAGES = [(None, "Hello"), ("Be kind.", "  Wie geht's?\n"), (" sys \n", "日本語 <|im_end|> 🙂 {{ x }}"), ("", "")]

# What a template is given beside a user's message.
VARIABLES = {
    "enable_thinking": False, "level": 3, "ratio": 0.5, "nothing": None, "words": ["b", "a", "C"],
    "tools": [{"type": "function", "function": {"name": "now", "description": "The \"time\" — 時", "parameters": {
        "type": "object", "properties": {"zone": {"type": "string"}, "items": {"type": "array"}}, "required": []}}}],
}

WITH_VARIABLES = [
    "{{ enable_thinking }} {{ level + 1 }} {{ ratio * 2 }} {{ nothing }} {{ words }} {{ tools | length }}",
    "{{ tools | tojson }}",
    "{{ tools | tojson(indent=2) }}",
    "{{ tools[0].function.parameters | tojson(indent=4) }}",
    "{{ {'b': [1, 2.5, none, true], 'a': {}} | tojson(sort_keys=true, ensure_ascii=true) }} {{ '日\\n<' | "
    "tojson }} {{ '時 🙂' | tojson(ensure_ascii=true) }} {{ [1, {}] | tojson(separators=(',', ':')) }} {{ "
    "[] | tojson(indent=1) }}",
    "{{ tools }}",
    "{{ tools[0].function.parameters.properties['items'] }}",
    "{{ tools[0].function.parameters.properties.items is defined }} {% for k, v in "
    "tools[0].function.parameters.properties.items() %}{{ k }}{{ v.type }} {% endfor %}",
    "{{ words | sort | join }} {{ words | sort(reverse=true) | join }} {{ words | "
    "sort(case_sensitive=true) | join }} {{ words | map('upper') | join }} {{ words | min }} {{ words | "
    "max }} {{ words | unique | list }}",
    "{{ nothing | selectattr('x') | list }} {{ nothing | rejectattr('x', 'eq', 1) | list }} {{ nothing | "
    "map('upper') | list }} {{ nothing | select | list }}",
    "{{ tools | map(attribute='function.name') | join(',') }} {{ tools | selectattr('function.name', "
    "'in', ['now']) | list | length }}",
    "{% if tools | selectattr('type', 'eq', 'x') %}always{% endif %}",
    "{% set found = tools | selectattr('type') %}{% for t in found %}1{% endfor %}{% for t in found "
    "%}2{% endfor %}",
    "{{ nothing | list }}",
    "{{ nothing | join }}",
    "{{ nothing | length }}",
    "{{ words.append('x') }}",
    "{{ words | random_filter }}",
    "{% if false %}{{ words | no_such_filter }}{{ 1 is no_such_test }}{% endif %}ok",
]

MORE = [
    "{{ ('<a>' | safe) + \"<'&>\" + '\"' }} {{ '<' + '<' | safe }} {{ ('<' | safe) ~ '<' }}",
    "{{ 1.5 }} {{ 1e3 }} {{ 2.0 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.1 + 0.2 }} {{ 1 / 3 }} {{ 7 / 2 }} {{ -7 "
    "// 2.0 }} {{ -7 % 3.0 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 0.5 }} {{ 100000000000000000.0 }} {{ "
    "123456.789e3 }} {{ 1.0e100 }}",
    "{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 1_0.5 }}",
    "{% if false %}{{ 99999999999999999999 }}{% endif %}ok",
    "{{ '3' | int }} {{ ' -4 ' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ 3.9 | int }} {{ '3.9' | "
    "int }} {{ none | int }} {{ true | int }} {{ '2.5' | float }} {{ 'y' | float }} {{ 'y' | float(1.5) "
    "}} {{ 3 | float }}",
    "{{ 2.5 | round }} {{ 3.14159 | round(2) }} {{ 2.1 | round(0, 'ceil') }} {{ 2.9 | "
    "round(method='floor') }} {{ -3 | abs }} {{ 7 | round }}",
    "{{ '%s and %d of %5.2f|%-5s|%5s|%x|%%' | format('a', 3, 2.5, 'l', 'r', 255) }} {{ '%(a)s' | "
    "format(a=1) }}",
    "{{ '%s' % 'x' }} {{ '%s-%s' % (1, 'b') }} {{ '%05d' % 42 }} {{ '%r' % 'q' }} {{ '{} {}'.format('a', "
    "1) }} {{ '{0}{1}{0}'.format('x', 'y') }} {{ '{name}!'.format(name='n') }} {{ '{{}}'.format() }}",
    "{{ '%s %s' % 'x' }}",
    "{{ '%d' % 'x' }}",
    "{{ '%s' % ('a', 'b') }}",
    "{{ {1: 'one', 2.5: 'x', none: 'n', (1, 2): 't', true: 'replaced'} }}",
    "{{ {1: 'a'}[1] }} {{ {1: 'a'}[1.0] }} [{{ {1: 'a'}['1'] }}] {{ 1 in {1: 2} }} {{ {1: 'a'}.get(1) }}",
    "{{ {[1]: 2} }}",
    "{% macro dialog(title) %}<{{ title }}>{{ caller() }}</{{ title }}>{% endmacro %}{% call dialog('a') "
    "%}in{% endcall %}",
    "{% macro each(xs) %}{% for x in xs %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% set "
    "outer = 'o' %}{% call(x, i) each([5, 6]) %}[{{ outer }}{{ x }}:{{ i }}]{% endcall %}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, a=3) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m() %}x{% endmacro %}{{ m(a=1) }}",
    "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}",
    "{% for x in [1] %}{% set y = 7 %}{% macro m() %}{{ y }}{{ x }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% filter upper %}a{{ 'b' }}{% endfilter %} {% filter replace('a', 'b') | upper %}aca{% endfilter %}",
    "{% set x | upper %}abc{% endset %}{{ x }}",
    "{% set a, b = 1, 'two' %}{{ a }}{{ b }}{% set (c, d) = [3, 4] %}{{ c }}{{ d }}",
    "{% set ns = namespace() %}{% set ns.a, b = 1, 2 %}{{ ns.a }}{{ b }}",
    "{% set a, b = [1] %}",
    "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set a = 5 %}{{ a }}{% endwith %}[{{ a }}]",
    "{% with %}{% set q = 1 %}{{ q }}{% endwith %}[{{ q }}]",
    "{{ 1, 2 }} {{ (1,) }} {{ () }} {{ [1, 'a', none, 2.5, {'k': 'v'}] }} {{ ('a', \"it's\") }} {{ "
    "['\\n\\\\'] }}",
    "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% for x in 1, 2 %}{{ x }}{% "
    "endfor %}",
    "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{{ loop.cycle('a', 'b') }}{{ loop.depth }} {% endfor %}",
    "{% for x in [1, 2] recursive %}{{ x }}{% endfor %}",
    "{{ 'x' * 3 }}{{ 2 * 'ab' }}|{{ [1] * 2 }}{{ 'x' * 0 }}",
    "{{ 'abcdef'[::2] }} {{ 'abcdef'[::-1] }} {{ [1, 2, 3, 4, 5][1::2] }} {{ [1, 2, 3, 4, 5][::-2] }} {{ "
    "(1, 2, 3)[:2] }}",
    "{{ 'straße ÀÉ ǆ ΟΔΟΣ ﬁ' | upper }} {{ 'ÀÉ ΟΔΟΣ İ ẞ' | lower }} {{ 'élan ÉLAN' | capitalize }} {{ "
    "'über-ångström ÉCOLE' | title }} {{ 'ǆ éa-éb'.title() }} {{ 'Aé'.swapcase() }} {{ 'ЖУК'.lower() }}",
    "{{ 'aXbXc'.replace('X', '-', 1) }} {{ 'aXbXc' | replace('X', '-', 1) }} {{ 'ab' | replace('', '.') "
    "}} {{ 12 | replace(1, 3) }} {{ 'aaa'.replace('a', 'b', 2) }}",
    "{{ 'a b  c'.split() }} {{ ' a b c '.split(none, 1) }} {{ 'a,b,c'.split(',', 1) }} {{ "
    "'a,b,c'.rsplit(',', 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a\\nb\\r\\nc\\n'.splitlines() }} {{ "
    "'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('x') }}",
    "{{ 'abcb'.find('b') }} {{ 'abcb'.rfind('b') }} {{ 'abc'.find('x') }} {{ 'abcb'.count('b') }} {{ "
    "'ab'.index('b') }} {{ '-'.join(['a', 'b']) }} {{ 'ab'.center(6, '*') }}|{{ 'abc'.center(6) }}|{{ "
    "'a'.ljust(3) }}|{{ 'a'.rjust(3, '.') }} {{ '7'.zfill(3) }} {{ '-7'.zfill(4) }}",
    "{{ 'ab'.startswith(('x', 'a')) }} {{ 'pre-x'.removeprefix('pre-') }} {{ 'x.y'.removesuffix('.y') }} "
    "{{ '12'.isdigit() }} {{ 'aé'.isalpha() }} {{ ' '.isspace() }} {{ 'AB1'.isupper() }} {{ "
    "'a1'.islower() }} {{ 'a1'.isalnum() }} {{ ''.isalpha() }}",
    "{{ 'a\\n\\nb' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(2, false, true) }}|{{ "
    "'a\\nb' | indent('> ') }}",
    "{{ 'one two three four' | truncate(10) }} {{ 'one two three four' | truncate(10, true) }} {{ "
    "'short' | truncate(3) }} {{ 'onetwothree' | truncate(5, false, '!', 0) }}",
    "{{ 'a b/ü?' | urlencode }} {{ 'ab' | center(6) }}|{{ 'ab' | reverse }} {{ [1, 2] | reverse | list "
    "}} {{ [1, 2, 3] | sum }} {{ [0.5, 1] | sum }} {{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] "
    "| batch(2, 0) | list }}",
    "{{ {'b': 1, 'A': 2, 'c': 0} | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }} {{ {'b': 1, "
    "'A': 2} | dictsort(true, reverse=true) }}",
    "{{ [1, 2, 3, 4] | select('odd') | list }} {{ [1, 2, 3] | reject('gt', 1) | list }} {{ [0, 1, ''] | "
    "select | list }} {{ [3, 1] | sort }} {{ [[2, 'b'], [1, 'a']] | sort }}",
    "{{ 1 is lt 2 }} {{ 2 is ge 2 }} {{ 1.5 is float }} {{ 1 is float }} {{ 'A' is upper }} {{ 'a' is "
    "lower }} {{ range is callable }} {{ 3 is gt(4) }} {{ 1 is sameas 1 }} {{ none is sameas none }} {{ "
    "1 is sameas true }}",
    "{{ 1 == 1.0 }} {{ 1 < 1.5 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ (1, 2) == (1, 2) }} {{ [1] == "
    "(1,) }} {{ 1 in (1, 2) }} {{ 'x' not in 'abc' }}",
    "{{ [1, 2].index(2) }} {{ [1, 1].count(1) }} {{ {'a': 1}.copy() }} {{ dict(a=1) }} {{ dict({'a': 1}, "
    "b=2)['a'] }} {{ {'a': 1} | items | list }} {{ missing | items | list }}",
    "{{ [1, 2] | first }} {{ 'ab' | last }} {{ {'x': 1} | first }} {{ [1, 2] | select | first }}",
    "{{ [1, 2] | map('string') | length }}",
    "{{ strftime_now('%Y-%m-%d') }} {{ strftime_now('%d %B %Y, %A') }} {{ strftime_now('%b %-d, %y %j %a "
    "%H:%M:%S %p %I %%') }}",
    "{{ 'a' 'b' }} {{ \"q\" ~ 1.0 ~ none ~ [1] }}",
    "{% if false %}{% include 'x' %}{% import 'y' as z %}{{ 1 | nofilter }}{% endif %}",
    "{{ 'user said' if messages[0].content is string else 'no' }} {{ messages[0].content.upper is "
    "defined }} {{ messages[0].nothing is defined }}",
    "{{ ns }}",
    "{{ namespace(a=1).a }} {{ namespace({'b': 2}).b }}",
    "{{ none.x }}",
    "{{ none.x.y }}",
    "{{ (1).x }}[{{ 'a'.x }}]",
    "{{ {}.pop('a') }}",
    "{{ 5 % 3 }} {{ -5 % 3 }} {{ -5 // 3 }} {{ 5.5 // 2 }} {{ +5 }} {{ -2.5 }} {{ not 0.0 }}",
    "{{ 1 // 0.0 }}",
    "{{ 'ä' == 'ä' }} {{ ärger is defined }}",
    "{% macro a(x, y=x) %}{{ x }}{{ y }}{% endmacro %}{{ a(1) }} {{ a }}",
    "{{ 'abc' | list }} {{ 'b' in 'abc' | list }} {{ range(3) | list }} {{ range(4)[1] }}",
    "{{ 'x' | default('y') | upper }} {{ missing.x | default('y') }}",
    "{{ missing | default('y') }} {{ none | default('y') }} {{ none | default('y', true) }}",
    "{{ 1 if false }}|{{ (1 if false) is defined }}",
    "{{ {'a': {'b': [10, 20]}}.a.b[1] }} {{ {'a': 1}['a'] + {'a': 2}.a }}",
    "{{ 1 ~ 2 * 3 }} {{ 2 * 3 ** 2 }} {{ -2 ** 2 }}",
    "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}{% for i in [1] %}{% set x = 3 %}{% "
    "endfor %}{{ x }}",
]


class Generation(jinja2.ext.Extension):
    """{% generation %}...{% endgeneration %} as its body."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def strftime_now(form):
    return datetime.datetime(2026, 3, 5).strftime(form)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def make_environment():
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True,
                                                               extensions=[Generation, jinja2.ext.loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = strftime_now
    return environment


def render(environment, template, messages, variables, bos, eos):
    """What Jinja renders; None where it refuses."""
    given = {"messages": messages, "add_generation_prompt": True, "tools": None, "documents": None, "bos_token": bos,
             "eos_token": eos, **(variables or {})}
    try:
        return environment.from_string(template).render(**given)
    except (jinja2.exceptions.TemplateError, TypeError, ValueError, ZeroDivisionError, AttributeError):
        return None


def chat(system, user):
    return ([{"role": "system", "content": system}] if system is not None else []) + [{"role": "user", "content": user}]


def main():
    environment = make_environment()
    fixtures = []
    named = [(name, text, MESSAGES, None) for name, text in FAMILIES.items()]
    named += [(f"feature {i}", text, MESSAGES[1:2], None) for i, text in enumerate(FEATURES + MORE)]
    named += [(f"variables {i}", text, MESSAGES[:1], VARIABLES) for i, text in enumerate(WITH_VARIABLES)]
    for name, template, chats, variables in named:
        cases = []
        for system, user in chats:
            case = {"messages": chat(system, user)}
            if variables:
                case["variables"] = variables
            text = render(environment, template, case["messages"], variables, "<s>", "</s>")
            cases.append({**case, "text": text})
        fixtures.append({"name": name, "template": template, "cases": cases})
    json.dump(fixtures, sys.stdout, indent=0, ensure_ascii=True)
    print()


if __name__ == "__main__":
    main()
