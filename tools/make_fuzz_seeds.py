#!/usr/bin/env python3
"""Inputs that fuzz_pattern, fuzz_grammar, fuzz_schema, fuzz_text, fuzz_json, fuzz_messages and fuzz_config begin with,
and the words that libFuzzer puts in: tests/fuzz/<target>/ and tests/fuzz/<target>.dict. The form of each is told at
the head of its target."""
import json
import pathlib

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests/fuzz"

PATTERNS = [
    ("[0-9]+(,[0-9]+)*", "12,3"), ("-?[0-9]{1,4}(\\.[0-9]+)?", "-3.25"), ("(ab|abc)+b?", "ababcb"), (".{3}", "abc"),
    ("[^a]*\\x{20ac}?", "xyz"), ("(?=1)[0-9,]+", "1,2"), ("(?!12)[0-9]{2,3}", "345"), ("\\p{L}+\\s?\\d*", "ab 1"),
    ("(?i)yes|no", "YES"), ("^a*?b$", "aab"), ("(a|b)\\1", "aa"), ("(?:a{1,3}){1,3}", "aaaa"), ("\\bab\\b", "ab"),
    ("[[:alpha:]_-]+", "a-b"), ("(?<=a)b|a\\Kb", "b"), ("(?>a+)b", "aab"), ("a++b", "aab"), ("(?x) a b # c", "ab"),
    ("\\Qa.b\\E", "a.b"), ("(?s).\\R\\h\\N", "a\n b"), ("(?(?=a)a|b)", "a"), ("(?<n>a)(?&n)", "aa"),
    ("(?R)b", "b"), ("(.{1,..ss(?1)s|||||||||||||||||||||(?1)|||||||||||||||||1*400})\\h", "ss"),
]
GRAMMARS = [
    ('root ::= expr\nexpr ::= expr [-+*/] expr | "(" expr ")" | [0-9]{1,3}\n', "1+2"),
    ('root ::= ([^\\]a-c])+ . "\\u00e9"?\n', "dd\xe9"),
    ('root ::= "{" ws pair ("," ws pair)* "}"\npair ::= "\\"" [a-z]+ "\\":" [0-9]+\nws ::= [ \\n]* # blanks\n',
     '{"a":1}'),
    ('root ::= x{2,} | x{,3}\nx ::= "a" | "b" x "c"\n', "aa"),
    ('start: item ("," item)*\nitem: WORD | NUMBER -> n\nWORD: /[a-z]+/i\nNUMBER: "-"? "0".."9"+\n%ignore " "\n',
     "a, 1"),
    ('?start: "(" start ")" | [A] | B~2..3\nA: "a"i // one\nB: "b"\n%import common.INT\n', "(a)"),
    ('start: x*\nx: "a" x "b" |\n', "ab"),
]
SCHEMAS = [
    ({"type": "integer", "minimum": -12, "exclusiveMaximum": 105}, "7"),
    ({"type": "number", "multipleOf": 0.25, "maximum": 3}, "1.25"),
    ({"type": ["string", "null"], "minLength": 1, "maxLength": 3}, '"ab"'),
    ({"enum": ["a.b", 1, None, [1, 2], {"k": 1}]}, '{"k":1}'),
    ({"const": "x|y"}, '"x|y"'),
    ({"type": "string", "pattern": "^[A-Z]{2,3}$"}, '"AB"'),
    ({"type": "string", "format": "date-time"}, '"2024-02-29T00:00:00Z"'),
    ({"type": "string", "format": "ipv4"}, '"127.0.0.1"'),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3}, "[1,2]"),
    ({"prefixItems": [{"type": "null"}, True], "items": False, "contains": {"type": "null"}}, "[null,1]"),
    ({"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}, '["a"]'),
    ({"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["b"], "additionalProperties": False},
     '{"b":1,"a":2}'),
    ({"patternProperties": {"^s_": {"type": "string"}}, "propertyNames": {"maxLength": 4}, "maxProperties": 2},
     '{"s_a":"x"}'),
    ({"allOf": [{"type": "integer"}, {"minimum": 3}], "not": {"const": 5}}, "4"),
    ({"oneOf": [{"type": "string"}, {"type": "integer"}], "anyOf": [True, False]}, "1"),
    ({"if": {"properties": {"k": {"const": 1}}}, "then": {"required": ["x"]}, "else": {"required": ["y"]}}, '{"y":0}'),
    ({"$ref": "#/$defs/list", "$defs": {"list": {"type": "object", "properties": {"next": {"$ref": "#/$defs/list"}}}}},
     '{"next":{}}'),
    ({"dependentRequired": {"a": ["b"]}, "minProperties": 1, "$anchor": "x", "title": "t"}, '{"c":1}'),
    (True, "[]"), (False, ""),
]
TEXTS = ["abc-12-3", "abaabab", "STRA\u00dfe", "cabcabac", "\u00c4bc", "(()())()", "(1+2)*34+5", '"a"', '"a\\u00e9"',
         '{"b": [1,"x"],"a":2}', "[1, -20,3.0]"] # one for each of its languages
VALUES = ['{"a": [1, -2.5e3, true, null, "\\u00e9\\ud834\\udd1e\\n"], "b": {"c": ""}}', "[[[[]]]]", '"x"', "0", "-0.0",
          "1e308", "123456789012345678", '{"a":1,"a":2}', "[1,]", '"\\ud800"', "nul"]
MESSAGES = [
    ('[{"role": "user", "content": "Hi"}]', '{"enable_thinking": false}', "2026-03-05"),
    ('{"messages": [{"role": "system", "content": "Be brief"}, {"role": "assistant", "content": null}], "tools": []}',
     "{}", "2024-02-29"),
    ('[{"role": "user", "content": [{"type": "text", "text": "a <|b|>"}], "x": {"y": 1.5}}]', "", "0001-01-01"),
    ("[]", "[]", "2023-02-29"), ('[{"role": 1}]', "", ""),
]
SETTINGS = ["# a comment\nthreads = 4\n\nmodel = x.gguf\n", "temperature=0.5\ntop-p = 1\nseed = 7\n",
            "json = on\nexact=off\n",
            "rollouts = 1e3\n", "method = mcts\nno-such = 1\n", "prompt\n", "reward = length:9\nchat = maybe\n"]

DICTIONARIES = {
    "pattern": ["(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i)", "(?x)", "(?#", "(?|", "(?<n>", "(?R)", "(?1)",
                "(?(1)",
                "\\p{L}", "\\P{^Lu}", "\\x{10ffff}", "\\Q", "\\E", "\\K", "\\R", "\\X", "\\N", "\\h", "\\v", "\\b",
                "\\B",
                "\\A", "\\z", "\\Z", "\\G", "\\d", "\\W", "\\s", "\\1",
                "\\k<n>", "[[:alpha:]]", "[^", "{1,1000}", "{2,}",
                "*?",
                "++", "|", "^", "$", "(*UCP)", "(*ACCEPT)", "\xe9", "\u20ac", "\U0001d11e", "\x00"],
    "grammar": ["root ::= ", "start: ", "\n", "::=", "| ", "\"", "[a-z]", "[^", "{2,3}", "~1..3", "%ignore ",
                "%import ",
                "common.INT", "/", "/i", "->", "?", "*", "+", "(", ")", "// ", "# ", "..", "\\u00e9", "\\x41",
                "%declare ",
                "\x00"],
    "schema": ['"type":"%s"' % t for t in ("null", "boolean", "integer", "number", "string", "array", "object")] +
              ['"%s":' % k for k in (
                  "$anchor", "$defs", "$dynamicRef", "$id", "$ref", "$schema", "additionalItems",
                  "additionalProperties",
                  "allOf", "anyOf", "const", "contains", "definitions", "dependencies", "dependentRequired",
                  "dependentSchemas", "disallow", "else", "enum", "exclusiveMaximum", "exclusiveMinimum", "extends",
                  "format", "if", "items", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum",
                  "minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf",
                  "pattern", "patternProperties", "prefixItems", "properties", "propertyNames", "required", "then",
                  "unevaluatedItems", "unevaluatedProperties", "uniqueItems")] +
              ['"%s"' % f for f in ("date", "time", "date-time", "email", "uuid", "uri", "ipv4", "ipv6", "hostname",
                                    "duration", "#", "#/$defs/a", "#/properties/a", "a", "b", "^a", "a$", "[a-c]{2}")] +
              ["{", "}", "[", "]", ",", "true", "false", "1e308", "0.1", "-1", "3", "\x00"],
    "text": ["{\"", "\":", "\"}", "[", "]", ", ", "\"a\"", "\"b\":", "\\u0061", "null", "true", "1.0", "-1", "1e3", "(",
             ")", "+", "*", "aa", "-0", "\u017f", "\u1e9e", "\u00df", "\u01c5", "\U0001d11e", "\x00", "\n"],
    "json": ["{", "}", "[", "]", ":", ",", "true", "false", "null", "\\u0000", "\\ud834\\udd1e", "\\n", "1e-400", "-0",
             "\xef\xbb\xbf"],
    "messages": ['"role":', '"content":', '"messages":', '"tools":', '"user"', '"system"', '"assistant"', "[{", "}]",
                 "null",
                 "2026-03-05", "\x00"],
    "config": [" = ", "on", "off", "\n", "#", "threads", "model", "seed", "temperature", "top-p", "method", "rollouts",
               "json", "reward", "schema", "0", "1e9", "-1", "nan", "18446744073709551615"],
}


def in_dictionary(word):
    return "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\' else f"\\x{b:02X}" for b in word.encode())


def main():
    seeds = {name: {} for name in DICTIONARIES}
    for name, rows in (("pattern", PATTERNS), ("grammar", GRAMMARS)):
        seeds[name] = {f"{i:02}": f"\0{source}\0{text}" for i, (source, text) in enumerate(rows)}
    seeds["schema"] = {f"{i:02}": f"{chr(i % 4)}{json.dumps(schema)}\0{text}"
                       for i, (schema, text) in enumerate(SCHEMAS)}
    seeds["text"] = {f"{i:02}": f"{chr(i)}{'~' if i % 2 else chr(5)}{text}" for i, text in enumerate(TEXTS)}
    seeds["json"] = {f"{i:02}": text for i, text in enumerate(VALUES)}
    seeds["messages"] = {f"{i:02}": "\0".join(parts) for i, parts in enumerate(MESSAGES)}
    seeds["config"] = {f"{i:02}": chr(i) + text for i, text in enumerate(SETTINGS)}
    for name, files in seeds.items():
        folder = OUT / name
        folder.mkdir(exist_ok=True)
        for file, text in files.items():
            (folder / file).write_bytes(text.encode())
        (OUT / f"{name}.dict").write_text("# libFuzzer inserts these whole (tools/make_fuzz_seeds.py).\n" + "".join(
            f'"{in_dictionary(word)}"\n' for word in DICTIONARIES[name]), encoding="utf-8")
        print(name, len(files), "seeds,", len(DICTIONARIES[name]), "words")


if __name__ == "__main__":
    main()
