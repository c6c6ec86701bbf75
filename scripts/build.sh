#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds ncmlab into build/. Arguments go to CMake: scripts/build.sh -DNCMLAB_BUILD_BENCH=OFF
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release "$@" >/dev/null
cmake --build --preset release
