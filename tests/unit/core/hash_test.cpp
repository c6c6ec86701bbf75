// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/core/hash.hpp"

#include <gtest/gtest.h>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

class HashFileTest : public testing::Test {
 protected:
  const ScratchFolder folder_;
};

TEST(HashTest, GivesTheValuesOfXxh3) {
  EXPECT_EQ(hash_hex(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2ULL);
  EXPECT_EQ(hash_hex("ncmlab"), "71ed73941a9ad3d383690231d0179027");
  EXPECT_EQ(hash64("ncmlab"), 0x49f27de2edded00fULL);
}

TEST(HashTest, DependsOnBytesAndSeed) {
  EXPECT_NE(hash64("a"), hash64("b"));
  EXPECT_NE(hash64("a", 1), hash64("a", 2));
  EXPECT_NE(hash_hex("a"), hash_hex(std::string_view("a\0", 2)));
  EXPECT_EQ(hash_hex("a").size(), 32U);
}

TEST(HasherTest, UpdatesJoinAndFieldsDoNot) {
  EXPECT_EQ(Hasher().update("ab").update("c").hex(), hash_hex("abc"));
  EXPECT_NE(Hasher().field("ab").field("c").hex(), Hasher().field("a").field("bc").hex());
  EXPECT_NE(Hasher().field("").hex(), Hasher().hex());
}

TEST(HasherTest, HexDoesNotEndTheStream) {
  Hasher hasher;
  hasher.update("a");
  EXPECT_EQ(hasher.hex(), hash_hex("a"));
  EXPECT_EQ(hasher.hex(), hash_hex("a"));
  Hasher moved = std::move(hasher);
  EXPECT_EQ(moved.update("b").hex(), hash_hex("ab"));
}

TEST_F(HashFileTest, EqualsTheHashOfTheContent) {
  std::string bytes(3'000'000, 'x');
  bytes[1'500'000] = '\0';
  write_file_atomically(folder_ / "large", bytes);
  EXPECT_EQ(hash_file(folder_ / "large"), hash_hex(bytes));
  write_file_atomically(folder_ / "empty", "");
  EXPECT_EQ(hash_file(folder_ / "empty"), hash_hex(""));
}

TEST_F(HashFileTest, RefusesWhatCannotBeRead) {
  for (const auto& path : {folder_ / "missing", folder_.path()}) {
    try {
      hash_file(path);
      FAIL() << "no error for " << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.diagnostics().front().code, "io.read");
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace ncmlab
