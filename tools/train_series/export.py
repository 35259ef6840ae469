"""The model as a GGUF file: a llama decoder, its tokenizer, and the encoder under docs/opentslm.md's names."""
import os

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Q

from model import EPSILON, THETA
from vocab import TEMPLATE

KINDS = {"f32": Q.F32, "q8_0": Q.Q8_0, "q4_0": Q.Q4_0}


def tensors(model):
    """(name, fp32 array) of all."""
    def put(name, layer):
        yield name + ".weight", layer.weight
        if getattr(layer, "bias", None) is not None:
            yield name + ".bias", layer.bias

    yield "token_embd.weight", model.embedding.weight
    yield "output_norm.weight", model.norm.weight
    for i, layer in enumerate(model.layers):
        for name, part in (("attn_norm", layer.attn_norm), ("attn_q", layer.q), ("attn_k", layer.k),
                           ("attn_v", layer.v), ("attn_output", layer.o), ("ffn_norm", layer.ffn_norm),
                           ("ffn_gate", layer.gate), ("ffn_up", layer.up), ("ffn_down", layer.down)):
            yield from put(f"blk.{i}.{name}", part)
    e = model.encoder
    yield "opentslm.patch_embd.weight", e.patches.weight
    yield "opentslm.position_embd.weight", e.places
    yield from put("opentslm.input_norm", e.input_norm)
    yield from put("opentslm.projector_norm", e.before)
    yield from put("opentslm.projector", e.projector)
    for i, b in enumerate(e.blocks):
        for name, part in (("attn_qkv", b.qkv), ("attn_output", b.out), ("attn_norm", b.attn_norm),
                           ("ffn_norm", b.ffn_norm), ("ffn_up", b.up), ("ffn_down", b.down)):
            yield from put(f"opentslm.blk.{i}.{name}", part)


def stored(name, array, kind):
    """Matrices whose rows fill blocks of 32 are quantised; norms, biases and the patches stay fp32."""
    if array.ndim < 2 or array.shape[1] % 32:
        return array, Q.F32
    return gguf.quants.quantize(array, kind), kind


def write(model, vocab, path, kind):
    c = model.c
    w = gguf.GGUFWriter(path + ".part", "llama")
    w.add_name("maxts series")
    w.add_license("MIT")
    w.add_context_length(c["context"])
    w.add_embedding_length(c["hidden"])
    w.add_block_count(c["layers"])
    w.add_feed_forward_length(c["inner"])
    w.add_head_count(c["q"])
    w.add_head_count_kv(c["kv"])
    w.add_key_length(c["head"])
    w.add_value_length(c["head"])
    w.add_rope_dimension_count(c["head"])
    w.add_layer_norm_rms_eps(EPSILON)
    w.add_rope_freq_base(THETA)
    w.add_vocab_size(len(vocab.tokens))
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("smollm")
    w.add_token_list(vocab.tokens)
    w.add_token_types([3 if i in (vocab.bos, vocab.eos) else 1 for i in range(len(vocab.tokens))])
    w.add_token_merges([" ".join(m) for m in vocab.merges])
    w.add_bos_token_id(vocab.bos)
    w.add_eos_token_id(vocab.eos)
    w.add_add_bos_token(True)
    w.add_chat_template(TEMPLATE)
    w.add_string("opentslm.kind", "soft-prompt")
    for key, value in (("patch_length", "patch"), ("embedding_length", "width"), ("context_length", "places"),
                       ("feed_forward_length", "ffn"), ("block_count", "blocks"), ("attention.head_count", "heads")):
        w.add_uint32("opentslm." + key, c[value])
    w.add_float32("opentslm.attention.layer_norm_epsilon", EPSILON)
    for name, tensor in tensors(model):
        array = np.ascontiguousarray(tensor.detach().float().numpy())
        array, of = stored(name, array, KINDS[kind])
        w.add_tensor(name, array, raw_dtype=of)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    os.replace(path + ".part", path)
    return os.path.getsize(path)
