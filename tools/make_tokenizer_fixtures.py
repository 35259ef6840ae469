#!/usr/bin/env python3
"""Writes tests/tokenizer/{gpt-2,smollm,llama-bpe,qwen2,spm,spm-prefix}.{gguf,json}: small vocabularies as GGUF files
without tensors, and the ids that the libraries which made them give for random texts; and words.json: the words that
`tokenizers` finds in random texts by the expressions of each pre-tokenizer, as lengths in bytes.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3 gguf==0.19.0
    tools/make_tokenizer_fixtures.py [WORDS.json COUNT]   with arguments: so many texts of words, and nothing else

The texts keep to characters that Unicode 14 had, on whose classes the libraries agree."""
import io
import json
import pathlib
import sys

import gguf
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, trainers

from tokenizer_strings import assigned_in_14, strings

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "tokenizer"
NORMAL, UNKNOWN, CONTROL, USER, BYTE = 1, 2, 3, 4, 6
CASES = 220

# As published with the models.
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
MODERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| "
          r"?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPLITS = {
    "gpt-2": [pre_tokenizers.Split(Regex(GPT2), "isolated")],
    "smollm": [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Split(Regex(GPT2), "isolated")],
    "llama-bpe": [pre_tokenizers.Split(Regex(MODERN % r"\p{N}{1,3}"), "isolated")],
    "qwen2": [pre_tokenizers.Split(Regex(MODERN % r"\p{N}"), "isolated")],
}
# Further ones, one expression inside the pieces of the other; tests/tokenizer/test_words.c.
CASED = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+SUFFIX|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*SUFFIX|DIGITS| "
         r"?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
EASTERN = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
LISTED = ("A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af"
          "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5"
          "\u03f7-\u0481\u048a-\u052f"
          "\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77"
          "\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d"
          "\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb"
          "\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128"
          "\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4"
          "\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf"
          "\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
          "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df"
          "\U0001e900-\U0001e943")
STAGES = {
    "default": [r"[\p{P}$+<=>^~|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
    "falcon": [r"[\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]"],
    "smollm": [r"\p{N}", GPT2],
    "llama-bpe": [MODERN % r"\p{N}{1,3}"],
    "qwen2": [MODERN % r"\p{N}"],
    "qwen35": [(MODERN % r"\p{N}").replace(r"?\p{L}+", r"?[\p{L}\p{M}]+").replace(r"[^\s\p{L}\p{N}]+",
                                                                                  r"[^\s\p{L}\p{M}\p{N}]+")],
    "seed-coder": [(MODERN % r"\p{N}").replace(r"[^\s\p{L}\p{N}]+[\r\n]*", r"[^\s\p{L}\p{N}\r\n]+")],
    "tekken": [CASED.replace("SUFFIX", "").replace("DIGITS", r"\p{N}")],
    "gpt-4o": [CASED.replace("SUFFIX", "(?i:'s|'t|'re|'ve|'m|'ll|'d)?").replace("DIGITS", r"\p{N}{1,3}")],
    "deepseek-llm": [r"[\r\n]", rf"\s?[{LISTED}]+",
                     r"\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", r"\s+$", EASTERN, r"\p{N}+"],
    "deepseek-coder": [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", EASTERN, r"\p{N}"],
    "deepseek-v3": [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
                    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"
                    r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"],
}
SPECIAL = ["<|begin|>", "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
USER_DEFINED = ["<tool>", "    ", "<|im_end|>\n"]
TEMPLATE = ("{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}{% endif %}{% "
            "for m in messages %}"
            "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}{{ "
            "'<|im_start|>assistant\n' }}")


def writer(name, model):
    out = gguf.GGUFWriter(str(OUT / f"{name}.gguf"), "llama")
    out.add_tokenizer_model(model)
    return out


def finish(out):
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.close()


def write_cases(name, texts, ids):
    cases = [{"text": text, "tokens": tokens} for text, tokens in zip(texts, ids)]
    (OUT / f"{name}.json").write_text(json.dumps({"model": f"{name}.gguf", "cases": cases},
                                                 separators=(",", ":")) + "\n")


def byte_level(name):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    if name == "smollm": # like the real one, this vocabulary lacks some bytes, which are then left out
        alphabet = [c for c in alphabet if c not in (chr(0x104), chr(0x113), "ñ", "ò")]
    split = pre_tokenizers.Sequence(SPLITS[name] + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = split
    corpus = strings(11, 3000, code_filter=assigned_in_14)
    trained.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=620, initial_alphabet=alphabet,
                                                            show_progress=False))
    state = json.loads(trained.to_str())["model"]
    vocab = {token: i for token, i in state["vocab"].items() if name != "smollm" or len(token) > 1 or token in alphabet}
    vocab = {token: i for i, token in enumerate(sorted(vocab, key=vocab.get))}
    merges = [tuple(m) for m in state["merges"] if all(part in vocab for part in (*m, "".join(m)))]
    whole = name == "llama-bpe"
    if whole: # words that no merge makes: only ignoring merges finds them
        for word in ("Ġseries", "HTTPServer", "Ġdernier", "Größe,"):
            vocab.setdefault(word, len(vocab))
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=whole))
    tokenizer.pre_tokenizer = split
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in USER_DEFINED])
    table = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    assert [i for _, i in table] == list(range(len(table)))
    out = writer(name, "gpt2")
    out.add_tokenizer_pre(name)
    out.add_token_list([token for token, _ in table])
    out.add_token_types([CONTROL if t in SPECIAL else USER if t in USER_DEFINED else NORMAL for t, _ in table])
    out.add_token_merges([" ".join(m) for m in merges])
    out.add_bos_token_id(tokenizer.token_to_id("<|begin|>"))
    out.add_eos_token_id(tokenizer.token_to_id("<|endoftext|>"))
    out.add_add_bos_token(whole)
    out.add_chat_template(TEMPLATE)
    finish(out)
    texts = strings(12, CASES, SPECIAL + USER_DEFINED, assigned_in_14)
    first = [tokenizer.token_to_id("<|begin|>")] if whole else []
    write_cases(name, texts, [first + tokenizer.encode(text, add_special_tokens=False).ids for text in texts])


def sentence_piece(name, prefix):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(strings(13, 4000, code_filter=lambda c: 31 < c < 0x250 and assigned_in_14(c))),
        model_writer=model, model_type="bpe",
        vocab_size=900, byte_fallback=True, normalization_rule_name="identity", add_dummy_prefix=prefix,
        remove_extra_whitespaces=False,
        user_defined_symbols=["<tool>", "\n\n", "\n"], character_coverage=0.98, minloglevel=2, num_threads=1,
        hard_vocab_limit=False)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    kinds = []
    for i in range(len(pieces)):
        kinds.append(UNKNOWN if pieces.IsUnknown(i) else CONTROL if pieces.IsControl(i) else BYTE if pieces.IsByte(i)
                     else USER if pieces.IdToPiece(i) in ("<tool>", "\n\n", "\n") else NORMAL)
    out = writer(name, "llama")
    out.add_tokenizer_pre("default")
    out.add_token_list([pieces.IdToPiece(i) for i in range(len(pieces))])
    out.add_token_scores([pieces.GetScore(i) for i in range(len(pieces))])
    out.add_token_types(kinds)
    out.add_bos_token_id(pieces.bos_id())
    out.add_eos_token_id(pieces.eos_id())
    out.add_unk_token_id(pieces.unk_id())
    out.add_add_bos_token(True)
    out.add_add_eos_token(prefix)
    out.add_add_space_prefix(prefix)
    finish(out)
    # With a prefix the library puts one space before the text, GGUF's readers one after each special token, too.
    special = [] if prefix else ["<tool>", "\n\n"]
    texts = strings(14, CASES, special, lambda c: c > 0 and assigned_in_14(c))
    texts = [t for t in texts if t and not (prefix and ("\n" in t or "<tool>" in t))]
    last = [pieces.eos_id()] if prefix else []
    write_cases(name, texts, [[pieces.bos_id()] + pieces.EncodeAsIds(text) + last for text in texts])


def words(path, count):
    """Each text with the lengths of its words."""
    out = {}
    for i, (name, stages) in enumerate(STAGES.items()):
        split = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(stage), "isolated") for stage in stages])
        out[name] = [[text, " ".join(str(len(word.encode())) for word, _ in split.pre_tokenize_str(text))]
                     for text in strings(20 + i, count, (), assigned_in_14)]
    pathlib.Path(path).write_text("{" + ",\n".join(json.dumps(name) + ":" + json.dumps(cases, separators=(",", ":"))
                                                   for name, cases in out.items()) + "}\n")


def main():
    if len(sys.argv) > 1:
        words(sys.argv[1], int(sys.argv[2]))
        return
    words(OUT / "words.json", 30)
    for name in SPLITS:
        byte_level(name)
    sentence_piece("spm", False)
    sentence_piece("spm-prefix", True)


if __name__ == "__main__":
    main()
