"""Model files for the comparison."""
import pathlib

import gguf
import llama_cpp as L
import numpy as np

FTYPES = {"Q4_0": L.LLAMA_FTYPE_MOSTLY_Q4_0, "Q8_0": L.LLAMA_FTYPE_MOSTLY_Q8_0, "Q4_K_M": L.LLAMA_FTYPE_MOSTLY_Q4_K_M}


def quantise(model, out, kind):
    p = L.llama_model_quantize_default_params()
    p.ftype = FTYPES[kind]
    p.allow_requantize = True
    if L.llama_model_quantize(model.encode(), out.encode(), p) != 0:
        raise SystemExit(f"peer: {model}: cannot be quantised to {kind}")
    return {"model": out, "type": kind, "bytes": pathlib.Path(out).stat().st_size}


def llama_1b(out):
    """Llama-3.2-1B's shape with random Q4_0 blocks and a vocabulary of made-up words: one tensor at a time in memory.
    Speed does not depend on what the weights are; their scale keeps activations of order one."""
    layers, width, heads, kv_heads, head, ffn, vocab = 16, 2048, 32, 8, 64, 8192, 128256
    rng = np.random.default_rng(1)
    kind = gguf.GGMLQuantizationType.Q4_0
    shapes = {"token_embd.weight": (vocab, width)}
    for i in range(layers):
        shapes |= {f"blk.{i}.{n}.weight": s for n, s in {
            "attn_q": (heads * head, width), "attn_k": (kv_heads * head, width), "attn_v": (kv_heads * head, width),
            "attn_output": (width, heads * head), "ffn_gate": (ffn, width), "ffn_up": (ffn, width),
            "ffn_down": (width, ffn)}.items()}
    norms = ["output_norm.weight"] + [f"blk.{i}.{n}.weight" for i in range(layers) for n in ("attn_norm", "ffn_norm")]

    w = gguf.GGUFWriter(out, "llama")
    w.add_name("random weights in the shape of Llama-3.2-1B")
    w.add_context_length(8192)
    w.add_embedding_length(width)
    w.add_block_count(layers)
    w.add_feed_forward_length(ffn)
    w.add_head_count(heads)
    w.add_head_count_kv(kv_heads)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_freq_base(500000.0)
    w.add_rope_dimension_count(head)
    w.add_vocab_size(vocab)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("llama-bpe")
    w.add_token_list(byte_tokens() + [f"w{i}" for i in range(256, vocab)])
    w.add_token_types([1] * vocab)
    w.add_token_merges(["a b"])
    w.add_bos_token_id(vocab - 2)
    w.add_eos_token_id(vocab - 1)
    for n in norms:
        w.add_tensor_info(n, (width,), np.dtype(np.float32), width * 4)
    for n, (rows, columns) in shapes.items():
        w.add_tensor_info(n, (rows, columns // 32 * 18), np.dtype(np.uint8), rows * columns // 32 * 18, raw_dtype=kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_ti_data_to_file()
    for n in norms:
        w.write_tensor_data(np.ones(width, np.float32))
    for rows, columns in shapes.values():
        blocks = rng.integers(0, 256, (rows * columns // 32, 18), np.uint8)
        blocks[:, :2] = np.full(len(blocks), 1 / (4.6 * np.sqrt(columns)), "<f2").reshape(-1, 1).view(np.uint8)
        w.write_tensor_data(blocks)
    w.close()
    return {"model": out, "type": "Q4_0", "bytes": pathlib.Path(out).stat().st_size}


def byte_tokens():
    """The 256 one-byte tokens of a byte-level vocabulary: printable bytes as themselves, the others from U+0100 up."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(others)) for b in range(256)]
