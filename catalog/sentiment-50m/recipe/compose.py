# compose.py: writes compose_train.tsv: made-up sentences of negation and contrast, with labels by rule.
#
#   compose.py SENTENCES
#
# Why: whether "not" turns what follows is met too rarely in the labelled texts, against thousands of meetings with the
# words themselves. The words come from the training data, by the word regression. A small share of the training (train.sh), since made-up sentences teach their own manner too.
import random
import sys

import numpy as np

import data

THINGS = ("film movie story plot acting script dialogue cast ending music book novel series show performance direction screen "
          "camera battery phone laptop sound case cable keyboard blender kettle vacuum jacket bag design quality price food "
          "service staff room hotel meal restaurant waiter delivery shop app website driver doctor course tour").split()
CLEAR = 0.75   # log-odds of the regression
# Not judgements, or words for people, which must not be taught as praise or blame.
NOT_TAUGHT = set("gay french white black old human male female sexy rich poor ill mad innocent f few off not final last true well "
                 "jaw heart soul self unlike close different average other".split())
# {a}: the word that decides; the label turns (T) or stays (S). {n}: a thing.
TURNED = ["the {n} is not {a} .", "the {n} was n't {a} at all .", "the {n} is n't {a} .", "it 's not {a} .", "not {a} .",
          "the {n} is never {a} .", "it is never {a} or {b} .", "there is nothing {a} about the {n} .", "not a {a} {n} .",
          "i did n't find the {n} {a} .", "this is not a {a} {n} .", "the {n} is far from {a} .", "the {n} is anything but {a} .",
          "at no point is the {n} {a} .", "it 's neither {a} nor {b} .", "the {n} is hardly {a} .", "i would n't call the {n} {a} .",
          "nobody could call this {n} {a} .", "you can not say the {n} is {a} .", "no one will think it 's {a} ."]
STAYED = ["the {n} is {a} .", "the {n} was really {a} .", "it 's {a} and {b} .", "a {a} {n} .", "i found the {n} {a} .",
          "this is a {a} {n} .", "the {n} is always {a} .", "not only {a} but also {b} .", "the {n} could not be more {a} .",
          "nothing is as {a} as this {n} .", "i have never seen such a {a} {n} ."]
# {x} speaks for the other side, {y} decides.
CONTRAST = ["{x} , but {y} .", "{x} , yet {y} .", "although {x} , {y} .", "though {x} , {y} .", "while {x} , {y} .",
            "{y} , even though {x} .", "{x} ; {y} , however .", "even if {x} , {y} .", "despite the {o} {m} , {y} ."]
CLAUSE = ["the {n} is {a}", "the {n} was {a}", "it 's {a}", "the {n} is {a} and {b}", "the {n} is not {z}", "it is n't {z}",
          "the {n} turned out {a}"]


def lexicon():
    """Negative and positive adjectives: words that the regression weighs clearly, and that were met after "very" and after
    "so" or "is" (which a noun or a verb hardly ever is)."""
    z = np.load(f"{data.WORK}/baseline_sst2_open_imdb.npz")
    weight = dict(zip(z["grams"].tolist(), z["w"].tolist()))
    said = [w for w in weight if w.isalpha() and w not in NOT_TAUGHT and not w.endswith("ly") and abs(weight[w]) > CLEAR
            and f"very {w}" in weight and f"so {w}" in weight and f"is {w}" in weight]
    return [sorted(w for w in said if weight[w] < 0), sorted(w for w in said if weight[w] > 0)]


def main():
    rng, words = random.Random(21), lexicon()
    print(f"{len(words[1])} positive words: {' '.join(words[1])}\n{len(words[0])} negative: {' '.join(words[0])}")

    def fill(pattern, side):
        return pattern.format(n=rng.choice(THINGS), m=rng.choice(THINGS), a=rng.choice(words[side]), b=rng.choice(words[side]),
                              z=rng.choice(words[1 - side]), o=rng.choice(words[1 - side]), x="{x}", y="{y}")

    rows = set()
    while len(rows) < int(sys.argv[1]):
        label, r = rng.randrange(2), rng.random()
        if r < 0.5:
            t = fill(rng.choice(TURNED), 1 - label)
        elif r < 0.7:
            t = fill(rng.choice(STAYED), label)
        else:
            t = fill(rng.choice(CONTRAST), label)
            t = t.replace("{x}", fill(rng.choice(CLAUSE), 1 - label)).replace("{y}", fill(rng.choice(CLAUSE), label))
        rows.add((label, t))
    rows = sorted(rows)
    rng.shuffle(rows)
    with open(f"{data.WORK}/compose_train.tsv", "w", encoding="utf-8") as f:
        f.writelines(f"{y}\tcompose\t{t}\n" for y, t in rows)
    for y, t in rows[:10]:
        print(f"  {y} {t}")


if __name__ == "__main__":
    main()
