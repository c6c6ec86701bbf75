#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds everything and runs all tests. Arguments go to ctest.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install_dependencies.sh
scripts/build.sh -DNCMLAB_BUILD_TESTS=ON -DNCMLAB_BUILD_BENCH=ON
cd build
exec ctest --output-on-failure -j "$(nproc)" "$@"
