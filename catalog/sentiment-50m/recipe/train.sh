#!/usr/bin/env bash
# train.sh: trains sentiment-50m 1.1.0 from version 1.0.0 and the data sets to the GGUF file, and measures it. About an
# hour and a half on one core.
#
#   NANO_SHARED   folder that holds datasets/imdb, datasets/sst2, datasets/sentiment_open   (default ../shared)
#   NANO_TRAIN    work folder for checkpoints, 3 GB                                          (default train-work)
#   NANO_START    sentiment-50m-q8.gguf of version 1.0.0
#   NANO_BUILD    folder of a configured build of nano (build/release), for its own measurements; without it they are left out
#
# The chain: 1.0.0 was trained from nothing, by the recipe that lies beside its weights in this repository's history
# (commit 925df05, recipe/train.sh: word vectors, masked words, the labelled sets; an hour and a half). This one goes on
# from those weights, taken out of the 8-bit file, with the same vocabulary.
#
# Needs Python 3 with PyTorch; on Debian: python3-torch libopenblas0-pthread. On a processor with avx512_bf16 the products
# run in bfloat16 at twice the speed; elsewhere they run in the same format, slower.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export NANO_SHARED=$(realpath "${NANO_SHARED:-../shared}") NANO_TRAIN=$(realpath -m "${NANO_TRAIN:-train-work}")
export NANO_START=$(realpath "${NANO_START:?the q8 file of version 1.0.0}")
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
python=${PYTHON:-/usr/bin/python3}
if [ -n "${NANO_BUILD:-}" ]; then NANO_BUILD=$(realpath "$NANO_BUILD"); fi
mkdir -p "$NANO_TRAIN"
cd "$NANO_TRAIN"
step() { "$python" "$here/$1.py" "${@:2}"; }

# 1. Filter, split (1 minute). The weights of 1.0.0 as a checkpoint.
step prepare
step start "$NANO_START" v1.pt

# 2. The teachers: the word regression (also the yardstick), and two LSTMs over the word table. 5 + 6 + 8 minutes.
step baseline
step train_reader --words v1.pt --out l1.pt --width 192 --tokens 6.06 --lr 2e-3 --seed 1 --mix sst2=0.45,open=0.2,one=0.35
step train_reader --words v1.pt --out l2.pt --width 256 --tokens 4.86 --lr 1.5e-3 --seed 5 \
  --mix sst2=0.4,open=0.12,one=0.24,imdb=0.24

# 3. What they label: 110,000 review sentences, 60,000 remixed ones; and 12,000 made-up ones labelled by rule. 4 minutes.
step compose 12000
step remix 60000 v1.pt
step teach 110000 l1.pt l2.pt

# 4. The model. As it was run, --minutes 51 ended the schedule, at 3.97 million pieces.
step train --init v1.pt --out f6.pt --tokens 3.97 --lr 2.5e-4 --lr-words 2.5e-4 --seed 11 --whole 3 --mask 0.06 \
  --average 0.15 --mix soft=0.34,remix=0.2,sst2=0.24,open=0.11,one=0.07,compose=0.035,long=0.005

# 5. Export, measure. Dev is read here, and nowhere else.
final=f6.pt
step export $final q8 "$here/../sentiment-50m-q8.gguf"
step evaluate $final "$here/../sentiment-50m-q8.gguf" dev
step golden $final
step manifest
if [ -n "${NANO_BUILD:-}" ]; then
  cmake --build "$NANO_BUILD" --target starter
  step measure "$NANO_BUILD/bin/nano" "${CPU_NAME:-unnamed processor}"
  step golden_variants "$NANO_BUILD/bin/nano" "$NANO_BUILD/catalog/sentiment-50m/sentiment-50m-q4.gguf"
fi
