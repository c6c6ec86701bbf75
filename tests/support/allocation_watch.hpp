// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

/// Counts what `operator new` hands out. Include it in one source file of a program: it replaces
/// the operators of the whole program, its libraries included.
namespace ncmlab::testing {

struct AllocationWatch {
  static inline std::atomic<long long> live{0};
  static inline std::atomic<long long> peak{0};

  /// Starts a new measurement: the peak is what is live now.
  static long long start() {
    peak = live.load();
    return live;
  }
  static void count(long long bytes) {
    const long long now = live += bytes;
    long long highest = peak;
    while (now > highest && !peak.compare_exchange_weak(highest, now)) {
    }
  }
};

/// Adds `sign` times the block's size; not within itself: tcmalloc allocates on the first question
/// after a size.
inline void count_block(void* block, int sign) noexcept {
  static thread_local bool is_counting = false;
  if (!is_counting) {
    is_counting = true;
    AllocationWatch::count(sign * static_cast<long long>(malloc_usable_size(block)));
    is_counting = false;
  }
}

/// Null where there is no memory.
inline void* counted_or_null(std::size_t bytes) noexcept {
  void* block = std::malloc(std::max<std::size_t>(bytes, 1));
  if (block != nullptr) {
    count_block(block, 1);
  }
  return block;
}

inline void* counted(std::size_t bytes) {
  void* block = counted_or_null(bytes);
  if (block == nullptr) {
    throw std::bad_alloc();
  }
  return block;
}

inline void uncounted(void* block) noexcept {
  if (block != nullptr) {
    count_block(block, -1);
    std::free(block);
  }
}

}  // namespace ncmlab::testing

void* operator new(std::size_t bytes) { return ncmlab::testing::counted(bytes); }
void* operator new[](std::size_t bytes) { return ncmlab::testing::counted(bytes); }
// An allocator's own forms of these need not come here.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return ncmlab::testing::counted_or_null(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return ncmlab::testing::counted_or_null(bytes);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
  ncmlab::testing::uncounted(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
  ncmlab::testing::uncounted(block);
}
void operator delete(void* block) noexcept { ncmlab::testing::uncounted(block); }
void operator delete[](void* block) noexcept { ncmlab::testing::uncounted(block); }
void operator delete(void* block, std::size_t) noexcept { ncmlab::testing::uncounted(block); }
void operator delete[](void* block, std::size_t) noexcept { ncmlab::testing::uncounted(block); }
