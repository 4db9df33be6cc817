# scripts/lib.sh: sourced by quickstart and test: Debian packages and builds.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n==> %s\n' "$*"; }

# install_packages FILE...: apt-get install what those lists name and this machine lacks. Says what; skips apt when nothing is missing.
install_packages() {
  local wanted missing=() p sudo=()
  wanted=$(cat "$@" | sed 's/#.*//' | tr -s ' \n' '\n' | sed '/^$/d')
  for p in $wanted; do
    dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "Debian packages: all there"
    return 0
  fi
  if ! command -v apt-get >/dev/null; then
    echo "error: these packages are missing and there is no apt-get here: ${missing[*]}" >&2
    echo "  hint: nano is built on Debian bookworm; install them by your system's own means" >&2
    exit 14
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "error: these packages are missing, you are not root, and there is no sudo: ${missing[*]}" >&2
      echo "  hint: as root: apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 9
    fi
    sudo=(sudo)
  fi
  say "Installing Debian packages: ${missing[*]}"
  "${sudo[@]}" apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  if [ ! -f "build/$preset/build.ninja" ]; then cmake --preset "$preset" >/dev/null; fi
  cmake --build --preset "$preset" ${1:+--target "$@"}
}
