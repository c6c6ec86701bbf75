// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/code/syntax.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "error_of.hpp"

namespace ncmlab {
namespace {

TEST(SyntaxTest, RefusesMoreThanTwoGigabytes) {
  // Pages that nobody looks at take no memory.
  const std::size_t size = (std::size_t{2} << 30) + 1;
  void* pages =
      ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  const std::string_view source(static_cast<const char*>(pages), size);
  for (const Language language : {Language::c, Language::cpp, Language::java, Language::python}) {
    EXPECT_EQ(code_of([&] { parse(source, language); }), "code.too-long") << to_string(language);
  }
  ::munmap(pages, size);
}

}  // namespace
}  // namespace ncmlab
