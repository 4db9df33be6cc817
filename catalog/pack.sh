#!/usr/bin/env bash
# pack.sh NANO PACKAGE_DIR STAGE_DIR BUNDLE: copy a catalogue package, make the variants that are not committed, pack it.
set -euo pipefail
nano=$1 from=$2 stage=$3 bundle=$4
rm -rf "$stage"
mkdir -p "$stage" "$(dirname "$bundle")"
(cd "$from" && find . -type f -not -path './recipe/*' -print0 | sort -z | xargs -0 cp --parents -t "$stage")
# A q4 that the manifest names and git does not hold is quantized from the q8 beside it: the same bytes on every machine.
for q8 in "$stage"/*-q8.gguf; do
  [ -e "$q8" ] || continue
  q4="${q8%-q8.gguf}-q4.gguf"
  if [ ! -e "$q4" ] && grep -q "$(basename "$q4")" "$stage/nano.json"; then
    "$nano" --quiet quantize "$q8" "$q4" --type q4
  fi
done
rm -f "$bundle"
"$nano" --quiet pack "$stage" -o "$bundle" --force
