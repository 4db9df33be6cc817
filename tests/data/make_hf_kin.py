#!/usr/bin/python3
# make_hf_kin.py: BERT's nearest kin as small random Hugging Face folders, and what the libraries they come from make of some
# texts: the outside truth of `nano convert` for them. Shares no code with nano.
#
#     python3 -m venv V && V/bin/pip install torch==1.13.1 'numpy<2' transformers==4.41.2 model2vec==0.2.4
#     V/bin/python make_hf_kin.py [MODEL2VEC]     writes hf_kin/<model>/… and hf_kin/golden.json
#
# MODEL2VEC: a folder of model2vec 0.10's package (`pip download --no-deps model2vec==0.10.0`, unzipped), for tables with
# `mapping` and `weights`; its tokenizers are older than it asks for, which `Fast` below makes up for. The vocabularies are
# those of hf/ (make_hf_tiny.py).
import copy
import json
import os
import shutil
import sys

import numpy as np
import torch
import transformers as hf
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch
from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
TO = HERE + "/hf_kin/"
SIZES = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=24)
TEXTS = ["the film is good", "a very bad story , not good !", "", "Good story . Berlin was great"]
QUESTIONS = [("is it good", "the film was very bad . it is a good story ."), ("was Berlin great", "Berlin was not a good film , it was great !")]
GOLDEN = {}


def read(name):
    with open(HERE + "/hf/" + name, encoding="utf-8") as f:
        return json.load(f)


def write(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=1)


# --- tokenizers, of those that hf/ has

def wordpiece():
    vocab = read("bert_ner/tokenizer.json")["model"]["vocab"]
    special = [t for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") if t in vocab]
    token = lambda t, kind: {"SpecialToken": {"id": t, "type_id": kind}}
    text = lambda name, kind: {"Sequence": {"id": name, "type_id": kind}}
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": vocab[t], "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} for t in special],
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing", "single": [token("[CLS]", 0), text("A", 0), token("[SEP]", 0)],
                               "pair": [token("[CLS]", 0), text("A", 0), token("[SEP]", 0), text("B", 1), token("[SEP]", 1)],
                               "special_tokens": {t: {"id": t, "ids": [vocab[t]], "tokens": [t]} for t in ("[CLS]", "[SEP]")}},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab}}


def byte_pairs():
    """RoBERTa's vocab.json and merges.txt as a tokenizer.json."""
    with open(HERE + "/hf/roberta_cls/merges.txt", encoding="utf-8") as f:
        merges = [l for l in f.read().split("\n") if l and not l.startswith("#version")]
    vocab = read("roberta_cls/vocab.json")
    special = lambda t: {"id": vocab[t], "content": t, "single_word": False, "lstrip": t == "<mask>", "rstrip": False, "normalized": False, "special": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [special(t) for t in ("<s>", "<pad>", "</s>", "<unk>", "<mask>") if t in vocab],
            "normalizer": None, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", vocab["</s>"]], "cls": ["<s>", vocab["<s>"]], "trim_offsets": True, "add_prefix_space": False},
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "vocab": vocab, "merges": merges}}


def camembert_pieces():
    """XLM-R's pieces behind CamemBERT's special tokens: <s> is 5, </s> is 6, and three ids are for nothing."""
    tj = read("xlmr/tokenizer.json")
    old = [p for p in tj["model"]["vocab"] if p[0] not in ("<s>", "<pad>", "</s>", "<unk>", "<mask>")]
    head = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"]
    vocab = [[p, 0.0] for p in head] + old + [["<mask>", 0.0]]
    ids = {p[0]: i for i, p in enumerate(vocab)}
    special = lambda t: {"id": ids[t], "content": t, "single_word": False, "lstrip": t == "<mask>", "rstrip": False, "normalized": False, "special": True}
    tj["model"]["vocab"], tj["model"]["unk_id"] = vocab, ids["<unk>"]
    tj["added_tokens"] = [special(t) for t in head + ["<mask>"]]
    tj["post_processor"] = {"type": "RobertaProcessing", "sep": ["</s>", 6], "cls": ["<s>", 5], "trim_offsets": True, "add_prefix_space": True}
    return tj


# --- models

def rattle(model):
    """All parameters random, the norms too, so that none can be left out unseen."""
    g = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, p in model.named_parameters():
            norm = "LayerNorm" in name
            p.copy_(torch.randn(p.shape, generator=g) * (0.2 if norm or p.dim() == 1 else 0.35) + (1.0 if norm and name.endswith("weight") else 0.0))
    return model.eval()


def save(name, model, tokenizer):
    folder = TO + name + "/"
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder, safe_serialization=True)
    for extra in ("generation_config.json",):
        if os.path.exists(folder + extra):
            os.remove(folder + extra)
    write(folder + "tokenizer.json", tokenizer)
    return folder


def network(name, cls, config, tokenizer):
    model = rattle(cls(config))
    folder = save(name, model, tokenizer)
    tok = Tokenizer.from_file(folder + "tokenizer.json")
    cases = []
    for text in TEXTS:
        ids = tok.encode(text).ids
        with torch.no_grad():
            out = model(input_ids=torch.tensor([ids]))
        rows = out.logits[0] if hasattr(out, "logits") else out.last_hidden_state[0]
        if rows.dim() == 1:
            rows = rows[None]
        if not hasattr(out, "logits"):
            mean = rows.mean(0)
            rows = (mean / mean.norm())[None]
        cases.append({"text": text, "ids": ids, "out": rows.double().tolist()})
    GOLDEN[name] = cases


def questions(name, cls, config, tokenizer, types):
    model = rattle(cls(config))
    folder = save(name, model, tokenizer)
    tok = Tokenizer.from_file(folder + "tokenizer.json")
    pad = "[PAD]" if tok.token_to_id("[PAD]") is not None else "<pad>"
    names = dict(unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]") if pad == "[PAD]" else dict(
        unk_token="<unk>", sep_token="</s>", pad_token="<pad>", cls_token="<s>", bos_token="<s>", eos_token="</s>")
    inputs = ["input_ids", "token_type_ids", "attention_mask"] if types else ["input_ids", "attention_mask"]
    pipe = hf.pipeline("question-answering", model=model,
                       tokenizer=hf.PreTrainedTokenizerFast(tokenizer_file=folder + "tokenizer.json", model_input_names=inputs, **names))
    cases = []
    for question, context in QUESTIONS:
        e = tok.encode(question, context)
        said = pipe(question=question, context=context, max_seq_len=config.max_position_embeddings - 4, doc_stride=4)
        given = {"input_ids": torch.tensor([e.ids])}
        if types:
            given["token_type_ids"] = torch.tensor([e.type_ids])
        with torch.no_grad():
            out = model(**given)
        cases.append({"text": question, "pair": context, "ids": e.ids, "begin": out.start_logits[0].tolist(), "end": out.end_logits[0].tolist(), "answer": said})
    GOLDEN[name] = cases


# --- sentence-transformers: Dense

def dense():
    tokenizer = wordpiece()
    size = len(tokenizer["model"]["vocab"])
    model = rattle(hf.BertModel(hf.BertConfig(vocab_size=size, **SIZES), add_pooling_layer=False))
    folder = save("st_dense", model, tokenizer)
    kinds = ["Transformer", "Pooling", "Dense", "Dense", "Normalize"]
    paths = ["", "1_Pooling", "2_Dense", "3_Dense", "4_Normalize"]
    write(folder + "modules.json", [{"idx": i, "name": str(i), "path": p, "type": "sentence_transformers.models." + k} for i, (k, p) in enumerate(zip(kinds, paths))])
    write(folder + "1_Pooling/config.json", {"word_embedding_dimension": 16, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False})
    g = torch.Generator().manual_seed(3)
    layers = []
    for path, n_in, n_out, act in (("2_Dense", 16, 40, torch.nn.Tanh()), ("3_Dense", 40, 10, torch.nn.Identity())):
        bias = path == "2_Dense"
        linear = torch.nn.Linear(n_in, n_out, bias=bias)
        with torch.no_grad():
            for p in linear.parameters():
                p.copy_(torch.randn(p.shape, generator=g) * 0.3)
        os.makedirs(folder + path, exist_ok=True)
        save_torch({"linear." + k: v for k, v in linear.state_dict().items()}, folder + path + "/model.safetensors")
        write(folder + path + "/config.json", {"in_features": n_in, "out_features": n_out, "bias": bias, "activation_function": type(act).__module__ + "." + type(act).__name__})
        layers.append((linear, act))
    tok = Tokenizer.from_file(folder + "tokenizer.json")
    cases = []
    for text in TEXTS:
        ids = tok.encode(text).ids
        with torch.no_grad():
            v = model(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(0)
            for linear, act in layers:
                v = act(linear(v))
        cases.append({"text": text, "ids": ids, "out": [(v / v.norm()).tolist()]})
    GOLDEN["st_dense"] = cases


# --- tables of token vectors

def table_tokenizer():
    """WordPiece without [CLS] and [SEP], as distilled models have it."""
    tj = wordpiece()
    pieces = ["[PAD]", "[UNK]"] + [p for p, _ in sorted(tj["model"]["vocab"].items(), key=lambda x: x[1]) if not p.startswith("[")]
    tj["model"]["vocab"] = {p: i for i, p in enumerate(pieces)}
    tj["added_tokens"] = [dict(copy.deepcopy(tj["added_tokens"][0]), id=i, content=p) for i, p in enumerate(("[PAD]", "[UNK]"))]
    tj["post_processor"] = None
    return tj, len(pieces)


class Fast:
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def __deepcopy__(self, memo):
        return self

    def encode_batch_fast(self, texts, add_special_tokens):
        return self.inner.encode_batch(texts, add_special_tokens=add_special_tokens)


LONG = " ".join(["the film is good not bad"] * 200)


def tables(model2vec):
    tokenizer, size = table_tokenizer()
    rng = np.random.default_rng(5)
    texts = TEXTS + ["zzz", "zzz good zzz", LONG]
    config = {"model_type": "model2vec", "architectures": ["StaticModel"], "tokenizer_name": "x", "apply_pca": 12, "apply_zipf": True, "hidden_dim": 12, "seq_length": 1000000}

    from model2vec import StaticModel as Old
    vectors = rng.standard_normal((size, 12)).astype(np.float16)
    folder = TO + "m2v_old/"
    write(folder + "tokenizer.json", tokenizer)
    write(folder + "config.json", dict(config, normalize=True))
    save_file({"embeddings": vectors}, folder + "model.safetensors")
    model = Old.from_pretrained(folder).float()
    GOLDEN["m2v_old"] = [{"text": t, "out": [np.nan_to_num(model.encode([t])[0].astype(np.float64)).tolist()]} for t in texts if t != ""]

    # sentence-transformers' module: the unknown token counts, nothing is cut. source: sentence_transformers, StaticEmbedding.py
    table = rng.standard_normal((size, 12)).astype(np.float32)
    folder = TO + "st_static/"
    write(folder + "modules.json", [{"idx": 0, "name": "0", "path": "0_StaticEmbedding", "type": "sentence_transformers.models.StaticEmbedding"}])
    write(folder + "0_StaticEmbedding/tokenizer.json", tokenizer)
    save_file({"embedding.weight": table}, folder + "0_StaticEmbedding/model.safetensors")
    bag, tok, cases = torch.nn.EmbeddingBag.from_pretrained(torch.tensor(table), mode="mean"), Tokenizer.from_file(folder + "0_StaticEmbedding/tokenizer.json"), []
    for t in texts:
        ids = tok.encode(t, add_special_tokens=False).ids
        cases.append({"text": t, "ids": ids, "out": [bag(torch.tensor(ids, dtype=torch.long), torch.tensor([0]))[0].tolist()]})
    GOLDEN["st_static"] = cases

    if not model2vec:
        return
    for name in [m for m in sys.modules if m.split(".")[0] == "model2vec"]:
        del sys.modules[name]
    sys.path.insert(0, model2vec)
    from model2vec.model import StaticModel as New
    folder = TO + "m2v_new/"
    rows = 9  # tokens share vectors
    table = (rng.standard_normal((rows, 12)) * 60).clip(-127, 127).astype(np.int8)
    mapping, weights = rng.integers(0, rows, size).astype(np.int64), rng.random(size) + 0.1
    write(folder + "tokenizer.json", tokenizer)
    write(folder + "config.json", dict(config, normalize=True, embedding_dtype="int8", vocabulary_quantization=rows))
    save_file({"embeddings": table, "mapping": mapping, "weights": weights}, folder + "model.safetensors")
    model = New(table, Fast(Tokenizer.from_file(folder + "tokenizer.json")), config={}, normalize=True, weights=weights, token_mapping=mapping)
    GOLDEN["m2v_new"] = [{"text": t, "out": [np.asarray(model.encode([t])[0], dtype=np.float64).tolist()]} for t in texts]


def main():
    bert, pairs, pieces = wordpiece(), byte_pairs(), camembert_pieces()
    n_bert, n_pairs, n_pieces = len(bert["model"]["vocab"]), len(pairs["model"]["vocab"]), len(pieces["model"]["vocab"])
    roberta = dict(SIZES, vocab_size=n_pairs, pad_token_id=pairs["model"]["vocab"]["<pad>"], type_vocab_size=1)
    labels = {"id2label": {0: "low", 1: "middle", 2: "high"}, "label2id": {"low": 0, "middle": 1, "high": 2}}
    bio = {"id2label": {0: "O", 1: "B-PER", 2: "I-PER"}, "label2id": {"O": 0, "B-PER": 1, "I-PER": 2}}
    network("camembert_cls", hf.CamembertForSequenceClassification, hf.CamembertConfig(**dict(SIZES, vocab_size=n_pieces, pad_token_id=1, bos_token_id=5, eos_token_id=6, type_vocab_size=1), **labels), pieces)
    network("data2vec_cls", hf.Data2VecTextForSequenceClassification, hf.Data2VecTextConfig(**roberta, **labels), pairs)
    network("data2vec_ner", hf.Data2VecTextForTokenClassification, hf.Data2VecTextConfig(**roberta, **bio), pairs)
    network("ernie_cls", hf.ErnieForSequenceClassification, hf.ErnieConfig(**SIZES, vocab_size=n_bert, use_task_id=True, task_type_vocab_size=3, type_vocab_size=4, **labels), bert)
    network("electra_cls", hf.ElectraForSequenceClassification, hf.ElectraConfig(**SIZES, vocab_size=n_bert, embedding_size=8, **labels), bert)
    network("electra_ner", hf.ElectraForTokenClassification, hf.ElectraConfig(**SIZES, vocab_size=n_bert, embedding_size=16, **bio), bert)
    # Wide enough that `quantize` packs the matrix from the embeddings to the layers.
    wide = dict(SIZES, hidden_size=64, intermediate_size=64)
    network("electra_embed", hf.ElectraModel, hf.ElectraConfig(**wide, vocab_size=n_bert, embedding_size=32), bert)
    network("bert_regression", hf.BertForSequenceClassification, hf.BertConfig(**SIZES, vocab_size=n_bert, num_labels=1, problem_type="regression"), bert)
    network("bert_multi", hf.BertForSequenceClassification, hf.BertConfig(**SIZES, vocab_size=n_bert, problem_type="multi_label_classification", **labels), bert)
    questions("bert_qa", hf.BertForQuestionAnswering, hf.BertConfig(**SIZES, vocab_size=n_bert), bert, True)
    questions("electra_qa", hf.ElectraForQuestionAnswering, hf.ElectraConfig(**SIZES, vocab_size=n_bert, embedding_size=8), bert, True)
    questions("roberta_qa", hf.RobertaForQuestionAnswering, hf.RobertaConfig(**dict(roberta, max_position_embeddings=60)), pairs, False)
    questions("distilbert_qa", hf.DistilBertForQuestionAnswering, hf.DistilBertConfig(dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=24, vocab_size=n_bert), bert, False)
    dense()
    tables(sys.argv[1] if len(sys.argv) > 1 else None)
    with open(TO + "golden.json", "w", encoding="utf-8") as f:
        json.dump(GOLDEN, f, ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
