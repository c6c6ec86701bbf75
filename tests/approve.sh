#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Accepts what the program prints now as the golden texts of tests/cli. Review the difference.
# Usage: tests/approve.sh [BUILD_FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
cmake --build "$build" --target cli_test
NCMLAB_APPROVE=1 "$build/bin/cli_test" --gtest_brief=1
git --no-pager diff --stat -- tests/cli/golden
