#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Looks for what the tests alone do not show; installs what is missing. Arguments choose among
#   memory   all tests under AddressSanitizer and UBSan, in build-dev/
#   threads  core, plugin loading, engine and runs under ThreadSanitizer, in build-threads/
#   tidy     clang-tidy over framework/ and plugins/, in build-tidy/
# and are all three if there are none.
set -euo pipefail
cd "$(dirname "$0")/.."

build() {
  # Lines in what is reported, but nothing else that a debugger wants; optimised, since most of the
  # time goes to running.
  cmake --preset "$1" -DNCMLAB_BUILD_TESTS=ON -DNCMLAB_BUILD_BENCH=OFF \
    "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1" >/dev/null
  cmake --build --preset "$1" --target "${@:2}"
}

# run_programs FOLDER FILTER PROGRAM...: test programs of a build folder, each as one process, since
# LibTorch takes its time to start under a sanitizer. Says how many tests passed, and shows the output
# of what failed.
run_programs() {
  printf '%s\n' "${@:3}" | xargs -P "$(nproc)" -I{} bash -c '
    log="$0/{}.log"
    if timeout 3600 "$0/bin/{}" --gtest_brief=1 --gtest_filter="$1" >"$log" 2>&1; then
      echo "{}: $(grep -aoP "\[  PASSED  \] \K.*" "$log")"
    else
      cat "$log"
      echo "{}: FAILED"
      exit 1
    fi' "$1" "$2"
}

memory() {
  local programs
  build dev all
  mapfile -t programs < <(cd build-dev/bin && ls -- *_test)
  # Leaks: LibTorch keeps memory until the process ends. Use after return: g++ 14 does not align the
  # stack frames that this moves to the heap for vectors of 64 bytes.
  ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 \
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 OMP_WAIT_POLICY=passive \
    run_programs build-dev '*' "${programs[@]}"
}

threads() {
  local programs=(core_test loader_test engine_test run_test)
  build threads "${programs[@]}"
  # One thread for LibTorch, whose OpenMP is not instrumented: without the test that asks for two.
  OMP_NUM_THREADS=1 run_programs build-threads \
    -RunCommandTest.AnotherNumberOfThreadsIsAnotherResult "${programs[@]}"
}

tidy() {
  local extra=()
  if grep -q bookworm /etc/os-release; then
    extra=(--extra-arg=-include "--extra-arg=$PWD/scripts/plain_vector.hpp")
  fi
  scripts/install_dependencies.sh clang-tidy
  cmake -S . -B build-tidy -G Ninja -DCMAKE_BUILD_TYPE=Release -DNCMLAB_BUILD_TESTS=OFF \
    -DNCMLAB_BUILD_BENCH=OFF -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
  # Of g++ alone.
  sed -i 's/ -fno-gnu-unique//g' build-tidy/compile_commands.json
  local files=()
  mapfile -t files < <(git ls-files 'framework/*.cpp' 'plugins/*.cpp' | grep -v /test/)
  echo "clang-tidy: ${#files[@]} files"
  printf '%s\n' "${files[@]}" |
    xargs -P "$(nproc)" -n 1 clang-tidy -p build-tidy --quiet "${extra[@]}"
}

for part in "$@"; do
  case "$part" in
    memory | threads | tidy) ;;
    *) echo "expected memory, threads or tidy, found $part" >&2; exit 2 ;;
  esac
done
if [ $# -eq 1 ]; then
  scripts/install_dependencies.sh
  "$1"
  exit
fi
[ $# -gt 0 ] || set -- memory threads tidy
failed=()
for part in "$@"; do
  # By itself, so that it ends where it fails.
  scripts/check.sh "$part" || failed+=("$part")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
