# prepare.py: reads the data sets, removes everything that touches SST-2 dev, holds out a validation split,
# and writes token ids.
import collections
import csv
import lzma
import os
import random
import sys

import numpy as np

import gguf as G
import text as T

SHARED = os.path.join(os.environ.get("NANO_SHARED", "../shared"), "datasets")
WORK = os.environ.get("NANO_TRAIN", "train-work")
START = os.environ["NANO_START"]   # an earlier version's GGUF, whose vocabulary stays
HELD_OUT = 700         # full SST-2 training sentences kept for choosing checkpoints
KEY = 12               # characters hashed when searching for dev sentences inside longer texts


def read_tsv(path, columns):
    with open(path, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    return [[r[c] for c in columns] for r in rows[1:]]


def read_imdb(name):
    """Yields (rating, text); rating 0 = unlabelled."""
    with lzma.open(f"{SHARED}/imdb/{name}.tsv.xz", "rt", encoding="utf-8") as f:
        next(f)
        return [(int(r[1]), r[3]) for r in (line.rstrip("\n").split("\t") for line in f)]


class Contains:
    """Finds texts that contain one of `patterns` (condensed), by a rolling hash of KEY characters over all texts."""

    def __init__(self, patterns):
        self.exact = set(patterns)
        self.by_key = collections.defaultdict(list)
        for p in patterns:
            if len(p) >= KEY:
                self.by_key[p[:KEY]].append(p)
        self.bits = np.zeros(1 << 20, bool)
        self.bits[self._hash(np.frombuffer("".join(self.by_key).encode(), np.uint8))[::KEY]] = True

    @staticmethod
    def _hash(b):
        n = len(b) - KEY + 1
        h = np.zeros(n, np.uint64)
        for k in range(KEY):
            h = h * np.uint64(0x100000001B3) + b[k:k + n].astype(np.uint64)
        return ((h * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(44)).astype(np.int64)

    def __call__(self, t):
        if t in self.exact:
            return True
        if len(t) < KEY:
            return False
        for i in np.flatnonzero(self.bits[self._hash(np.frombuffer(t.encode(), np.uint8))]):
            if any(t.startswith(p, i) for p in self.by_key.get(t[i:i + KEY], ())):
                return True
        return False


def whole_sentences(rows):
    """The condensed texts that are inside no longer one: SST-2's training set is full sentences and their phrases."""
    whole = set()
    grams = collections.defaultdict(list)   # first KEY characters of any position -> whole sentences
    for c in sorted({T.condensed(t) for _, t in rows}, key=len, reverse=True):
        if len(c) < KEY:
            break
        if any(c in s for s in grams.get(c[:KEY], ())):
            continue
        whole.add(c)
        for i in range(len(c) - KEY + 1):
            grams[c[i:i + KEY]].append(c)
    return whole


def inside(sentences, least):
    """Every run of `least` or more words of the sentences, condensed."""
    out = set()
    for t in sentences:
        w = t.split()
        for i in range(len(w)):
            for j in range(i + least, len(w) + 1):
                out.add(T.condensed(" ".join(w[i:j])))
    return out


def split_sst2(rows):
    """Holds out whole sentences, the same 700 as version 1.0.0, so that a model that goes on from its weights can be
    judged on them. Every phrase inside one of them leaves the training set, single words too: its parse tree gave its
    phrases to SST-2 with labels of their own, and any of them that stays makes the held-out sentence easier than a
    sentence of dev. (1.0.0 had left those of one and two words in.)"""
    whole = whole_sentences(rows)
    sentences = [(int(y), int(len(t.split()) > 12), t) for y, t in rows if T.condensed(t) in whole and len(t.split()) >= 6]
    random.Random(1).shuffle(sentences)
    held = sentences[:HELD_OUT]
    gone = inside([t for *_, t in held], 1)
    contains = Contains([T.condensed(t) for *_, t in held])
    kept = [(int(y), t) for y, t in rows if T.condensed(t) not in gone and not contains(T.condensed(t))]
    return kept, held, whole, contains


def main():
    os.makedirs(WORK, exist_ok=True)
    # Texts only: the labels of dev are read once, by evaluate.py.
    dev = Contains([T.condensed(t) for t, in read_tsv(f"{SHARED}/sst2/dev.tsv", [1])])
    report = {}

    def clean(name, rows, text_of):
        kept = [r for r in rows if not dev(T.condensed(text_of(r)))]
        report[name] = (len(rows), len(rows) - len(kept))
        return kept

    sst2 = clean("sst2", [(int(y), t.strip()) for y, t in read_tsv(f"{SHARED}/sst2/train.tsv", [0, 1])], lambda r: r[1])
    before = len(sst2)
    sst2, held, whole, held_in = split_sst2(sst2)
    report["sst2, held-out split"] = (before, before - len(sst2))
    open_ = clean("sentiment_open", [(int(y), s, t) for y, s, t in read_tsv(f"{SHARED}/sentiment_open/train.tsv", [0, 1, 3])],
                  lambda r: r[2])
    before = len(open_)
    gone = inside([t for *_, t in held], 3)   # "good picture" is anyone's phrase, three words in a row may be this one
    open_ = [r for r in open_ if T.condensed(r[2]) not in gone and not held_in(T.condensed(r[2]))]
    report["sentiment_open, held-out split"] = (before, before - len(open_))
    imdb = []
    for name in ("train", "test", "unsup"):
        imdb += clean("imdb " + name, read_imdb(name), lambda r: r[1])
    # unsup repeats labelled reviews; a text is kept once, with its label if it has one.
    unique = {}
    for rating, t in imdb:
        unique[t] = max(rating, unique.get(t, 0))
    before = len(imdb)
    imdb = [(r, t) for t, r in unique.items() if not held_in(T.condensed(t))]
    random.Random(3).shuffle(imdb)   # the files are sorted by label
    report["imdb, duplicates and held-out split"] = (before, before - len(imdb))
    for k, (n, gone) in report.items():
        print(f"{k}: {n} rows, {gone} removed")
    print(f"sst2: {len(sst2)} kept for training, {len(held)} held-out sentences, {len(whole)} whole texts")

    pieces = G.pieces(START)
    with open(f"{WORK}/vocab.txt", "w", encoding="utf-8") as f:
        f.writelines(p + "\n" for p in pieces)
    tok = T.Tokenizer(pieces)

    ratings, starts, ids = [], [0], []
    for i, (rating, t) in enumerate(imdb):
        ids += tok.encode(T.treebank(t) if i % 2 else t)
        ratings.append(rating)
        starts.append(len(ids))
    np.save(f"{WORK}/imdb_ids.npy", np.array(ids, np.int32))
    np.save(f"{WORK}/imdb_starts.npy", np.array(starts, np.int64))
    np.save(f"{WORK}/imdb_ratings.npy", np.array(ratings, np.int8))

    def write(name, rows):
        with open(f"{WORK}/{name}.tsv", "w", encoding="utf-8", newline="") as f:
            csv.writer(f, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n", quotechar=None,
                       escapechar=None).writerows(rows)

    write("sst2_train", [(y, int(T.condensed(t) in whole), t) for y, t in sst2])
    write("sst2_held", held)
    write("open_train", [(y, s, t) for y, s, t in open_])
    unk = sum(1 for i in ids if i == T.UNK)
    print(f"vocabulary {len(pieces)}, imdb {len(ids)} pieces ({unk} unknown)")


if __name__ == "__main__":
    sys.exit(main())
