#!/usr/bin/env python3
# schemas/v1/results/make.py: writes the JSON Schemas (draft-07) of what the commands of `nano` print with --json, each beside
# this file, from the table below. `make.py --check` only says which files differ (exit 1). A ctest runs that, and another one holds
# real outputs of every command against the schemas.
#
# A row is `command [form]: type`. Types: string int number bool any null, [type], {key: type, key?: type (may be absent)},
# {*: type} (any keys), type|type, and $name for one of the shared types. Within /1 keys are only ever added.
import json, pathlib, re, sys

SHARED = {
    "item": """{action: string, name: string, version: string, variant: string, from_version?: string, from_variant?: string,
        registry: string, why: string, why_variant?: string, license?: string, requested: bool, bytes: int, download_bytes: int,
        unsigned: bool}""",
    "report": """{items: [$item], changed: bool, dry_run: bool, generation: int, download_bytes: int, fetched_bytes: int,
        seconds: number}""",
    "candidate": """{name: string, version: string, variant: string, license: string, bytes: int, metric: string, dataset: string,
        quality: number|null, p50_ms: number|null, memory_bytes: int|null, on_front: bool, failed?: [string]}""",
    "claims": "[{figure: string, before: string, after: string}]",
    "outdated": """{name: string, version: string, variant: string, wanted: string, wanted_variant: string, newest: string,
        pinned: bool, blocked: string, bytes: int, claims: $claims}""",
    "golden": "{package: string, variant: string, inputs: int, ok: bool, failures: [string], skipped?: string, ms: number}",
    "sync": """{project: string, changes: [{name: string, before: string, after: string, bytes: int, claims: $claims}],
        items: [$item], golden: [$golden], packages: int, wrote_manifest: bool, wrote_lock: bool, dry_run: bool,
        download_bytes: int, fetched_bytes: int, seconds: number}""",
    "registry": """{name: string, url: string, namespaces: [string], root_namespace: bool, id: string, root_version: int,
        root_expires: string, key_ids: [string], static: bool, fault: string, starter: bool, from: string}""",
    "trust": """{registry: string, url: string, id: string, from: string, pinned_root_version: int, static: bool, fault: string,
        roles: [{role: string, version: int, expires: string, expired: bool, threshold: int, key_ids: [string], targets: int}]}""",
    "node": """{name: string, version: string, variant: string, range?: string, pinned?: bool, repeated?: bool, needs?: [$node]}""",
    "policy": """{files: [string], installed: int, packages: [{name: string, version: string, decisions: [{rule: string, file: string,
        demand: string, mode: string, holds?: bool, reason?: string}]}]}""",
    "entities": "[{text: string, label: string, score: number, begin: int, end: int, char_begin: int, char_end: int}]",
    "answers": "[{answer: string, score: number, begin: int, end: int, char_begin: int, char_end: int}]",
    "head": """{label?: string, scores?: {*: number}, logit?: number, logits?: {*: number}, entities?: $entities,
        answer?: string|null, score?: number, begin?: int, end?: int, char_begin?: int, char_end?: int, no_answer?: number,
        answers?: $answers, vector?: [number]}""",
    "pin": "{name: string, version: string, variant?: string, project: bool, changed: bool, moves?: bool, dry_run: bool}",
    "eval": "{texts: int, right: int, accuracy: number, low: number, high: number}",
    "setting": "{key: string, value: string, from: string}",
    "files": "[{path: string, digest: string, bytes: int}]",
}

RESULTS = {
    "search": """{hits: [{name: string, version: string, title: string, task: string, languages: [string], license: string,
        parameters: int, bytes: int, base_bytes: int, headline: string, registry: string, installed: bool}], total: int, meant?: string}""",
    "info": """{manifest: {*: any}, source: string, registry: string, release_digest: string, signer: string, unsigned: bool,
        versions: [{version: string, published: string, yanked?: string}],
        variants: [{name: string, bytes: int, default: bool, quantization: string}],
        needs: [{name: string, range: string, use: string, bytes: int}], installed_version?: string, installed_variant?: string}""",
    "card": "{name: string, markdown: string}",
    "run": """{model: string, version: string, variant: string, results: [{input: string, text_pair?: string, label?: string,
        scores?: {*: number}, logit?: number, logits?: {*: number}, entities?: $entities, answer?: string|null, score?: number, begin?: int, end?: int, char_begin?: int, char_end?: int, no_answer?: number,
        answers?: $answers, vector?: [number], heads?: {*: $head}, ms: number, truncated?: bool}]}""",
    "embed": """{model: string, version: string, variant: string, dimensions: int,
        results: [{input: string, vector: [number], ms: number, truncated?: bool}]}""",
    "path": "{path: string}",
    "bench": """{model: string, version: string, variant: string, file_bytes: int, kernels: string, mapped: bool,
        machine: {cpu: string, cores: int, calibration_us: {*: number}}, load_ms: number, cold_start_ms: number|null,
        peak_memory_mb: number|null, rows: [{tokens: int, threads: int, batch: int, p50_ms: number, p95_ms: number, p99_ms: number,
        cpu_ms: number, tokens_per_second: number}],
        eval?: {file: string, texts: int, right: int, accuracy: number, interval_95: [number]}, recorded?: [string]}""",
    "install": "$report",
    "import": "$report",
    "upgrade": """{items: [$item], changed: bool, dry_run: bool, generation: int, download_bytes: int, fetched_bytes: int,
        seconds: number, differences: [$outdated], unasked: [string]}""",
    "uninstall": "{items: [$item], dry_run: bool, generation: int, reclaimable_bytes: int}",
    "list": """{packages: [{name: string, version: string, variant: string, title: string, task: string, bytes: int, registry: string,
        signer: string, requested: bool, pinned: bool, asked?: {range: string, variant: string}, in_place: bool, unsigned: bool,
        dir: string}], project?: string}""",
    "rollback": "{from: int, to: int, changes: [string], items: [$item], dry_run: bool}",
    "history": "{generations: [{generation: int, created: string, command: string, current: bool, packages: [string], changes: [string]}]}",
    "gc": "{freed_bytes: int, blobs: int, packages: int, generations: int, partials: int, dry_run: bool, withheld: [{why: string, count: int, bytes: int, detail: string}]}",
    "resolve": "$report",
    "resolve-task": "{candidates: [$candidate], rejected: [$candidate], notes: [string]}",
    "why": "{package: $node, requested: bool, chains: [[$node]]}",
    "why-not": "{requirement: string, possible: bool, explanation: [string], suggestions: [string], items: [$item]}",
    "why-variant": """{name: string, version: string, installed: string, metric: string, dataset: string, calibrated: bool,
        variants: [{name: string, default: bool, chosen: bool, bytes: int, quality: number|null, p50_ms: number|null,
        p50_claimed_ms: number|null, memory_bytes: int|null, why: string}]}""",
    "tree": "{roots: [$node]}",
    "outdated": "{packages: [$outdated], updates: bool, unasked: [string]}",
    "pin": "$pin",
    "unpin": "$pin",
    "init": "{path: string}",
    "add": "$sync",
    "remove": "$sync",
    "lock-changes": "$sync",
    "upgrade-project": "$sync",
    "sync": "$sync",
    "verify": """{packages: [{name: string, version: string, variant: string, ok: bool, standing: string, files: $files, bytes: int,
        release_digest: string, registry: string, registry_id: string, signer: string, verified: string,
        chain: [{role: string, version: int, expires: string, keys: [string]}], unsigned: bool}],
        findings: [{package: string, kind: string, path: string, message: string, remedy: string, untrusted: bool}], repaired: int}""",
    "verify-behaviour": "{golden: [$golden]}",
    "verify-oms": """{ok: bool, signer: string, model: string, files: int, bytes: int, ignored: int, old_form: bool,
        differences: [{kind: string, path: string, left_out_by_signer: bool}]}""",
    "audit": """{packages: int, findings: [{package: string, version: string, kind: string, severity: string, id: string,
        message: string, remedy: string}]}""",
    "trust-list": "{registries: [$trust]}",
    "trust-show": "$trust",
    "trust-reset": "$trust",
    "export": """{file: string, bytes: int, fresh_until: string,
        packages: [{name: string, version: string, variant: string, registry: string, requested: bool}]}""",
    "policy-check": "$policy",
    "policy-explain": "$policy",
    "new": "{dir: string, files: [string], to_fill: [string]}",
    "pack": """{name: string, version: string, bundle: string, bundle_bytes: int, content_bytes: int, files: int,
        release_digest: string, problems: [{pointer: string, line: int|null, message: string, hint: string}]}""",
    "inspect": """{path: string, file_bytes: int, gguf_version: int, parameters: int, metadata: {*: string},
        tensors: [{name: string, type: string, shape: [int], bytes: int}]}""",
    "convert": """{class: string, architecture: string, task: string, tokenizer: string, vocabulary: int, context_length: int,
        labels: [string], tensors: int, parameters: int, out_bytes: int, left_out: [string], notes: [string]}""",
    "quantize": """{type: string, in_bytes: int, out_bytes: int, tensors: [{name: string, from: string, to: string, rmse: number,
        max_error: number, relative_error: number, note?: string}], eval?: {before: $eval, after: $eval}}""",
    "golden": """{model: string, version: string, variant: string, output: string, inputs: int, digest: string, golden: {*: any},
        recorded?: string}""",
    "sign": "{bundle: string, method: string, files: int, bytes: int, left_out: [string], root_digest: string, key_hint: string}",
    "registry-add": "$registry",
    "registry-list": "{registries: [$registry]}",
    "registry-remove": "{name: string}",
    "config-list": "{settings: [$setting]}",
    "config-get": "$setting",
    "config-set": "{key: string, value: string}",
    "config-unset": "{key: string}",
    "doctor": "{facts: {*: string}, checks: [{name: string, health: string, message: string, remedy: string}]}",
    "doctor-hw": """{cpu: string, isa: [string], cores: int, memory_bytes: int, disk_free_bytes: int, fingerprint: string,
        measured: string, calibration_us: {*: number}}""",
    "version": "{version: string}",
}

TOKEN = re.compile(r"\s*([\[\]{}:,|?*]|\$?[A-Za-z_][A-Za-z_0-9]*)")
PLAIN = {"string": {"type": "string"}, "int": {"type": "integer"}, "number": {"type": "number"}, "bool": {"type": "boolean"},
         "null": {"type": "null"}, "any": {}}


class Reader:
    def __init__(self, text, used):
        self.tokens, self.at, self.used = TOKEN.findall(text), 0, used

    def take(self, wanted=None):
        token = self.tokens[self.at]
        assert wanted in (None, token), (wanted, token, self.tokens)
        self.at += 1
        return token

    def here(self, token):
        return self.at < len(self.tokens) and self.tokens[self.at] == token

    def type(self):
        kinds = [self.one()]
        while self.here("|"):
            self.take()
            kinds.append(self.one())
        if len(kinds) == 1:
            return kinds[0]
        return {"type": [k["type"] for k in kinds]} if all(set(k) == {"type"} for k in kinds) else {"anyOf": kinds}

    def one(self):
        token = self.take()
        if token in PLAIN:
            return dict(PLAIN[token])
        if token.startswith("$"):
            self.used.append(token[1:])
            return {"$ref": "#/definitions/" + token[1:]}
        if token == "[":
            items = self.type()
            self.take("]")
            return {"type": "array", "items": items}
        assert token == "{", token
        out = {"type": "object"}
        if self.here("*"):
            self.take()
            self.take(":")
            kind = self.type()
            if kind:
                out["additionalProperties"] = kind
            self.take("}")
            return out
        out["required"], out["properties"] = [], {}
        while not self.here("}"):
            key = self.take()
            if self.here("?"):
                self.take()
            else:
                out["required"].append(key)
            self.take(":")
            out["properties"][key] = self.type()
            if self.here(","):
                self.take()
        self.take("}")
        return out


def schema_of(name, text):
    used = []
    data = Reader(text, used).type()
    definitions = {}
    while used:
        one = used.pop()
        if one not in definitions:
            definitions[one] = Reader(SHARED[one], used).type()
    doc = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"nano.{name}.schema.json",
        "title": f"nano {name}, as printed with --json",
        "type": "object",
        "required": ["schema", "data", "warnings"],
        "properties": {"schema": {"const": f"nano.{name}/1"}, "data": data, "warnings": {"type": "array", "items": {"type": "string"}}},
    }
    if definitions:
        doc["definitions"] = {k: definitions[k] for k in sorted(definitions)}
    return text_of(doc)


def text_of(doc):
    """One line for each key of the document, of its properties and of its definitions: short, and fit for a diff."""
    lines = []
    for key, value in doc.items():
        if key in ("properties", "definitions"):
            inner = ",\n".join(f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            lines.append(f'  "{key}": {{\n{inner}\n  }}')
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


# What every command prints on standard error when it fails with --json.
ERROR = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "error.schema.json",
    "title": "an error, as printed with --json",
    "type": "object",
    "required": ["error"],
    "properties": {"error": Reader("{code: int, kind: string, message: string, hint: string, context: [string]}", []).type()},
}


def main():
    folder = pathlib.Path(__file__).resolve().parent
    wanted = {f"{name}.schema.json": schema_of(name, text) for name, text in RESULTS.items()}
    wanted["error.schema.json"] = text_of(ERROR)
    here = {p.name: p.read_text() for p in folder.glob("*.schema.json")}
    different = sorted(name for name in wanted.keys() | here.keys() if wanted.get(name) != here.get(name))
    if "--check" in sys.argv[1:]:
        for name in different:
            print(f"schemas/v1/results/{name} is not what make.py writes: run it")
        return 1 if different else 0
    for name in different:
        if name in wanted:
            (folder / name).write_text(wanted[name])
        else:
            (folder / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
