#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a clean clone to the first table: installs what is missing, builds, runs
# experiments/quickstart.toml. Asks nothing; a second call goes on where the first stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install_dependencies.sh
scripts/build.sh -DNCMLAB_BUILD_TESTS=OFF -DNCMLAB_BUILD_BENCH=OFF
exec build/bin/ncmlab run experiments/quickstart.toml "$@"
