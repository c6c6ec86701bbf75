// SPDX-License-Identifier: Apache-2.0
#include "core/parsed_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "error_of.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr BadJson kBad{.code = "a.code", .problem = "is no number", .help = "write one"};

int number_in(const std::string& text) {
  return take_json(text, "x.json", kBad,
                   [](const nlohmann::json& json) { return json.at("number").get<int>(); });
}

TEST(ParsedJsonTest, GivesWhatIsTaken) { EXPECT_EQ(number_in("{\"number\": 3}"), 3); }

TEST(ParsedJsonTest, SaysWhereWhatIsWrong) {
  for (const char* text : {"", "{", "{}", "[]", "{\"number\": \"three\"}"}) {
    const Diagnostic error = error_of([&] { number_in(text); });
    EXPECT_EQ(error.code, "a.code") << text;
    EXPECT_THAT(error.message, HasSubstr("`x.json` is no number: [json.exception.")) << text;
    EXPECT_THAT(error.help, ElementsAre("write one"));
  }
}

TEST(ParsedJsonTest, RefusesWhatNestsTooDeepBeforeItIsTaken) {
  const std::string levels(1'000'000, '[');
  const Diagnostic error =
      error_of([&] { number_in("{\"number\": 3, \"rest\": " + levels + "1" + "}"); });
  EXPECT_EQ(error.code, "a.code");
  EXPECT_THAT(error.message, HasSubstr("`x.json` is no number: arrays and objects nest more than"));
}

TEST(ParsedJsonTest, NamesTheFileThatItReads) {
  const ScratchFolder folder;
  const auto file = folder.write("x.json", "[1, 2]");
  const auto size = [](const nlohmann::json& json) { return json.size(); };
  EXPECT_EQ(take_json_file(file, {.code = "a.code"}, size), 2U);
  folder.write("x.json", "[1,");
  const Diagnostic error = error_of([&] { take_json_file(file, {.code = "a.code"}, size); });
  EXPECT_THAT(error.message, HasSubstr("`" + file.string() + "` is damaged: "));
  EXPECT_THAT(error.help, IsEmpty());
  EXPECT_EQ(code_of([&] { take_json_file(folder / "y.json", {.code = "a.code"}, size); }),
            "io.read");
}

}  // namespace
}  // namespace ncmlab
