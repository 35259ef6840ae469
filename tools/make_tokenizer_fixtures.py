#!/usr/bin/env python3
"""Writes tests/tokenizer/{gpt-2,smollm,llama-bpe,qwen2,spm,spm-prefix}.{gguf,json}: small vocabularies as GGUF files
without tensors, and the ids that the libraries which made them give for random texts.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3 gguf==0.19.0
    tools/make_tokenizer_fixtures.py

The texts keep to characters that Unicode 14 had, on whose classes the libraries agree."""
import io
import json
import pathlib

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


def main():
    for name in SPLITS:
        byte_level(name)
    sentence_piece("spm", False)
    sentence_piece("spm-prefix", True)


if __name__ == "__main__":
    main()
