#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs with apt-get and npm what ncmlab needs to build and run and is not there yet.
# Debian 12 and 13. Asks nothing. Arguments name further packages.
set -euo pipefail
cd "$(dirname "$0")/.."

is_installed() {
  [ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Debian 12 has Boost 1.81 beside its default 1.74, which lacks parts that ncmlab needs.
boost=1.83
tcmalloc=libtcmalloc-minimal4t64
if grep -q bookworm /etc/os-release; then
  boost=1.81
  tcmalloc=libtcmalloc-minimal4
fi

packages=(
  ca-certificates g++ cmake ninja-build mold pkg-config git
  libtorch-dev libdnnl-dev libopenblas0-openmp "$tcmalloc"
  "libboost$boost-dev" "libboost-program-options$boost-dev"
  libtomlplusplus-dev nlohmann-json3-dev libxxhash-dev libpcre2-dev libutf8proc-dev zlib1g-dev
  libtree-sitter-dev libgtest-dev libgmock-dev libbenchmark-dev
)
packages+=("$@")
command -v npm >/dev/null || packages+=(npm)

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! cmp -s package-lock.json node_modules/.ncmlab-lock; then
  echo "Installing the tree-sitter grammars"
  npm ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.ncmlab-lock
fi
