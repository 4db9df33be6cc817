# golden_variants.py: has `nano golden` write eval/golden-VARIANT.json for each variant from the inputs of eval/golden.json, says how
# far the answers are from the unquantized model's, and names the files in nano.json. Run it last, when weights and manifest are final.
#
#   golden_variants.py NANO Q4_FILE      Q4_FILE: made of the q8 file by `nano quantize`, as in the build
#
# A golden file says how a build behaves, so that another machine can tell whether it behaves so there (labels equal, scores
# within 0.01). A four-bit build is further than that from the unquantized model of eval/golden.json; how far is printed.
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def main():
    nano, q4 = sys.argv[1:3]
    with open(f"{ROOT}/eval/golden.json", encoding="utf-8") as f:
        exact = json.load(f)["inputs"]
    with open(f"{ROOT}/nano.json", encoding="utf-8") as f:
        manifest = json.load(f)
    names = [f"eval/golden-{v['name']}.json" for v in manifest["variants"]]
    # What an earlier run, or a manifest of one golden file for all, has left.
    manifest["files"] = [f for f in manifest["files"] if f["path"] not in names]
    for f in manifest["files"]:
        if f["path"] == "eval/golden.json":
            f["role"] = "other"
    for variant, path in zip(manifest["variants"], names):
        weights = {"q8": f"{ROOT}/sentiment-50m-q8.gguf", "q4": q4}[variant["name"]]
        subprocess.run([nano, "golden", os.path.abspath(weights), "-o", f"{ROOT}/{path}", "--force"], check=True,
                       input="".join(r["text"] + "\n" for r in exact).encode())
        with open(f"{ROOT}/{path}", encoding="utf-8") as f:
            answers = json.load(f)["inputs"]
        assert len(answers) == len(exact)
        furthest = max(abs(float(a["scores"][k]) - float(v)) for r, a in zip(exact, answers) for k, v in r["scores"].items())
        print(f"{variant['name']}: {sum(r['label'] == a['label'] for r, a in zip(exact, answers))} of {len(exact)} labels and "
              f"scores within {furthest:.4f} of the unquantized model's")
        variant["files"] = [f for f in variant["files"] if f != path] + [path]
        at = next(i for i, f in enumerate(manifest["files"]) if f["path"] == "eval/golden.json")
        manifest["files"].insert(at, {"path": path, "role": "golden"})
    with open(f"{ROOT}/nano.json", "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=2, ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
