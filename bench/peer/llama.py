"""A thin layer over llama.cpp's C interface: one context, sequences in its KV cache, batches of (sequence, tokens)."""
import ctypes
import os

import llama_cpp as L
import numpy as np

QUIET = L.llama_log_callback(lambda level, text, data: None)


class Context:
    """`sequences` sequences of together at most `tokens` tokens. unified: one KV buffer for all of them."""

    def __init__(self, path, threads, tokens, sequences=1, unified=True, flash=True, batch=512):
        L.llama_log_set(QUIET, ctypes.c_void_p(0))
        L.llama_backend_init()
        self.model = L.llama_model_load_from_file(os.fsencode(path), L.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"peer: {path}: llama.cpp cannot load it")
        self.vocab = L.llama_model_get_vocab(self.model)
        self.size = L.llama_vocab_n_tokens(self.vocab)
        p = L.llama_context_default_params()
        p.n_ctx = tokens if unified else tokens * sequences
        p.n_batch = p.n_ubatch = batch
        p.n_seq_max = sequences
        p.n_threads = p.n_threads_batch = threads
        p.kv_unified = unified
        p.flash_attn_type = L.LLAMA_FLASH_ATTN_TYPE_ENABLED if flash else L.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.context = L.llama_init_from_model(self.model, p)
        if not self.context:
            raise SystemExit(f"peer: {path}: no context of {p.n_ctx} tokens and {sequences} sequences")
        self.memory = L.llama_get_memory(self.context)
        self.capacity = batch
        self.batch = L.llama_batch_init(batch, 0, 1)

    def close(self):
        L.llama_batch_free(self.batch)
        L.llama_free(self.context)
        L.llama_model_free(self.model)

    def decode(self, entries):
        """entries: (sequence, position, token, wants logits) each; at most the batch size of them."""
        b = self.batch
        b.n_tokens = len(entries)
        for i, (seq, pos, token, wants) in enumerate(entries):
            b.token[i], b.pos[i], b.n_seq_id[i], b.logits[i] = token, pos, 1, wants
            b.seq_id[i][0] = seq
        if L.llama_decode(self.context, b) != 0:
            raise SystemExit("peer: llama_decode failed")

    def prefill(self, tokens, seq=0):
        for at in range(0, len(tokens), self.capacity):
            part = tokens[at:at + self.capacity]
            self.decode([(seq, at + i, t, at + i == len(tokens) - 1) for i, t in enumerate(part)])

    def logits(self, row):
        """The logits of the batch's entry `row`, a view that the next decode() overwrites."""
        return np.ctypeslib.as_array(L.llama_get_logits_ith(self.context, row), (self.size,))

    def clear(self):
        L.llama_memory_clear(self.memory, True)

    def copy(self, source, target, tokens=-1):
        """Sequence `target` becomes the first `tokens` tokens of `source` (-1: all)."""
        L.llama_memory_seq_rm(self.memory, target, -1, -1)
        L.llama_memory_seq_cp(self.memory, source, target, -1, tokens)

    def tokenise(self, text):
        data = text.encode()
        room = len(data) + 8
        ids = (L.llama_token * room)()
        n = L.llama_tokenize(self.vocab, data, len(data), ids, room, True, True)
        return list(ids[:n])

    def piece(self, token):
        buffer = ctypes.create_string_buffer(256)
        n = L.llama_token_to_piece(self.vocab, token, buffer, 256, 0, False)
        return buffer.raw[:max(n, 0)]

    def is_end(self, token):
        return L.llama_vocab_is_eog(self.vocab, token)
