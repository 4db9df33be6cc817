#!/bin/bash
# install_test.sh BUILD SOURCE MODEL [CC CXX]: install libnano to a temporary prefix, move it (so that a path left behind shows),
# then build and run the examples against it, once by find_package and once by pkg-config. MODEL is a path or an installed name.
set -euo pipefail
build=$1 source=$2 model=$3 cc=${4:-cc} cxx=${5:-c++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --component runtime --prefix "$work/first" > "$work/log" || { cat "$work/log"; exit 1; }
mv "$work/first" "$work/prefix"
prefix=$work/prefix

cmake -S "$source/tests/runtime_shim/embedding_project" -B "$work/project" -DCMAKE_PREFIX_PATH="$prefix" \
  -DEXAMPLES="$source/docs/examples" -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/project" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for language in c cpp; do "$work/project/embed_$language" "$model" "the film is good"; done

export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name nano.pc)")
libdir=$(pkg-config --variable=libdir nano)
# As the examples say; without an rpath the loader is told otherwise.
# shellcheck disable=SC2046 # several flags
"$cc" -std=c11 -Wall -Werror "$source/docs/examples/embed.c" $(pkg-config --cflags --libs nano) "-Wl,-rpath,$libdir" -o "$work/embed_c"
# shellcheck disable=SC2046
"$cxx" -std=c++17 -Wall -Werror "$source/docs/examples/embed.cpp" $(pkg-config --cflags --libs nano) -o "$work/embed_cpp"
"$work/embed_c" "$model" "the film is good"
LD_LIBRARY_PATH=$libdir "$work/embed_cpp" "$model" "the film is good"
echo "the examples run against the installed library"
