# readers.py: a small recurrent network over the model's word table. On one core it reads eight times as many words a
# second as the model and learns the labelled phrases better from as many; several of them, with the word regression, are
# the model's teachers (teach.py).
import torch
import torch.nn as nn
import torch.nn.functional as F

HEADS = 3   # a pair of outputs for SST-2's manner of labelling, one for the reviews' stars, one for sentiment_open


class Recurrent(nn.Module):
    """An LSTM each way; the strongest answer of each cell, beside the mean."""

    def __init__(self, d, width, drop=0.4):
        super().__init__()
        self.inner = nn.Linear(d, width + 64)
        self.lstm = nn.LSTM(width + 64, width, bidirectional=True, batch_first=True)
        self.drop = drop
        self.out = nn.Linear(4 * width, 2 * HEADS)

    def forward(self, x):
        h, _ = self.lstm(F.dropout(self.inner(x).float(), self.drop / 2, self.training))
        h = torch.cat([h.max(1)[0], h.mean(1)], 1)
        return self.out(F.dropout(h, self.drop, self.training))


class Reader(nn.Module):
    """The net and a table of word vectors of length 1 (a plain tensor; only touched rows are trained)."""

    def __init__(self, width, words, gain=8.0):
        super().__init__()
        self.width, self.words, self.gain = width, words, gain
        self.net = Recurrent(words.shape[1], width)

    def forward(self, ids, vectors=None, head=None):
        """Logits (b, 2) of the first head, or of each text's own."""
        x = F.embedding(ids, self.words) if vectors is None else vectors
        y = self.net(x * self.gain).view(len(x), HEADS, 2)
        return y[:, 0] if head is None else y[torch.arange(len(x)), head]

    def save(self, path):
        torch.save({"width": self.width, "words": self.words.half(), "state": self.net.state_dict()}, path)

    @classmethod
    def load(cls, path):
        c = torch.load(path)
        r = cls(c["width"], c["words"].float())
        r.net.load_state_dict(c["state"])
        return r.eval()
