// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

/// Counts the bytes that `new` hands out. Include it in one source of a program only: it replaces
/// operator new for all of it.
namespace ncmlab::testing {

inline std::atomic<std::size_t> live_bytes{0}, peak_bytes{0};

/// The most bytes that were live at once since it was made, beyond those that were live then.
class AllocationMeter {
 public:
  AllocationMeter() : before_(live_bytes.load()) { peak_bytes = before_; }
  std::size_t peak() const { return peak_bytes.load() - before_; }

 private:
  std::size_t before_;
};

inline void* counted(void* block) {
  if (block == nullptr) {
    throw std::bad_alloc();
  }
  const std::size_t live = live_bytes += malloc_usable_size(block);
  if (live > peak_bytes) {
    peak_bytes = live;
  }
  return block;
}

inline void discount(void* block) {
  if (block != nullptr) {
    live_bytes -= malloc_usable_size(block);
    std::free(block);
  }
}

}  // namespace ncmlab::testing

void* operator new(std::size_t size) {
  return ncmlab::testing::counted(std::malloc(std::max<std::size_t>(size, 1)));
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* block) noexcept { ncmlab::testing::discount(block); }
void operator delete[](void* block) noexcept { ncmlab::testing::discount(block); }
void operator delete(void* block, std::size_t) noexcept { ncmlab::testing::discount(block); }
void operator delete[](void* block, std::size_t) noexcept { ncmlab::testing::discount(block); }
