# measure.py: what nano itself answers and how fast: eval300 through `nano run` of the installed package. Puts the claims into
# nano.json in place of PyTorch's for eval300, and writes measured.json for the card.
#
#   measure.py NANO "NAME OF THE PROCESSOR"     answers, times and memory; the machine should have nothing else to do
#   measure.py NANO                             answers only, on a busy machine; claims of speed stay as they are
#
# NANO has the starter registry of its build beside it (target "starter"), which must hold the weights that lie here: each
# variant is installed from it, into a home of its own.
#
# Every claim of speed states this machine's calibration (what `nano doctor hw --again` shows for the variant's quantization,
# measured in between), so that other machines can correct it by their own (docs/FORMATS.md#claim).
#
# Times are nano's own ("ms" of each answer, tokenizer included). Every variant and number of threads takes its turn in each of
# ROUNDS rounds, and of each the round with the least median counts whole, tail and all, as does the least calibration: what
# else the machine does comes and goes. The memory is the most of all rounds, the peak of the whole process. Needs
# /usr/bin/time (Debian: time), since a child of this big Python would be charged with its parent's memory.
import collections
import filecmp
import json
import os
import shutil
import subprocess
import sys
import time

import numpy as np

import data
import evaluate as E

HERE = os.path.dirname(os.path.abspath(__file__))
WARM = 20
ROUNDS = 7


class Installed:
    """A variant as a user has it."""

    def __init__(self, nano, variant, weights):
        self.nano, self.name, self.weights = nano, f"sentiment-50m:{variant}", weights
        home = f"{data.WORK}/home-{variant}"
        shutil.rmtree(home, ignore_errors=True)
        self.env = {**os.environ, "NANO_HOME": home}
        subprocess.run([nano, "--quiet", "install", self.name], check=True, env=self.env)
        path = subprocess.run([nano, "path", self.name], check=True, env=self.env, capture_output=True, text=True).stdout.strip()
        assert filecmp.cmp(path, weights, shallow=False), f"{nano} comes with other weights of {self.name}: build its starter registry"

    def run(self, texts, *options):
        """(answers, peak memory in bytes)"""
        peak = f"{data.WORK}/peak"
        p = subprocess.run(["/usr/bin/time", "-f", "%M", "-o", peak, self.nano, "run", self.name, "--jsonl", *options], check=True,
                           input="".join(t + "\n" for t in texts).encode(), stdout=subprocess.PIPE, env=self.env)
        answers = [json.loads(line) for line in p.stdout.splitlines()]
        assert len(answers) == len(texts)
        with open(peak, encoding="ascii") as f:
            return answers, int(f.read()) * 1024


def calibration(nano):
    """microseconds of the micro-benchmark's product, by quantization"""
    p = subprocess.run([nano, "doctor", "hw", "--again", "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(p.stdout)["data"]["calibration_us"]


def main():
    nano, cpu = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    q8, q4 = os.path.abspath(f"{HERE}/../sentiment-50m-q8.gguf"), f"{data.WORK}/sentiment-50m-q4.gguf"
    if os.path.exists(q4):
        os.remove(q4)
    subprocess.run([nano, "--quiet", "quantize", q8, q4, "--type", "q4"], check=True)
    version = subprocess.run([nano, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    with open(f"{HERE}/../eval/eval300.tsv", encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    texts, kinds = [t for *_, t in rows], np.array([k for _, k, _ in rows])
    with open(f"{HERE}/../nano.json", encoding="utf-8") as f:
        manifest = json.load(f)
    own = next(c["dataset"] for c in manifest["claims"] if c.get("dataset", {}).get("id") == "eval/eval300.tsv")
    claims = [c for c in manifest["claims"] if c.get("dataset") != own and not (cpu and "latency" in c)]
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    quantization = {v["name"]: v["quantization"] for v in manifest["variants"]}
    report = {"nano": version, "cpu": cpu, "date": date}
    variants = {name: Installed(nano, name, weights) for name, weights in (("q8", q8), ("q4", q4))}
    for variant, model in variants.items():
        answers, _ = model.run(texts)   # the first run, which also packs the weights
        right = np.array([a["label"] == y for a, (y, *_) in zip(answers, rows)])
        r = E.row(right)
        command = f"cut -f3 eval/eval300.tsv | nano run sentiment-50m:{variant} --jsonl"
        claims.append({"variant": variant, "task": "text-classification", "dataset": own,
                       "metric": {"id": "accuracy", "value": f"{r['accuracy']:.4f}", "unit": "fraction", "direction": "higher",
                                  "interval": {"low": f"{r['low']:.4f}", "high": f"{r['high']:.4f}", "level": "0.95"}},
                       "harness_version": version, "command": command, "date": date})
        report[variant] = {"bytes": os.path.getsize(model.weights), "right": int(right.sum()),
                           "parts": {k: f"{right[kinds == k].sum()} of {(kinds == k).sum()}" for k in sorted(set(kinds))}}
    times, memory, first = collections.defaultdict(list), collections.Counter(), collections.defaultdict(list)
    us = {}   # the least of all rounds
    for _ in range(ROUNDS if cpu else 0):
        for kind, value in calibration(nano).items():
            us[kind] = min(value, us.get(kind, value))
        for threads in (1, 2):
            for variant, model in variants.items():
                answers, peak = model.run(texts[:WARM] + texts, "--threads", str(threads))
                times[variant, threads].append([a["ms"] for a in answers[WARM:]])
                memory[variant, threads] = max(memory[variant, threads], peak)
        for variant, model in list(variants.items()) * 3:
            start = time.time()
            model.run(texts[:1])
            first[variant].append((time.time() - start) * 1e3)
    for (variant, threads), rounds in times.items():
        ms = min(rounds, key=np.median)
        p50, p95, p99 = (float(np.percentile(ms, p)) for p in (50, 95, 99))
        command = f"cut -f3 eval/eval300.tsv | nano run sentiment-50m:{variant} --jsonl --threads {threads}"
        claims.append({"variant": variant, "task": "text-classification",
                       "conditions": {"device": "cpu", "cpu": cpu, "isa": "avx512", "threads": threads, "batch": 1,
                                      "runtime_version": version, "runs": len(ms), "warmup": WARM,
                                      "calibration_us": f"{us[quantization[variant]]:.2f}"},
                       "latency": {"p50_ms": f"{p50:.3f}", "p95_ms": f"{p95:.3f}", "p99_ms": f"{p99:.3f}"},
                       "peak_memory_bytes": memory[variant, threads], "harness_version": version, "command": command,
                       "date": date})
        report[variant][f"threads_{threads}"] = {"ms": [p50, p95, p99], "peak_memory": memory[variant, threads],
                                                 "medians": [round(float(np.median(r)), 3) for r in rounds]}
    for variant, ms in first.items():
        report[variant]["first_answer_ms"] = {"median": float(np.median(ms)), "least": min(ms)}
    report["calibration_us"] = us
    claims.sort(key=lambda c: "latency" in c)
    manifest["claims"] = claims
    if cpu:
        manifest.pop("x-speed", None)  # said that the speeds were an older version's
    with open(f"{HERE}/../nano.json", "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=2, ensure_ascii=False)
        f.write("\n")
    text = json.dumps(report, indent=1)
    with open(f"{data.WORK}/measured.json", "w", encoding="utf-8") as f:
        f.write(text)
    print(text)


if __name__ == "__main__":
    main()
