#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks for what the tests alone do not show; installs what is missing. Arguments choose among
#   memory   all tests under AddressSanitizer and UBSan, in build-dev/
#   threads  core, plugin loading, engine and runs under ThreadSanitizer, in build-threads/
#   tidy     clang-tidy over framework/ and plugins/, in build-tidy/
# and are all three if there are none, which takes hours on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

build() {
  cmake --preset "$1" -DNCMLAB_BUILD_TESTS=ON -DNCMLAB_BUILD_BENCH=OFF >/dev/null
  cmake --build --preset "$1" --target "${@:2}"
}

memory() {
  scripts/install_dependencies.sh
  build dev all
  # LibTorch keeps memory until the process ends.
  (cd build-dev && ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    ctest --output-on-failure -j "$(nproc)" --timeout 3600)
}

threads() {
  scripts/install_dependencies.sh
  local programs=(core_test loader_test engine_test run_test)
  build threads "${programs[@]}"
  for program in "${programs[@]}"; do
    # One thread for LibTorch, whose OpenMP is not instrumented.
    OMP_NUM_THREADS=1 TSAN_OPTIONS="suppressions=$PWD/scripts/thread_sanitizer.supp" \
      "build-threads/bin/$program"
  done
}

# clang 14 of Debian 12 cannot compile LibTorch's IValue as C++20: there what includes it is left out.
tidy() {
  scripts/install_dependencies.sh clang-tidy
  cmake -S . -B build-tidy -G Ninja -DCMAKE_BUILD_TYPE=Release -DNCMLAB_BUILD_TESTS=OFF \
    -DNCMLAB_BUILD_BENCH=OFF -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
  sed -i 's/ -fno-gnu-unique//g' build-tidy/compile_commands.json
  local files=()
  mapfile -t files < <(git ls-files 'framework/*.cpp' 'plugins/*.cpp' | grep -v /test/)
  if grep -q bookworm /etc/os-release; then
    mapfile -t files < <(grep -LE '<torch/torch.h>|<ATen/(ATen|Parallel).h>' "${files[@]}")
  fi
  echo "clang-tidy: ${#files[@]} files"
  printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy -p build-tidy --quiet
}

for part in ${@:-memory threads tidy}; do
  "$part"
done
