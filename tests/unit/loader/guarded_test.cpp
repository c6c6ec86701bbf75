// SPDX-License-Identifier: Apache-2.0
#include "loader/guarded.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "loader/catalogue.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"
#include "ncmlab/plugin/task_writer.hpp"
#include "prepared_attack.hpp"

namespace ncmlab {
namespace {

std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    found.insert((*it)[1]);
  }
  return found;
}

// A virtual function that the wrappers do not know would run as the interface's own default.
TEST(GuardedTest, ForwardsEveryVirtualFunctionOfTheInterfaces) {
  const std::set<std::string> forwarded =
      matches(read_file("framework/src/loader/guarded.cpp"), "call\\(\\s*\"([a-z_]+)\"");
  for (const char* interface :
       {"model", "task", "attack", "surrogate_attack", "defense", "task_writer"}) {
    const std::string header =
        read_file("framework/include/ncmlab/plugin/" + std::string(interface) + ".hpp");
    const std::set<std::string> functions =
        matches(header, "virtual [A-Za-z:_<>0-9&* ]+ ([a-z_]+)\\(");
    EXPECT_FALSE(functions.empty()) << interface;
    for (const std::string& function : functions) {
      EXPECT_TRUE(forwarded.contains(function)) << interface << ": " << function;
    }
  }
}

class Plain final : public Attack {
 public:
  std::unique_ptr<Backdoor> prepare(const AttackContext&) const override { return nullptr; }
};

class Borrower final : public SurrogateAttack {
 public:
  std::unique_ptr<Backdoor> prepare_with(const AttackContext&, Victim&) const override {
    return nullptr;
  }
};

class Writer final : public Task, public TaskWriter {
 public:
  Corpus load(const Rng&) const override { return {}; }
  std::string data_fingerprint() const override { return "print"; }
  std::vector<std::string> label_names() const override { return {"a"}; }
  std::int64_t positive_label() const override { return 0; }
  InputRules input_rules() const override { return {}; }
  HeadShape head_shape() const override { return {}; }
  std::vector<std::string> parts(const Example&) const override { return {}; }
  void write(const Corpus&, const std::filesystem::path&) const override {
    throw Error("io.write", "no room");
  }
};

TEST(GuardedTest, KeepsTheFurtherInterfaces) {
  const auto plain = guarded(std::make_shared<Plain>(), {.kind = PluginKind::attack, .name = "p"});
  const auto borrower =
      guarded(std::make_shared<Borrower>(), {.kind = PluginKind::attack, .name = "b"});
  const auto writer = guarded(std::make_shared<Writer>(), {.kind = PluginKind::task, .name = "w"});
  const auto reader = guarded(std::make_shared<KindTask>(TaskKind::classification),
                              {.kind = PluginKind::task, .name = "r"});
  EXPECT_EQ(dynamic_cast<const SurrogateAttack*>(plain.get()), nullptr);
  EXPECT_NE(dynamic_cast<const SurrogateAttack*>(borrower.get()), nullptr);
  EXPECT_EQ(dynamic_cast<const TaskWriter*>(reader.get()), nullptr);
  ASSERT_NE(dynamic_cast<const TaskWriter*>(writer.get()), nullptr);
  EXPECT_EQ(origin_of(*writer)->text(), "task `w`");
  EXPECT_EQ(origin_of(Plain()), nullptr);
  try {
    dynamic_cast<const TaskWriter&>(*writer).write({}, {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.diagnostics().front().notes.back(), testing::HasSubstr("task `w`"));
  }
}

TEST(GuardedTest, CatalogueRefusesAnInstanceOfAnotherKind) {
  Catalogue catalogue;
  catalogue.add({.entry = {.kind = PluginKind::defense,
                           .name = "odd",
                           .create = [](const Settings&) { return std::make_shared<Plain>(); }},
                 .file = "odd.so",
                 .file_digest = {}});
  try {
    catalogue.create<Defense>(PluginKind::defense, "odd", {});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics().front().code, "plugin.broken");
    EXPECT_THAT(error.diagnostics().front().notes, testing::ElementsAre("loaded from odd.so"));
  }
}

}  // namespace
}  // namespace ncmlab
