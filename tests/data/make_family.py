#!/usr/bin/python3
# make_family.py: small random encoders of the family as GGUF, heads and adapters for them, and what plain PyTorch makes of
# some token ids. Written from the papers (BERT, RoBERTa, DistilBERT, MiniLM, ModernBERT, LoRA); shares no code with nano.
#
#     ./make_family.py        writes family/*.gguf and family/golden.json        (needs python3-torch)
import json
import math
import os
import struct

import torch

import make_bert_tiny as tiny

F = torch.nn.functional
ABI = "bert/64/family-test"


class Model:
    """Shape, weights (as they are after rounding to f16) and the forward pass in double."""

    def __init__(self, seed, arch="bert", hidden=64, layers=2, heads=2, inner=96, context=48, eps=1e-12, types=2, pad=None,
                 window=0, period=3, vocab=None, dense=None, outputs=0, pooling="cls"):
        self.__dict__.update(locals())
        self.modern = arch == "modern-bert"
        self.g = torch.Generator().manual_seed(seed)
        self.w = {}
        vocab = vocab or len(tiny.vocabulary())
        self.vocab = vocab
        self.normal("token_embd.weight", vocab, hidden, std=0.5)
        if not self.modern:
            # RoBERTa counts positions from its padding id + 1: the rows before are never read, and are cut off in GGUF.
            self.offset = 0 if pad is None else pad + 1
            self.normal("position_embd.weight", context + self.offset, hidden, std=0.3)
            if types:
                self.normal("token_types.weight", types, hidden, std=0.5)
        self.norm("token_embd_norm")
        for i in range(layers):
            b = f"blk.{i}."
            if self.modern:
                if i:
                    self.norm(b + "attn_norm")
                self.linear(b + "attn_qkv", hidden, 3 * hidden)
            else:
                for part in ("attn_q", "attn_k", "attn_v"):
                    self.linear(b + part, hidden, hidden)
            self.linear(b + "attn_output", hidden, hidden)
            self.norm(b + ("ffn_norm" if self.modern else "attn_output_norm"))
            self.linear(b + "ffn_up", hidden, inner * (2 if self.modern else 1))
            self.linear(b + "ffn_down", inner, hidden)
            if not self.modern:
                self.norm(b + "layer_output_norm")
        if self.modern:
            self.norm("output_norm")
        self.head = Head(self, hidden, dense, outputs, pooling)

    def normal(self, name, *shape, std):
        self.w[name] = (torch.randn(*shape, generator=self.g) * std).half().float()

    def norm(self, name, n=None):
        self.w[name + ".weight"] = 1 + torch.randn(n or self.hidden, generator=self.g) * 0.2
        if not self.modern:
            self.w[name + ".bias"] = torch.randn(n or self.hidden, generator=self.g) * 0.2

    def linear(self, name, inputs, outputs, bias=None):
        self.normal(name + ".weight", outputs, inputs, std=1.2 / math.sqrt(inputs))
        if bias if bias is not None else not self.modern:
            self.w[name + ".bias"] = torch.randn(outputs, generator=self.g) * 0.2

    def forward(self, ids, types=None, adapter=None):
        """ids (t) -> hidden states (t, hidden)."""
        w = {k: v.double() for k, v in self.w.items()}
        if adapter:
            for name, (a, b, scale) in adapter.items():
                w[name] = w[name] + scale * (b.double() @ a.double())
        h, heads, t = self.hidden, self.heads, len(ids)
        width = h // heads

        def lin(x, name):
            return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))

        def ln(x, name):
            return F.layer_norm(x, (h,), w[name + ".weight"], w.get(name + ".bias"), self.eps)

        x = w["token_embd.weight"][ids]
        if not self.modern:
            x = x + w["position_embd.weight"][self.offset:self.offset + t]
            if self.types:
                x = x + w["token_types.weight"][types if types else [0] * t]
        x = ln(x, "token_embd_norm")
        for i in range(self.layers):
            b = f"blk.{i}."
            y = ln(x, b + "attn_norm") if self.modern and i else x
            if self.modern:
                q, k, v = lin(y, b + "attn_qkv").split(h, -1)
            else:
                q, k, v = (lin(y, b + p) for p in ("attn_q", "attn_k", "attn_v"))
            q, k, v = (z.view(t, heads, width).transpose(0, 1) for z in (q, k, v))
            mask = torch.zeros(t, t, dtype=torch.double)
            if self.modern:
                local = i % self.period != 0
                q, k = (self.rotate(z, 10000.0 if local else 160000.0) for z in (q, k))
                far = (torch.arange(t)[:, None] - torch.arange(t)[None, :]).abs() > self.window // 2
                if local:
                    mask[far] = -math.inf
            a = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(width) + mask, -1) @ v
            a = lin(a.transpose(0, 1).reshape(t, h), b + "attn_output")
            if self.modern:
                x = x + a
                gate, up = lin(ln(x, b + "ffn_norm"), b + "ffn_up").split(self.inner, -1)
                x = x + lin(F.gelu(gate) * up, b + "ffn_down")
            else:
                x = ln(x + a, b + "attn_output_norm")
                x = ln(x + lin(F.gelu(lin(x, b + "ffn_up")), b + "ffn_down"), b + "layer_output_norm")
        return ln(x, "output_norm") if self.modern else x

    @staticmethod
    def rotate(z, base):
        """(heads, t, width): pairs (d, d + width / 2) turn by position * base^(-2 d / width)."""
        t, width = z.shape[1:]
        angle = torch.arange(t).double()[:, None] * base ** (-torch.arange(0, width, 2).double() / width)
        c, s = angle.cos(), angle.sin()
        a, b = z[..., :width // 2], z[..., width // 2:]
        return torch.cat((a * c - b * s, b * c + a * s), -1)


class Head:
    """cls (dense), activation, cls.norm, cls.output."""

    def __init__(self, m, hidden, dense, outputs, pooling):
        self.m, self.hidden, self.dense, self.outputs, self.pooling = m, hidden, dense, outputs, pooling
        before = set(m.w)
        if dense:
            m.linear("cls", hidden, hidden)
            if m.modern:
                m.norm("cls.norm")
        if outputs:
            m.linear("cls.output", hidden, outputs, bias=True)
        self.w = {k: m.w[k] for k in m.w if k not in before}

    def __call__(self, x):
        """(…, hidden) -> (…, outputs)"""
        w = {k: v.double() for k, v in self.w.items()}
        if self.dense:
            x = F.linear(x, w["cls.weight"], w.get("cls.bias"))
            x = {"tanh": torch.tanh, "relu": torch.relu, "gelu": F.gelu}[self.dense](x)
            if "cls.norm.weight" in w:
                x = F.layer_norm(x, (self.hidden,), w["cls.norm.weight"], w.get("cls.norm.bias"), self.m.eps)
        if not self.outputs:
            return x
        return F.linear(x, w["cls.output.weight"], w["cls.output.bias"])

    def pool(self, x):
        return {"cls": x[0], "mean": x.mean(0), "max": x.max(0).values, "last": x[-1]}[self.pooling]


def separate_head(m, seed, dense, outputs, pooling):
    """A head with weights of its own: not among the model's."""
    kept, m.w, m.g = m.w, {}, torch.Generator().manual_seed(seed)
    head = Head(m, m.hidden, dense, outputs, pooling)
    m.w = kept
    return head


def lora(m, seed, rank, alpha, names):
    g = torch.Generator().manual_seed(seed)
    out = {}
    for name in names:
        n, k = m.w[name].shape
        a, b = ((torch.randn(*s, generator=g) * 0.3).half().float() for s in ((rank, k), (n, rank)))
        out[name] = (a, b, alpha / rank)
    return out


# --- GGUF ---

def pairs_of(meta):
    out = []
    for key, v in meta.items():
        head = tiny.gguf_string(key)
        if isinstance(v, bool):
            out.append(head + struct.pack("<I?", 7, v))
        elif isinstance(v, int):
            out.append(head + struct.pack("<II", 4, v))
        elif isinstance(v, float):
            out.append(head + struct.pack("<If", 6, v))
        elif isinstance(v, str):
            out.append(head + struct.pack("<I", 8) + tiny.gguf_string(v))
        elif isinstance(v[0], str):
            out.append(head + struct.pack("<IIQ", 9, 8, len(v)) + b"".join(tiny.gguf_string(s) for s in v))
        else:
            out.append(head + struct.pack("<IIQ", 9, 5, len(v)) + b"".join(struct.pack("<i", i) for i in v))
    return out


def write(path, meta, tensors):
    infos, data = b"", b""
    for name, v in tensors.items():
        matrix = v.dim() > 1
        infos += tiny.gguf_string(name) + struct.pack("<I", v.dim())
        infos += b"".join(struct.pack("<Q", d) for d in reversed(v.shape)) + struct.pack("<IQ", 1 if matrix else 0, len(data))
        data += (v.half() if matrix else v.float()).contiguous().numpy().tobytes()
        data += b"\0" * (-len(data) % 32)
    pairs = pairs_of(meta)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs) + infos
    with open(path, "wb") as out:
        out.write(head + b"\0" * (-len(head) % 32) + data)


def meta_of(m, name, extra, words):
    a = m.arch
    meta = {"general.architecture": a, "general.type": "model", "general.name": name, f"{a}.context_length": m.context,
            f"{a}.embedding_length": m.hidden, f"{a}.block_count": m.layers, f"{a}.feed_forward_length": m.inner,
            f"{a}.attention.head_count": m.heads, f"{a}.attention.layer_norm_epsilon": m.eps,
            f"{a}.attention.causal": False}
    if m.modern:
        meta |= {f"{a}.attention.sliding_window": m.window, f"{a}.attention.sliding_window_pattern": m.period,
                 f"{a}.rope.freq_base": 160000.0, f"{a}.rope.freq_base_swa": 10000.0, f"{a}.rope.scaling.type": "none"}
    if words:
        pieces = tiny.vocabulary()
        meta |= {"tokenizer.ggml.model": "bert", "tokenizer.ggml.pre": "jina-v2-en", "tokenizer.ggml.token_type_count": 2,
                 "tokenizer.ggml.tokens": [p for p, _ in pieces], "tokenizer.ggml.token_type": [t for _, t in pieces]}
        for key, v in (("padding", 0), ("unknown", 1), ("cls", 2), ("bos", 2), ("eos", 3), ("seperator", 3), ("mask", 4)):
            meta[f"tokenizer.ggml.{key}_token_id"] = v
    return meta | extra


def write_model(path, m, name, extra, words):
    w = dict(m.w)
    if not m.modern:
        w["position_embd.weight"] = w["position_embd.weight"][m.offset:]
    write(path, meta_of(m, name, extra, words), w)


# --- what is expected ---

def rounded(v):
    return [round(float(x), 6) for x in v.reshape(-1)]


def case(m, ids, types=None, adapter=None, head=None, **more):
    x = m.forward(ids, types, adapter)
    out = {"ids": ids, "first": rounded(x[0]), "last": rounded(x[-1])}
    if types:
        out["types"] = types
    head = head or m.head
    if head.outputs and "tags" not in more:
        logits = head(head.pool(x))
        out["logits"] = rounded(logits)
        out["softmax"] = rounded(torch.softmax(logits, -1))
        out["sigmoid"] = rounded(torch.sigmoid(logits))
    if "tags" in more:
        out["tags"] = rounded(head(x))
    if more.get("pooled"):
        for p in ("mean", "max"):
            v = x.mean(0) if p == "mean" else x.max(0).values
            out[p] = rounded(F.normalize(v, dim=0))
    return out


def main():
    here = os.path.dirname(os.path.abspath(__file__)) + "/family/"
    os.makedirs(here, exist_ok=True)
    pieces = tiny.vocabulary()
    g = torch.Generator().manual_seed(5)
    golden = {}

    def some(n, vocab):
        return [2] + torch.randint(5, vocab, (n - 2,), generator=g).tolist() + [3] if n > 1 else [2]

    def texts(m, list_of, **more):
        out = []
        for t in list_of:
            ids = tiny.encode(t, pieces)[:m.context]
            out.append({"text": t} | case(m, ids, **more))
        return out

    plain = ["the film is good", "", "a really boring movie, not fun at all!"]

    # DistilBERT: no token types, a ReLU before the classifier; scores of several labels at once.
    m = Model(101, types=0, heads=2, inner=96, dense="relu", outputs=4)
    write_model(here + "distilbert.gguf", m, "distilbert-test",
                {"nano.classifier.activation": "relu", "nano.classifier.problem": "multi_label",
                 "bert.classifier.output_labels": ["fun", "sad", "long", "old"]}, True)
    golden["distilbert"] = texts(m, plain)

    # RoBERTa and XLM-R: positions from the padding id + 1 = 2; one token type; dense and tanh before the classifier.
    m = Model(102, heads=4, inner=64, layers=1, context=40, types=1, pad=1, vocab=80, dense="tanh", outputs=2, eps=1e-5)
    write_model(here + "roberta.gguf", m, "roberta-test", {}, False)
    golden["roberta"] = [case(m, some(n, 80)) for n in (1, 7, 40)]

    # MiniLM: BERT's layers with heads of 32; means as embeddings; pairs with token types. Also the base of the heads.
    m = Model(103, heads=2, inner=128)
    base = m
    write_model(here + "minilm.gguf", m, "minilm-test", {"bert.pooling_type": 1, "nano.abi": ABI}, True)
    golden["minilm"] = texts(m, plain, pooled=True)
    pair = ("the film is good", "it is not bad")
    a, b = (tiny.encode(t, pieces)[1:-1] for t in pair)
    golden["minilm"].append({"text": pair[0], "pair": pair[1]} | case(
        m, [2] + a + [3] + b + [3], types=[0] * (len(a) + 2) + [1] * (len(b) + 1), pooled=True))

    # Heads of the base, and an adapter; alone and together.
    classify = separate_head(base, 201, "tanh", 3, "cls")
    tag = separate_head(base, 202, None, 5, "cls")
    embed = separate_head(base, 203, None, 32, "mean")
    kinds = {"general.type": "head", "general.architecture": "bert", "bert.embedding_length": 64, "nano.head.abi": ABI}
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    write(here + "head_classify.gguf", kinds | {"nano.task": "text-classification",
                                               "bert.classifier.output_labels": ["low", "middle", "high"]}, classify.w)
    write(here + "head_tag.gguf", kinds | {"nano.task": "token-classification", "bert.classifier.output_labels": tags}, tag.w)
    write(here + "head_embed.gguf", kinds | {"nano.task": "feature-extraction", "nano.pooling": "mean"}, embed.w)
    names = [f"blk.{i}.{p}.weight" for i in (0, 1) for p in ("attn_q", "attn_v", "attn_output", "ffn_up", "ffn_down")]
    changes = lora(base, 204, 4, 8.0, names)
    tensors = {}
    for name, (x, y, _) in changes.items():
        tensors |= {name + ".lora_a": x, name + ".lora_b": y}
    write(here + "lora.gguf", {"general.type": "adapter", "general.architecture": "bert", "adapter.type": "lora",
                               "adapter.lora.alpha": 8.0}, tensors)
    golden["heads"] = []
    for t in plain:
        ids = tiny.encode(t, pieces)
        for use in (None, changes):
            x = base.forward(ids, None, use)
            golden["heads"].append({
                "text": t, "adapter": use is not None, "ids": ids, "first": rounded(x[0]), "last": rounded(x[-1]),
                "classify": rounded(torch.softmax(classify(x[0]), -1)),
                "tag": rounded(torch.softmax(tag(x), -1)),
                "embed": rounded(F.normalize(embed(x.mean(0)), dim=0))})

    # ModernBERT: rotary, gated, pre-norm, no biases, every third layer global, the others within 4 tokens on each side.
    m = Model(105, arch="modern-bert", layers=4, heads=2, inner=64, context=96, eps=1e-5, window=8, vocab=80,
              dense="gelu", outputs=3, pooling="mean")
    write_model(here + "modernbert.gguf", m, "modernbert-test", {"nano.pooling": "mean"}, False)
    golden["modernbert"] = [case(m, some(n, 80)) for n in (1, 4, 11, 40, 90)]
    changes = lora(m, 205, 2, 2.0, ["blk.0.attn_qkv.weight", "blk.1.ffn_up.weight", "blk.3.attn_qkv.weight"])
    tensors = {}
    for name, (x, y, _) in changes.items():
        tensors |= {name + ".lora_a": x, name + ".lora_b": y}
    write(here + "modern_lora.gguf", {"general.type": "adapter", "general.architecture": "modern-bert",
                                      "adapter.type": "lora", "adapter.lora.alpha": 2.0}, tensors)
    golden["modern_lora"] = [case(m, some(n, 80), adapter=changes) for n in (4, 30)]

    with open(here + "golden.json", "w", encoding="ascii") as out:
        parts = [json.dumps(k) + ": [\n" + ",\n".join(json.dumps(c) for c in v) + "\n]" for k, v in golden.items()]
        out.write("{" + ",\n".join(parts) + "}\n")


if __name__ == "__main__":
    main()
