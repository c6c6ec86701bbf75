// SPDX-License-Identifier: Apache-2.0
#include "data/gzip_buffer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <istream>
#include <iterator>
#include <sstream>

#include "gzip_text.hpp"
#include "ncmlab/core/rng.hpp"

namespace ncmlab {
namespace {

struct Inflated {
  std::string text;
  std::string failure;
};

Inflated inflated(const std::string& bytes) {
  std::istringstream source(bytes);
  GzipBuffer buffer(*source.rdbuf());
  std::istream stream(&buffer);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  return {std::move(text), buffer.failure()};
}

/// Larger than the buffers, and hard to compress.
std::string long_text() {
  Rng rng(3);
  std::string text;
  for (int i = 0; i < 300'000; ++i) {
    text += static_cast<char>(rng.below(256));
  }
  return text;
}

TEST(GzipBufferTest, TellsGzipByItsFirstByte) {
  std::istringstream packed(gzip("a")), plain("{\"a\": 1}"), empty("");
  EXPECT_TRUE(GzipBuffer::is_gzip(*packed.rdbuf()));
  EXPECT_FALSE(GzipBuffer::is_gzip(*plain.rdbuf()));
  EXPECT_FALSE(GzipBuffer::is_gzip(*empty.rdbuf()));
}

TEST(GzipBufferTest, GivesBackWhatWasPacked) {
  for (const std::string& text :
       {std::string(), std::string("one\ntwo\n"), long_text(), std::string(5'000'000, ' ')}) {
    const Inflated result = inflated(gzip(text));
    EXPECT_EQ(result.failure, "");
    EXPECT_TRUE(result.text == text) << result.text.size() << " of " << text.size() << " bytes";
  }
}

TEST(GzipBufferTest, JoinsMembers) {
  const Inflated result = inflated(gzip("one\n") + gzip("") + gzip("two\n"));
  EXPECT_EQ(result.text, "one\ntwo\n");
  EXPECT_EQ(result.failure, "");
}

TEST(GzipBufferTest, SaysWhereEveryTruncationIsOne) {
  const std::string bytes = gzip("a text of some length, of some length");
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_THAT(inflated(bytes.substr(0, size)).failure, testing::HasSubstr("ends too early"))
        << size;
  }
}

TEST(GzipBufferTest, NoticesDamage) {
  std::string bytes = gzip("a text of some length, of some length");
  EXPECT_THAT(inflated(bytes + "garbage").failure, testing::HasSubstr("damaged"));
  bytes[bytes.size() - 6] ^= 1;  // of the checksum
  EXPECT_THAT(inflated(bytes).failure, testing::HasSubstr("damaged"));
}

TEST(GzipBufferTest, NoFlippedBitGoesUnnoticedInTheText) {
  const std::string text = "{\"code\": \"int f(void);\", \"label\": 1}\n";
  const std::string bytes = gzip(text);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    const Inflated result = inflated(flipped);
    EXPECT_TRUE(result.text == text || !result.failure.empty()) << bit;
  }
}

}  // namespace
}  // namespace ncmlab
