# golden.py: writes eval/golden.json: inputs with the label and scores of the unquantized model.
#
#   golden.py CHECKPOINT
#
# Every twelfth sentence of eval300, and five short texts: one word, a contraction, accents and a dash, capitals and signs.
import json
import os
import sys

import torch

import data
import model as M
import text as T

HERE = os.path.dirname(os.path.abspath(__file__))
ODD = ["good", "Not good.", "I don't like it, and I can't say why!", "Die Caf\u00e9s were na\u00efvely d\u00e9cor\u00e9d \u2014 I loved them.",
       "AWFUL!!! 0/10, would NOT buy again :-("]


def main():
    model, tok = M.Bert.load(sys.argv[1]), data.tokenizer()
    with open(f"{HERE}/../eval/eval300.tsv", encoding="utf-8") as f:
        texts = [line.rstrip("\n").split("\t")[2] for line in f][4::12][:25] + ODD
    model.eval()
    rows = []
    for t in texts:
        with torch.no_grad():
            p = torch.softmax(model(torch.tensor([[T.CLS] + tok.encode(t) + [T.SEP]])), -1)[0].double()
        scores = {name: f"{v:.6f}" for name, v in zip(M.LABELS, p.tolist())}
        rows.append({"text": t, "label": M.LABELS[int(p.argmax())], "scores": scores})
    with open(f"{HERE}/../eval/golden.json", "w", encoding="utf-8") as f:
        json.dump({"inputs": rows}, f, indent=1, ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
