#!/usr/bin/env python3
"""Writes corpus/<target>/seed_*: small valid inputs for each fuzz target, from which the fuzzer starts.

usage: make_seeds.py          (needs the openssl program; writes beside this file)
What fuzzing adds later lies in the same folders under the sha1 of its bytes.
"""
import base64, hashlib, io, json, pathlib, subprocess, tarfile, tempfile

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "schemas" / "golden"


def seed(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed_{name}").write_bytes(data.encode() if isinstance(data, str) else data)


def openssl(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE, check=True).stdout


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def key(keytype, scheme, public):
    k = {"keytype": keytype, "scheme": scheme, "keyval": {"public": public}}
    text = canonical(k).replace("\\n", "\n")  # the canonical form keeps newlines raw
    return hashlib.sha256(text.encode()).hexdigest(), k


with tempfile.TemporaryDirectory() as tmp:
    tmp = pathlib.Path(tmp)
    private = {}
    for name, args in {
        "ed25519": ["-algorithm", "ED25519"],
        "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    }.items():
        private[name] = openssl("genpkey", *args)
    public = {n: openssl("pkey", "-pubout", data=p) for n, p in private.items()}
    hex_ed = openssl("pkey", "-pubin", "-pubout", "-outform", "DER", data=public["ed25519"])[-32:].hex()
    explicit = openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit")
    (tmp / "k").write_bytes(private["p256"])
    cert = openssl("req", "-x509", "-new", "-key", str(tmp / "k"), "-subj", "/CN=Ann", "-days", "3650", "-addext",
                   "keyUsage=digitalSignature", "-addext", "subjectAltName=email:a@b.c,URI:https://b.c,DNS:b.c")
    cert_der = openssl("x509", "-outform", "DER", data=cert)

tuf_keys = dict([key("ed25519", "ed25519", hex_ed), key("ecdsa", "ecdsa-sha2-nistp256", public["p256"].decode()),
                 key("rsa", "rsassa-pss-sha256", public["rsa"].decode())])
ids = list(tuf_keys)
header = {"spec_version": "1.0.34", "version": 3, "expires": "2030-01-01T00:00:00Z"}


def metadata(name, body):
    sigs = [{"keyid": i, "sig": s} for i, s in zip(ids, ["00" * 64, "30060201010201", ""])]
    seed(f"metadata_{name}", "plain", json.dumps({"signed": {**header, "_type": name, **body}, "signatures": sigs}))


metadata("root", {"consistent_snapshot": True, "keys": tuf_keys, "x-nano-id": "00" * 32,
                  "roles": {r: {"keyids": ids[:2], "threshold": 2 if r == "root" else 1}
                            for r in ["root", "timestamp", "snapshot", "targets"]}})
metadata("timestamp", {"meta": {"snapshot.json": {"version": 7, "length": 10, "hashes": {"sha256": "ab" * 32}}}})
metadata("snapshot", {"meta": {"targets.json": {"version": 1}, "reg.3f.json": {"version": 2, "length": 5}}})
metadata("targets", {"targets": {"3f/acme/x/1.0.0.json": {"length": 3, "hashes": {"sha256": "cd" * 32},
                                                          "custom": {"yanked": "no", "n": [1, -2, None, True]}}},
                     "delegations": {"keys": tuf_keys, "roles": [
                         {"name": "advisory", "keyids": ids[:1], "threshold": 1, "terminating": True,
                          "paths": ["advisory/*"]},
                         {"name": "../x?#", "keyids": ids, "threshold": 2, "terminating": False,
                          "path_hash_prefixes": ["0", "ab1"]}]}})

seed("canonical_json", "types", '{"b":[1,-2,0,true,false,null,9007199254740993],"a":"\\"\\\\ \\u20ac","":{}}')
seed("canonical_json", "escapes", '{"\\ud83d\\ude00":"\\n\\t\\u0000","é":18446744073709551615}')
seed("canonical_json", "nested", "[" * 20 + "]" * 20)

b64 = lambda b: base64.b64encode(b).decode()
seed("dsse", "plain", json.dumps({"payload": b64(b'{"a":1}'), "payloadType": "application/vnd.nano.release.v1+json",
                                  "signatures": [{"keyid": "k", "sig": b64(b"s" * 64)}, {"keyid": "", "sig": ""}]}))
seed("dsse", "base64", "YWI=")

for i, (name, data) in enumerate([
        ("hex", b"\0" + hex_ed.encode()), ("ed25519", b"\0" + public["ed25519"]),
        ("ed25519_private", b"\1" + private["ed25519"]), ("p256", b"\2" + public["p256"]),
        ("p384", b"\2" + public["p384"]), ("p521", b"\2" + public["p521"]), ("rsa", b"\2" + public["rsa"]),
        ("p256_private", b"\3" + private["p256"]), ("explicit", b"\3" + explicit), ("cert", b"\4" + cert),
        ("cert_der", b"\5" + cert_der)] + [(f"tuf_{n}", b"\6" + json.dumps(k).encode())
                                           for n, k in enumerate(tuf_keys.values())]):
    seed("keys", name, data)


def statement(method, names, **more):
    digests = [hashlib.sha256(n.encode()).hexdigest() for n in names]
    return {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://model_signing/signature/v1.0",
            "subject": [{"name": "m", "digest": {"sha256": hashlib.sha256(bytes.fromhex("".join(digests))).hexdigest()}}],
            "predicate": {"serialization": {"method": method, "hash_type": "sha256", "allow_symlinks": False, **more},
                          "resources": [{"name": n, "algorithm": "sha256", "digest": d}
                                        for n, d in zip(names, digests)]}}


def oms(material, payload):
    return json.dumps({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                       "verificationMaterial": {**material, "tlogEntries": []},
                       "dsseEnvelope": {"payload": b64(json.dumps(payload).encode()),
                                        "payloadType": "application/vnd.in-toto+json",
                                        "signatures": [{"sig": b64(bytes.fromhex("3006020101020101")), "keyid": ""}]}})


files = statement("files", ["a", "b/c"], ignore_paths=["model.sig"])
shards = statement("shards", ["w:0:10", "w:10:15"], shard_size=10)
old = {"_type": files["_type"], "predicateType": "https://model_signing/Digests/v0.1", "predicate": {"unused": ""},
       "subject": [{"name": "a", "digest": {"sha256": "ab" * 32}}]}
seed("oms", "key", oms({"publicKey": {"hint": "ab" * 32}}, files))
seed("oms", "old_key", oms({"publicKey": {"rawBytes": b64(public["p256"])}}, shards))
seed("oms", "certificate", oms({"x509CertificateChain": {"certificates": [{"rawBytes": b64(cert_der)}]}}, old))
for name, s in [("files", files), ("shards", shards), ("old", old)]:
    seed("oms", f"statement_{name}", json.dumps(s))

release = (GOLDEN / "release" / "valid" / "minimal.json").read_bytes()
for f in sorted((GOLDEN / "release" / "valid").glob("*.json")):
    seed("release", f.stem.replace("-", "_"), f.read_bytes())


def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), 0o644, 1_790_000_000
            t.addfile(info, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0").ljust(sum(512 + -(-len(d) // 512) * 512 for _, d in entries), b"\0") + b"\0" * 1024


compact = (json.dumps(json.loads(release), separators=(",", ":"), sort_keys=True) + "\n").encode()
sha = lambda b: hashlib.sha256(b).hexdigest()
root = json.dumps({"signed": {}, "signatures": []}).encode()
mark = (json.dumps({"schema": "nano.bundle/2",
                    "registries": [{"id": "sha256:" + sha(root), "metadata": {"1.root.json": "sha256:" + sha(root)}}],
                    "releases": [{"release": "sha256:" + sha(compact), "registry": "sha256:" + sha(root),
                                  "variant": "f32", "requested": True}]}, separators=(",", ":"), sort_keys=True) + "\n").encode()
bundle = tar([("nano-bundle.json", b'{"schema":"nano.bundle/1"}\n'), ("release.json", compact)])
export = tar([("nano-bundle.json", mark), (f"metadata/{sha(root)}.json", root), (f"releases/{sha(compact)}.json", compact)])
for mode in (1, 2):
    seed("tar_import", f"bundle_{mode}", bytes([mode]) + bundle)
    seed("tar_import", f"export_{mode}", bytes([mode]) + export)
    seed("tar_import", f"short_{mode}", bytes([mode]) + bundle[:700])
seed("tar_import", "raw", b"\0(\xb5/\xfd not a frame")

for name, text in {"bare": "sentiment-50m", "full": "acme/x@^1.2.3-rc.1:q4", "range": "x@>=1.2 <2 || 3.x", "hyphen":
                   "x@1.0 - 2.0", "tilde": "x@~1.2", "equal": "x@=1.2.3:all", "star": "x@*"}.items():
    seed("requirement", name, text)
