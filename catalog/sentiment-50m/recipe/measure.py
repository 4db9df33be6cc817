# measure.py: what nano itself answers and how fast: eval300 through `nano run`. Puts the claims into nano.json in place of
# PyTorch's for eval300, and writes measured.json for the card.
#
#   measure.py NANO "NAME OF THE PROCESSOR"     answers, times and memory; the machine must have nothing else to do
#   measure.py NANO                             answers only, on a busy machine; claims of speed stay as they are
#
# Every claim of speed states this machine's calibration (what `nano doctor hw --again` shows for the variant's quantization,
# measured just before), so that other machines can correct it by their own (docs/FORMATS.md#claim).
#
# Times are nano's own ("ms" of each answer, tokenizer included), the memory is the peak of the whole process. Needs
# /usr/bin/time (Debian: time), since a child of this big Python would be charged with its parent's memory.
import json
import os
import subprocess
import sys
import time

import numpy as np

import data
import evaluate as E

HERE = os.path.dirname(os.path.abspath(__file__))
WARM = 20


def run(nano, gguf, texts, *options):
    """(answers, peak memory in bytes)"""
    peak = f"{data.WORK}/peak"
    p = subprocess.run(["/usr/bin/time", "-f", "%M", "-o", peak, nano, "run", gguf, "--jsonl", *options], check=True,
                       input="".join(t + "\n" for t in texts).encode(), stdout=subprocess.PIPE)
    answers = [json.loads(line) for line in p.stdout.splitlines()]
    assert len(answers) == len(texts)
    with open(peak, encoding="ascii") as f:
        return answers, int(f.read()) * 1024


def calibration(nano):
    """microseconds of the micro-benchmark's product, by quantization, as decimal texts"""
    p = subprocess.run([nano, "doctor", "hw", "--again", "--json"], check=True, stdout=subprocess.PIPE)
    return {k: f"{us:.2f}" for k, us in json.loads(p.stdout)["data"]["calibration_us"].items()}


def main():
    nano, cpu = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    q8, q4 = os.path.abspath(f"{HERE}/../sentiment-50m-q8.gguf"), f"{data.WORK}/sentiment-50m-q4.gguf"
    if os.path.exists(q4):
        os.remove(q4)
    subprocess.run([nano, "--quiet", "quantize", q8, q4, "--type", "q4"], check=True)
    version = subprocess.run([nano, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    with open(f"{HERE}/../eval/eval300.tsv", encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    texts = [t for *_, t in rows]
    with open(f"{HERE}/../nano.json", encoding="utf-8") as f:
        manifest = json.load(f)
    own = next(c["dataset"] for c in manifest["claims"] if c.get("dataset", {}).get("id") == "eval/eval300.tsv")
    claims = [c for c in manifest["claims"] if c.get("dataset") != own and not (cpu and "latency" in c)]
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    quantization = {v["name"]: v["quantization"] for v in manifest["variants"]}
    us = calibration(nano) if cpu else {}
    report = {"nano": version, "cpu": cpu, "date": date, "calibration_us": us}
    for variant, path in (("q8", q8), ("q4", q4)):
        answers, _ = run(nano, path, texts)
        right = np.array([a["label"] == y for a, (y, *_) in zip(answers, rows)])
        r = E.row(right)
        command = f"cut -f3 eval/eval300.tsv | nano run sentiment-50m:{variant} --jsonl"
        claims.append({"variant": variant, "task": "text-classification", "dataset": own,
                       "metric": {"id": "accuracy", "value": f"{r['accuracy']:.4f}", "unit": "fraction", "direction": "higher",
                                  "interval": {"low": f"{r['low']:.4f}", "high": f"{r['high']:.4f}", "level": "0.95"}},
                       "harness_version": version, "command": command, "date": date})
        report[variant] = {"bytes": os.path.getsize(path), "right": int(right.sum())}
        for threads in (1, 2) if cpu else ():
            answers, memory = run(nano, path, texts[:WARM] + texts, "--threads", str(threads))
            ms = [a["ms"] for a in answers[WARM:]]
            p50, p95, p99 = (float(np.percentile(ms, p)) for p in (50, 95, 99))
            claims.append({"variant": variant, "task": "text-classification",
                           "conditions": {"device": "cpu", "cpu": cpu, "isa": "avx512", "threads": threads, "batch": 1,
                                          "runtime_version": version, "runs": len(ms), "warmup": WARM,
                                          "calibration_us": us[quantization[variant]]},
                           "latency": {"p50_ms": f"{p50:.3f}", "p95_ms": f"{p95:.3f}", "p99_ms": f"{p99:.3f}"},
                           "peak_memory_bytes": memory, "harness_version": version,
                           "command": f"{command} --threads {threads}", "date": date})
            report[variant][f"threads_{threads}"] = {"ms": [p50, p95, p99], "peak_memory": memory}
        first = []
        for _ in range(11 if cpu else 0):
            start = time.time()
            run(nano, path, texts[:1])
            first.append((time.time() - start) * 1e3)
        if first:
            report[variant]["first_answer_ms"] = float(np.median(first))
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
