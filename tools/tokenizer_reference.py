#!/usr/bin/env python3
"""Token ids of random texts by llama.cpp, for a model file's vocabulary.

    pip install llama-cpp-python==0.3.36
    tools/tokenizer_reference.py MODEL.gguf 10000 > ids.json
    build/tests/tokenizer/compare_ids MODEL.gguf ids.json

Half of the texts have special tokens written out in them. Special tokens are parsed, BOS is as the file says."""
import ctypes
import json
import pathlib
import sys

import llama_cpp

from tokenizer_strings import strings

CONTROL, USER = 8, 16 # llama_token_attr


@llama_cpp.llama_log_callback
def quiet(*_):
    pass


def special_names(vocab):
    names = []
    for token in range(llama_cpp.llama_vocab_n_tokens(vocab)):
        if llama_cpp.llama_vocab_get_attr(vocab, token) & (CONTROL | USER):
            names.append(llama_cpp.llama_vocab_get_text(vocab, token).decode())
    return names


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    llama_cpp.llama_log_set(quiet, ctypes.c_void_p())
    params = llama_cpp.llama_model_default_params()
    params.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(path.encode(), params)
    vocab = llama_cpp.llama_model_get_vocab(model)
    names = special_names(vocab)
    texts = strings(1, count // 2) + strings(2, count - count // 2, names)
    cases = []
    for text in texts:
        data = text.encode()
        room = len(data) + 8
        ids = (llama_cpp.llama_token * room)()
        n = llama_cpp.llama_tokenize(vocab, data, len(data), ids, room, True, True)
        assert n >= 0
        cases.append({"text": text, "tokens": list(ids[:n])})
    json.dump({"model": pathlib.Path(path).name, "cases": cases}, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
