#!/usr/bin/env bash
# train.sh: trains sentiment-50m from the data sets to the GGUF file, and measures it. About an hour and a half on one core.
#
#   NANO_SHARED   folder that holds datasets/imdb, datasets/sst2, datasets/sentiment_open   (default ../shared)
#   NANO_TRAIN    work folder for vectors and checkpoints, 3 GB                             (default train-work)
#
# Needs g++ and Python 3 with PyTorch; on Debian: g++ python3-torch libopenblas0-pthread. On a processor with
# avx512_bf16 the products run in bfloat16 at twice the speed; elsewhere they run in the same format, slower.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export NANO_SHARED=$(realpath "${NANO_SHARED:-../shared}") NANO_TRAIN=$(realpath -m "${NANO_TRAIN:-train-work}")
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
python=${PYTHON:-/usr/bin/python3}
mkdir -p "$NANO_TRAIN"
cd "$NANO_TRAIN"
step() { "$python" "$here/$1.py" "${@:2}"; }

# 1. Filter, split, vocabulary (1 minute); word vectors that know the stars (6 to 9 minutes on two cores).
step prepare
g++ -std=c++20 -O3 -march=native -ffast-math -pthread "$here/vectors.cpp" -o vectors
./vectors stream.bin vectors.f32 "$(wc -l < vocab.txt)" 14 2
step baseline

# 2. Three layers on masked words, the reviews' stars and the labelled sentences at once; then the same on six, which
#    begin as the three (model.py, grow); then a short stage on SST-2 above all. 15 + 21 + 5 minutes.
mlm="--vectors vectors.f32"
step train $mlm --out a3.pt --layers 3 --tokens 5.5 --lr 5e-4 --lr-words 3e-4 --seed 1 \
  --mix imdb=0.5,sst2=0.3,open=0.2 --whole 2 --floor 0.4
step train $mlm --init a3.pt --out b6.pt --tokens 3.9 --lr 3e-4 --lr-words 2e-4 --seed 2 \
  --mix imdb=0.42,long=0.02,sst2=0.36,open=0.2 --whole 2
step train --init b6.pt --out c6.pt --tokens 1.0 --lr 1e-4 --lr-words 1.5e-4 --seed 3 \
  --mix imdb=0.12,sst2=0.68,open=0.2 --whole 3 --mlm 0 --mask 0.08
step soup bc6.pt b6.pt c6.pt

# 3. The mean of those two and the bag-of-words regression label review sentences; the network learns from their vote,
#    which is better than either. 5 + 20 minutes, then 6 with more weight on whole SST-2 sentences.
step teach soft.npz 100000 bc6.pt
step train --init bc6.pt --out d6.pt --tokens 3.6 --lr 2e-4 --lr-words 3e-4 --seed 4 \
  --mix soft=0.5,imdb=0.05,long=0.01,sst2=0.3,open=0.14 --soft soft.npz --whole 2 --mlm 0 --mask 0.1 --average 0.15
step train --init d6.pt --out e6.pt --tokens 1.1 --lr 1.2e-4 --lr-words 2e-4 --seed 5 \
  --mix soft=0.4,sst2=0.45,open=0.15 --soft soft.npz --whole 4 --mlm 0 --mask 0.05 --average 0.3
step soup final.pt bc6.pt d6.pt e6.pt

# 4. Export, measure. Dev is read here, and nowhere else.
final=final.pt
step export $final q8 "$here/../sentiment-50m-q8.gguf"
step export $final f32 sentiment-50m-f32.gguf
step evaluate $final "$here/../sentiment-50m-q8.gguf" dev
step golden $final
step manifest
