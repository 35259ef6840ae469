#!/usr/bin/env python3
"""Makes tests/encoder/*.gguf and *.json: tiny OpenTSLM models of random weights, and what PyPI's `opentslm` computes;
the fuzzer's first input of this kind, tests/fuzz/gguf/opentslm; and tests/stages/published.json, what its stages ask.

    python3.12 -m venv /tmp/venv && /tmp/venv/bin/pip install -r tools/requirements.txt
    /tmp/venv/bin/pip install --no-deps opentslm==0.1.0 open-flamingo==2.0.1 einops einops-exts peft accelerate psutil
    /tmp/venv/bin/python tools/make_opentslm_fixtures.py

Each model is a language model as make_fixtures.py draws it and an `OpenTSLMSP` round it, whose encoder is made smaller.
It is kept by its own store_to_file(), which is what OpenTSLM publishes, and that file goes through convert_opentslm.py.
The JSON has for each prompt what its own pad_and_apply_batch() and the language model make of it, in fp32:

    model, ids       the file, and eight token ids
    cases            [{parts, tokens, logprobs}]
    parts            [{text}] or [{values}]: in their order
    tokens           ids as the model's tokenizer gives them, -1 where a series' row stands
    logprobs[t][k]   log p(ids[k] | everything up to position t), nats

published.json has for each stage a file of one sample, `csv`, and `before, texts, values, after` as the dataset classes
of `opentslm` make them of it.
"""
import importlib.machinery
import json
import pathlib
import sys
import tempfile
import types
import unittest.mock

import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as Q
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

# What open_flamingo imports for pictures, and what the dataset classes import for files: nothing here asks for it.
for name in ("open_clip", "datasets", "wfdb", "pandas", "matplotlib", "matplotlib.pyplot", "sklearn",
             "sklearn.model_selection"):
    sys.modules[name] = unittest.mock.MagicMock(__spec__=importlib.machinery.ModuleSpec(name, None))

import convert_opentslm
import tiny_vocab
from make_fixtures import Tiny

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "encoder"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")


def tokenizer_of(vocab):
    """The same vocabulary for `transformers`, BOS before every text."""
    ids = {token: i for i, token in enumerate(vocab["tokens"])}
    if vocab["model"] == "gpt2":
        t = Tokenizer(models.BPE(vocab=ids, merges=[tuple(m.split(" ")) for m in vocab["merges"]], ignore_merges=True))
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
                                                   pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    else:
        rank = {token: -score for token, score in zip(vocab["tokens"], vocab["scores"])}
        merges = sorted(((piece[:i], piece[i:]) for piece in ids for i in range(1, len(piece))
                         if not piece.startswith("<") and piece[:i] in ids and piece[i:] in ids),
                        key=lambda pair: rank[pair[0] + pair[1]])
        t = Tokenizer(models.BPE(vocab=ids, merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
        t.normalizer = normalizers.Replace(" ", "▁")
    bos = vocab["tokens"][vocab["bos"]]
    t.add_special_tokens([AddedToken(token, special=True, normalized=False)
                          for token, kind in zip(vocab["tokens"], vocab["types"]) if kind == tiny_vocab.CONTROL])
    t.post_processor = processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[(bos, vocab["bos"])])
    t.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=t, bos_token=bos, padding_side="right",
                                                eos_token=vocab["tokens"][vocab["eos"]],
                                                pad_token=vocab["tokens"][vocab["eos"]])


def soft_prompt_model(tiny, width, heads, layers, ffn, places, lora):
    """An OpenTSLMSP of this language model, whose constructor would fetch one."""
    from opentslm.model.encoder.TransformerCNNEncoder import TransformerCNNEncoder
    from opentslm.model.llm.OpenTSLMSP import OpenTSLMSP
    from opentslm.model.projector.MLPProjector import MLPProjector
    m = OpenTSLMSP.__new__(OpenTSLMSP)
    torch.nn.Module.__init__(m)
    m.device = "cpu"
    m.tokenizer, m.llm, m.patch_size = tokenizer_of(tiny.vocab), tiny.torch_model(), 4
    m.encoder = TransformerCNNEncoder(output_dim=width, transformer_input_dim=width, num_heads=heads, ff_dim=ffn,
                                      num_layers=layers, max_patches=places)
    m.projector = MLPProjector(width, tiny.width, device="cpu")
    m.lora_enabled = False
    for p in m.llm.parameters():
        p.requires_grad = False
    if lora:
        m.enable_lora(lora_r=2, lora_alpha=6)
    with torch.no_grad(): # constructors set much of it to 0 or 1; rows as large as the tokens'
        for p in [*m.encoder.parameters(), *m.projector.parameters(), *m.get_lora_parameters()]:
            p.copy_(torch.randn_like(p) * (0.5 / p.shape[-1] ** 0.5 if p.dim() > 1 else 0.3) + (p.dim() == 1) * 0.5)
        m.projector.projector[1].weight.mul_(3)
    return m.float().eval()


def flamingo_model(tiny, width, heads, dim, layers, latents, places, every):
    """An OpenTSLMFlamingo of this language model, whose constructor would fetch one; its parts made smaller."""
    from open_flamingo.src.flamingo_lm import FlamingoLMMixin
    from open_flamingo.src.helpers import GatedCrossAttentionBlock, PerceiverResampler
    from open_flamingo.src.utils import extend_instance
    from opentslm.model.encoder.CNNTokenizer import CNNTokenizer
    from opentslm.model.llm.OpenTSLMFlamingo import OpenTSLMFlamingo
    from opentslm.model.llm.TimeSeriesFlamingoWithTrainableEncoder import TimeSeriesFlamingoWithTrainableEncoder
    m = OpenTSLMFlamingo.__new__(OpenTSLMFlamingo)
    torch.nn.Module.__init__(m)
    m.device, m.text_tokenizer, language = "cpu", tokenizer_of(tiny.vocab), tiny.torch_model()
    m.text_tokenizer.add_special_tokens({"additional_special_tokens": ["<|endofchunk|>", "<image>"]})
    extend_instance(language, FlamingoLMMixin)
    language.set_decoder_layers_attr_name("model.layers")
    language.resize_token_embeddings(len(m.text_tokenizer))
    encoder = CNNTokenizer(output_dim=width, transformer_input_dim=width, max_patches=places)
    ids = [m.text_tokenizer.encode(token)[-1] for token in ("<|endofchunk|>", "<image>")]
    m.llm = m.model = TimeSeriesFlamingoWithTrainableEncoder(
        types.SimpleNamespace(visual=encoder), language, *ids, vis_dim=width, cross_attn_every_n_layers=every)
    m.model.perceiver = PerceiverResampler(dim=width, depth=layers, dim_head=dim, heads=heads, num_latents=latents)
    language.gated_cross_attn_layers = torch.nn.ModuleList(
        GatedCrossAttentionBlock(dim=tiny.width, dim_visual=width, dim_head=dim, heads=heads)
        if (i + 1) % every == 0 else None for i in range(tiny.layers))
    language.init_flamingo_layers(False)
    with torch.no_grad():
        for part in (encoder, m.model.perceiver, language.gated_cross_attn_layers):
            for name, p in part.named_parameters():
                p.copy_(torch.randn_like(p) * (1 / p.shape[-1] ** 0.5 if p.dim() > 1 else 0.3) + (p.dim() == 1) * 0.5)
        language.get_input_embeddings().weight[-2:] = torch.randn(2, tiny.width) * 0.3
    return m.float().eval()


PROMPTS = [
    ("The series:", [("it has mean 1.5 and std 2:", 37)], "Answer:"),
    ("  You are given data. ", [("x-axis:", 24), ("y-axis, naïve ✓", 17), ("z", 3)], "Rationale:\n"),
    ("no series", [], "at all"),
    ("long", [("to the last place", 96)], ""),
]


def soft_logits(m, batch, parts, rows):
    embedded, mask = m.pad_and_apply_batch(batch)
    tokens = []
    for part in parts:
        tokens += m.tokenizer(part["text"]).input_ids if "text" in part else [-1] * rows
    return tokens, m.llm(inputs_embeds=embedded, attention_mask=mask).logits[0].double()


def flamingo_logits(m, batch, parts, rows):
    ids, series, mask, _ = m.pad_and_apply_batch(batch, include_labels=True)
    return ids[0].tolist(), m.llm(vision_x=series, lang_x=ids, attention_mask=mask).logits[0].double()


def cases(m, rng, ids):
    from opentslm.time_series_datasets.util import extend_time_series_to_match_patch_size_and_aggregate as extend
    for pre, series, post in PROMPTS:
        values = [np.round(np.cumsum(rng.normal(0, 0.5, n)), 3).tolist() for _, n in series]
        parts = [{"text": pre}]
        for (text, _), v in zip(series, values):
            parts += [{"text": text}, {"values": v}]
        parts.append({"text": post})
        batch = [{"pre_prompt": pre, "time_series_text": [text for text, _ in series],
                  "time_series": values, "post_prompt": post}]
        rows = 0
        if series:
            batch = extend(batch)
            rows = batch[0]["time_series"].shape[1] // 4
        elif not hasattr(m, "tokenizer"): # Flamingo takes none without
            continue
        with torch.no_grad():
            tokens, logits = (soft_logits if hasattr(m, "tokenizer") else flamingo_logits)(m, batch, parts, rows)
        assert len(tokens) == logits.shape[0]
        logp = torch.log_softmax(logits, -1).numpy()
        yield {"parts": parts, "tokens": tokens, "logprobs": [[float(f"{x:.7g}") for x in row[ids]] for row in logp]}


def converted(m, tiny, heads, out):
    with tempfile.TemporaryDirectory() as scratch:
        base, checkpoint = f"{scratch}/base.gguf", f"{scratch}/model_checkpoint.pt"
        tiny.write(base)
        m.store_to_file(checkpoint)
        convert_opentslm.main([checkpoint, base, str(out), "--heads", str(heads)])


def make(name, tiny, seed, model, **encoder):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    m = model(tiny, **encoder)
    converted(m, tiny, encoder["heads"], OUT / f"{name}.gguf")
    ids = sorted(rng.choice(tiny.vocab_size, 8, replace=False).tolist())
    json.dump({"model": f"{name}.gguf", "ids": ids, "cases": list(cases(m, rng, ids))},
              open(OUT / f"{name}.json", "w", encoding="utf-8"), separators=(",", ":"), ensure_ascii=False)
    print(name, (OUT / f"{name}.gguf").stat().st_size, "bytes,", (OUT / f"{name}.json").stat().st_size, "of numbers")


# ---- what the stages ask ----

def asked(stage, csv, dataset, row):
    """As QADataset._format_sample() puts it together."""
    shown = dataset._get_text_time_series_prompt_list(row)
    return {"stage": stage, "csv": csv, "before": dataset._get_pre_prompt(row).strip(),
            "texts": [s.get_text() for s in shown],
            "values": [[float(f"{x:.7g}") for x in s.get_time_series()] for s in shown],
            "after": dataset._get_post_prompt(row).strip()}


def published():
    from opentslm.time_series_datasets.TSQADataset import TSQADataset
    from opentslm.time_series_datasets.ecg_qa.ECGQACoTQADataset import ECGQACoTQADataset
    from opentslm.time_series_datasets.har_cot.HARCoTQADataset import HARCoTQADataset
    from opentslm.time_series_datasets.m4.M4QADataset import M4QADataset
    from opentslm.time_series_datasets.sleep.SleepEDFCoTQADataset import SleepEDFCoTQADataset
    new = object.__new__
    wave = [round(float(x), 3) for x in np.sin(np.arange(24) / 3) + 0.02 * np.arange(24)]
    flat = [0.25] * 24
    har = {"x_axis": wave, "y_axis": [round(1 - x / 4, 3) for x in wave], "z_axis": flat}
    yield asked("har", "label,x_axis,y_axis,z_axis\nwalking,\"%s\",\"%s\",\"%s\"\n" % tuple(har.values()),
                new(HARCoTQADataset), har)
    yield asked("sleep", f'time_series,label\n"[{wave}]",Wake\n', new(SleepEDFCoTQADataset), {"time_series": wave})
    yield asked("m4", f'id,series\nA1,"{wave}"\n', new(M4QADataset), {"series": wave})
    tsqa = {"Series": str(wave), "Question": "Does it rise, (a) yes or (b) no?", "Task": "trend", "Answer": "(a) yes"}
    yield asked("tsqa", f'Series,Question,Answer,Task\n"{wave}","{tsqa["Question"]}",(a) yes,trend\n', new(TSQADataset),
                tsqa)
    # tests/stages/test_stage.c (heart_questions) writes this record at 500 Hz
    signal = np.array([[(50 * t + c) / 100 for c in range(2)] for t in range(4)])
    ECGQACoTQADataset._ecg_data_cache = {"record": (signal, "100Hz", "100Hz")}
    ECGQACoTQADataset._template_answers_cache = {1: ["no", "not sure", "yes"]}
    yield asked("ecg", "", new(ECGQACoTQADataset),
                {"question": "Is it noisy, or not?", "question_type": "single-verify", "template_id": 1,
                 "clinical_contexts": ["72-year-old, male"], "ecg_paths": ["record"]})


def main():
    json.dump(list(published()), open(ROOT / "tests" / "stages" / "published.json", "w", encoding="utf-8"),
              separators=(",", ":"), ensure_ascii=False)
    OUT.mkdir(parents=True, exist_ok=True)
    make("soft-llama", Tiny("soft-llama", "llama", Q.F32, width=32, layers=2, heads=2, kv_heads=1, head_dim=16, ffn=48,
                            vocab=tiny_vocab.llama3(), seed=71), 1, soft_prompt_model, lora=True, width=16, heads=2,
         layers=2, ffn=40, places=24)
    make("soft-gemma", Tiny("soft-gemma", "gemma3", Q.F16, width=32, layers=2, heads=2, kv_heads=1, head_dim=16, ffn=32,
                            vocab=tiny_vocab.gemma(), seed=72, window=16, pattern=2,
                            rope={"theta": 1000000.0, "local": 10000.0}), 2, soft_prompt_model, lora=False, width=24,
         heads=4, layers=1, ffn=32, places=24)
    make("flamingo-llama", Tiny("flamingo-llama", "llama", Q.F32, width=32, layers=3, heads=2, kv_heads=1, head_dim=16,
                                ffn=48, vocab=tiny_vocab.llama3(), seed=74), 3, flamingo_model, width=16, heads=2,
         dim=16, layers=2, latents=10, places=24, every=2)
    make("flamingo-gemma", Tiny("flamingo-gemma", "gemma3", Q.F32, width=32, layers=2, heads=2, kv_heads=1, head_dim=16,
                                ffn=32, vocab=tiny_vocab.gemma(), seed=75, window=16, pattern=2,
                                rope={"theta": 1000000.0, "local": 10000.0}), 4, flamingo_model, width=24, heads=3,
         dim=8, layers=1, latents=18, places=24, every=1)
    torch.manual_seed(5)
    seed = Tiny("opentslm", "llama", Q.Q4_0, width=32, layers=1, heads=2, kv_heads=1, head_dim=16, ffn=32,
                vocab=tiny_vocab.llama3(8), seed=73)
    converted(soft_prompt_model(seed, 8, 2, 1, 8, 4, False), seed, 2, ROOT / "tests" / "fuzz" / "gguf" / "opentslm")


if __name__ == "__main__":
    main()
