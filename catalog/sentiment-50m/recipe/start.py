# start.py: the weights of an earlier version's GGUF as a checkpoint, judged on the held-out sentences.
#
#   start.py OLD-q8.gguf OUT.pt
import sys

import data
import export as X
import gguf as G
import model as M


def main():
    keys, tensors, _ = G.read(sys.argv[1])
    model, tok, held = X.model_of(keys, tensors), data.tokenizer(), data.read("sst2_held")
    model.save(sys.argv[2])
    print(f"{sys.argv[1]}: {data.judge(M.predict(model, [tok.encode(t) for *_, t in held]), held)}")


if __name__ == "__main__":
    main()
