# manifest.py: writes nano.json, with the claims that evaluate.py measured (results_dev.json in the work folder).
import hashlib
import json
import os

import data

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.join(os.environ.get("NANO_SHARED", "../shared"), "datasets")


def digest(path):
    with open(path, "rb") as f:
        return "sha256:" + hashlib.sha256(f.read()).hexdigest()


def claim(variant, dataset, r, date):
    return {
        "variant": variant,
        "task": "text-classification",
        "dataset": {**dataset, "n": r["n"]},
        "metric": {"id": "accuracy", "value": f"{r['accuracy']:.4f}", "unit": "fraction", "direction": "higher",
                   "interval": {"low": f"{r['low']:.4f}", "high": f"{r['high']:.4f}", "level": "0.95"}},
        "harness_version": "recipe/evaluate.py 1",
        "command": "python3 recipe/evaluate.py CHECKPOINT sentiment-50m-q8.gguf dev",
        "date": date,
    }


def main():
    with open(f"{data.WORK}/results_dev.json", encoding="utf-8") as f:
        results = json.load(f)
    date = results["date"]
    dev = {"id": "sst2", "digest": digest(f"{SHARED}/sst2/dev.tsv"), "split": "dev"}
    own = {"id": "eval/eval300.tsv", "digest": digest(f"{HERE}/../eval/eval300.tsv"), "split": "all"}
    manifest = {
        "schema": "nano.manifest/1",
        "name": "sentiment-50m",
        "version": "1.1.0",
        "kind": "model",
        "title": "Sentiment of English sentences",
        "description": "Says whether an English sentence or short review is positive or negative. A BERT encoder of six "
                       "layers with a large vocabulary, trained from scratch on reviews.",
        "authors": [{"name": "The nano project"}],
        "keywords": ["sentiment", "reviews", "english", "classification"],
        "license": {"spdx": "Apache-2.0 AND CC0-1.0", "file": "LICENSE"},
        "task": "text-classification",
        "languages": ["en"],
        "model": {"family": "bert", "architecture": "bert", "parameters": results["parameters"], "context_length": 512,
                  "base_models": []},
        "inputs": [{"name": "text", "type": "text", "description": "A sentence or short review in English, UTF-8"}],
        "outputs": [{"name": "label", "type": "label", "description": "One score for each label, summing to 1"}],
        "labels": ["negative", "positive"],
        "variants": [
            {"name": "q8", "default": True, "quantization": "q8_0", "files": ["sentiment-50m-q8.gguf"]},
            {"name": "q4", "quantization": "q4_0", "files": ["sentiment-50m-q4.gguf"]},
        ],
        "files": [
            {"path": "sentiment-50m-q8.gguf", "role": "weights"},
            {"path": "sentiment-50m-q4.gguf", "role": "weights"},
            {"path": "README.md", "role": "card"},
            {"path": "LICENSE", "role": "license"},
            {"path": "eval/eval300.tsv", "role": "eval"},
            {"path": "eval/golden.json", "role": "other"},  # golden_variants.py adds what each variant answers
            {"path": "eval/README.md", "role": "other"},
        ],
        "datasets": [
            {"name": "imdb", "license": "none stated", "url": "https://ai.stanford.edu/~amaas/data/sentiment/", "use": "pretrain"},
            {"name": "sst2", "license": "none stated", "url": "https://nlp.stanford.edu/sentiment/", "use": "train"},
            {"name": "sentiment_open", "license": "CC-BY-4.0 AND MIT", "use": "train"},
            {"name": "sst2 dev", "license": "none stated", "url": "https://nlp.stanford.edu/sentiment/", "use": "eval"},
            {"name": "eval300", "license": "CC0-1.0", "use": "eval"},
        ],
        "access": {"type": "open"},
        "intended_use": "A first model to try nano with; rough sorting of plainly worded reviews in English by sentiment.",
        "limits": [
            "English only.",
            "Negated sentences come out little better than by chance (positive ones are read as negative), ironic ones no better, "
            "mixed ones two in three.",
            "Two labels: a neutral sentence gets whichever is nearer.",
            "Trained on film reviews above all; weaker on other subjects.",
        ],
        "claims": [claim(v, d, results[s][v], date) for v in ("q8", "q4") for s, d in (("sst2_dev", dev), ("eval300", own))],
        "x-recipe": {"script": "recipe/train.sh"},
    }
    with open(f"{HERE}/../nano.json", "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=2, ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
