# export.py: checkpoint -> GGUF, as llama.cpp's converter names things for `bert`; and back, for evaluation.
#
#   export.py CHECKPOINT q8 OUT.gguf      the file that is shipped
#   export.py CHECKPOINT f32 OUT.gguf     the same without quantization, to measure against
import sys

import numpy as np
import torch

import data
import gguf as G
import model as M
import text as T


def tensors_of(model):
    s = {k: v.numpy() for k, v in model.state_dict().items()}
    out = {"token_embd.weight": model.words.numpy(), "token_types.weight": s["types"],
           "position_embd.weight": s["position"], "token_embd_norm.weight": s["norm.weight"],
           "token_embd_norm.bias": s["norm.bias"]}
    for i in range(len(model.layers)):
        for p in ("weight", "bias"):
            for part, name in zip(np.split(s[f"layers.{i}.qkv.{p}"], 3), ("attn_q", "attn_k", "attn_v")):
                out[f"blk.{i}.{name}.{p}"] = part
            for ours, name in (("out", "attn_output"), ("norm1", "attn_output_norm"), ("up", "ffn_up"),
                               ("down", "ffn_down"), ("norm2", "layer_output_norm")):
                out[f"blk.{i}.{name}.{p}"] = s[f"layers.{i}.{ours}.{p}"]
    for p in ("weight", "bias"):
        out[f"cls.{p}"] = s[f"pooler.{p}"]
        out[f"cls.output.{p}"] = s[f"classifier.{p}"]
    return out


def is_matrix(name, x):
    """The tensors that are quantized; the small tables stay as they are, as in llama.cpp."""
    return x.ndim == 2 and name not in ("token_types.weight", "position_embd.weight")


def model_of(keys, tensors, change=lambda name, x: x):
    """The PyTorch model of a GGUF file's (dequantized) tensors, each passed through `change`."""
    t = {n: torch.from_numpy(np.array(change(n, x) if is_matrix(n, x) else x)) for n, x in tensors.items()}
    m = M.Bert(vocab=len(t["token_embd.weight"]), layers=keys["bert.block_count"], d=keys["bert.embedding_length"],
               f=keys["bert.feed_forward_length"], heads=keys["bert.attention.head_count"],
               context=keys["bert.context_length"])
    m.words = t["token_embd.weight"]
    s = {"types": t["token_types.weight"], "position": t["position_embd.weight"]}
    for p in ("weight", "bias"):
        s[f"norm.{p}"] = t[f"token_embd_norm.{p}"]
        s[f"pooler.{p}"], s[f"classifier.{p}"] = t[f"cls.{p}"], t[f"cls.output.{p}"]
        for i in range(keys["bert.block_count"]):
            b = f"blk.{i}."
            s[f"layers.{i}.qkv.{p}"] = torch.cat([t[b + f"attn_{c}.{p}"] for c in "qkv"])
            for ours, name in (("out", "attn_output"), ("norm1", "attn_output_norm"), ("up", "ffn_up"),
                               ("down", "ffn_down"), ("norm2", "layer_output_norm")):
                s[f"layers.{i}.{ours}.{p}"] = t[f"{b}{name}.{p}"]
    m.load_state_dict(s)
    return m


def main():
    checkpoint, kind, out = sys.argv[1:]
    model, tok = M.Bert.load(checkpoint), data.tokenizer()
    c = model.config
    pieces = [p if i < 5 else p[2:] if p.startswith("##") and len(p) > 2 else "\u2581" + p for i, p in enumerate(tok.pieces)]
    keys = [
        ("general.architecture", G.STRING, "bert"),
        ("general.name", G.STRING, "sentiment-50m"),
        ("general.alignment", G.U32, G.ALIGN),
        ("general.file_type", G.U32, 7 if kind == "q8" else 0),
        ("general.quantization_version", G.U32, 2),
        ("bert.vocab_size", G.U32, c["vocab"]),
        ("bert.context_length", G.U32, c["context"]),
        ("bert.embedding_length", G.U32, c["d"]),
        ("bert.feed_forward_length", G.U32, c["f"]),
        ("bert.block_count", G.U32, len(model.layers)),
        ("bert.attention.head_count", G.U32, c["heads"]),
        ("bert.attention.layer_norm_epsilon", G.F32_KEY, M.EPS),
        ("bert.attention.causal", G.BOOL, False),
        ("bert.pooling_type", G.U32, 4),   # RANK: pooler and classifier on [CLS]
        ("bert.classifier.output_labels", G.ARRAY, (G.STRING, M.LABELS)),
        ("tokenizer.ggml.model", G.STRING, "bert"),
        ("tokenizer.ggml.pre", G.STRING, "default"),
        ("tokenizer.ggml.token_type_count", G.U32, 2),
        ("tokenizer.ggml.tokens", G.ARRAY, (G.STRING, pieces)),
        ("tokenizer.ggml.token_type", G.ARRAY, (G.I32, [3 if i < 5 else 1 for i in range(len(pieces))])),
        ("tokenizer.ggml.bos_token_id", G.U32, T.CLS),
        ("tokenizer.ggml.eos_token_id", G.U32, T.SEP),
        ("tokenizer.ggml.unknown_token_id", G.U32, T.UNK),
        ("tokenizer.ggml.seperator_token_id", G.U32, T.SEP),   # spelled so in the format
        ("tokenizer.ggml.padding_token_id", G.U32, T.PAD),
        ("tokenizer.ggml.cls_token_id", G.U32, T.CLS),
        ("tokenizer.ggml.mask_token_id", G.U32, T.MASK),
    ]
    tensors = [(n, x, G.Q8_0 if kind == "q8" and is_matrix(n, x) else G.F32) for n, x in tensors_of(model).items()]
    G.write(out, keys, tensors)


if __name__ == "__main__":
    main()
