// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fake_catalogue.hpp"
#include "ncmlab/core/rng.hpp"

namespace ncmlab::testing {
namespace {

const std::string kText = kMinimal +
                          "training = { epochs = 2, batch_size = 8 }\n"
                          "[training]\n"
                          "epochs = 3\n"
                          "[[attack]]\n"
                          "plugin = \"badcode\"\n"
                          "rate = [0.02, 0.05]\n"
                          "words = [\"größe\", \"b\"]\n"
                          "victim_label = \"defective\"\n"
                          "[[defense]]\n"
                          "plugin = \"onion\"\n"
                          "bar = 2\n";

// Reads the text: it is accepted, or every problem has a code, a message and a place in the file.
void expect_no_crash(const std::string& text) {
  for (const Diagnostic& problem : problems_of(text)) {
    EXPECT_EQ(problem.code.rfind("config.", 0), 0u) << problem.code;
    EXPECT_FALSE(problem.message.empty());
    ASSERT_TRUE(problem.span.has_value());
    EXPECT_GE(problem.span->length, 1);
    EXPECT_FALSE(render(problem).empty());
  }
}

TEST(GarbledTomlTest, AcceptsTheTextItself) { EXPECT_TRUE(problems_of(kText).empty()); }

TEST(GarbledTomlTest, SurvivesTruncationAtEveryByte) {
  for (std::size_t size = 0; size < kText.size(); ++size) {
    expect_no_crash(kText.substr(0, size));
  }
}

TEST(GarbledTomlTest, SurvivesChangedBytes) {
  Rng rng(7);
  for (int round = 0; round < 1500; ++round) {
    std::string text = kText;
    for (std::uint64_t change = 0; change <= rng.below(4); ++change) {
      text[rng.below(text.size())] = static_cast<char>(rng.below(256));
    }
    expect_no_crash(text);
  }
}

TEST(GarbledTomlTest, SurvivesMovedLines) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < kText.size();) {
    const std::size_t end = kText.find('\n', start) + 1;
    lines.push_back(kText.substr(start, end - start));
    start = end;
  }
  Rng rng(8);
  for (int round = 0; round < 500; ++round) {
    rng.shuffle(lines);
    std::string text;
    for (std::size_t i = rng.below(4); i < lines.size(); ++i) {
      text += lines[i];
    }
    expect_no_crash(text);
  }
}

TEST(GarbledTomlTest, SurvivesDeepNesting) {
  expect_no_crash("x = " + std::string(100000, '['));
  std::string inline_tables = "x = ";
  for (int i = 0; i < 20000; ++i) {
    inline_tables += "{a = ";
  }
  expect_no_crash(inline_tables);
}

}  // namespace
}  // namespace ncmlab::testing
