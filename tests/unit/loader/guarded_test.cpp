// SPDX-License-Identifier: Apache-2.0
#include "loader/guarded.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <string>

#include "error_of.hpp"
#include "loader/catalogue.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"
#include "ncmlab/plugin/task_writer.hpp"
#include "prepared_attack.hpp"

namespace ncmlab {
namespace {

using Functions = std::map<std::string, std::set<std::string>>;

/// What the group of `pattern` finds in a file, by the class whose text it stands in.
Functions by_class(const std::string& file, const std::string& pattern) {
  const std::string text = read_file(file);
  const std::regex expression("\nclass ([A-Za-z]+)|" + pattern);
  Functions found;
  std::string name;
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
    if ((*it)[1].matched) {
      name = (*it)[1];
    } else {
      found[name].insert((*it)[2]);
    }
  }
  return found;
}

// A virtual function that its wrapper does not know would run as the interface's own default.
TEST(GuardedTest, ForwardsEveryVirtualFunctionOfTheInterfaces) {
  Functions forwarded = by_class("framework/src/loader/guarded.cpp", "call\\(\\s*\"([a-z_]+)\"");
  // Both kinds of attacks have the base; the further one is checked for its own function alone.
  EXPECT_THAT(forwarded["GuardedAttack"], testing::ElementsAre("prepare"));
  forwarded["GuardedAttack"].merge(forwarded["GuardedAttackBase"]);
  // What the class of a stage answers itself.
  forwarded["GuardedDefense"].insert("stage");
  std::set<std::string> interfaces;
  for (const char* header :
       {"model", "task", "attack", "surrogate_attack", "task_writer", "defense", "model_defense",
        "data_defense", "training_defense", "input_defense"}) {
    for (const auto& [interface, functions] :
         by_class("framework/include/ncmlab/plugin/" + std::string(header) + ".hpp",
                  "virtual [A-Za-z:_<>0-9&*, ]+ ([a-z_]+)\\(")) {
      interfaces.insert(interface);
      for (const std::string& function : functions) {
        EXPECT_TRUE(forwarded["Guarded" + interface].contains(function))
            << interface << ": " << function;
      }
    }
  }
  EXPECT_THAT(interfaces, testing::ElementsAre(
                              "Attack", "Backdoor", "DataDefense", "DefendedTraining", "Defense",
                              "InputDefense", "InputFilter", "Model", "ModelDefense",
                              "SurrogateAttack", "Task", "TaskWriter", "TrainingDefense"));
}

class Plain final : public Attack {
 public:
  std::unique_ptr<Backdoor> prepare(const AttackContext&) const override { return nullptr; }
};

class Borrower final : public SurrogateAttack {
 public:
  std::unique_ptr<Backdoor> prepare_with(const AttackContext&, CodeModel&) const override {
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
  EXPECT_THAT(error_of([&] { dynamic_cast<const TaskWriter&>(*writer).write({}, {}); }).notes,
              testing::ElementsAre(testing::HasSubstr("task `w`")));
}

TEST(GuardedTest, CatalogueRefusesAnInstanceOfAnotherKind) {
  Catalogue catalogue;
  catalogue.add({.entry = {.kind = PluginKind::defense,
                           .name = "odd",
                           .create = [](const Settings&) { return std::make_shared<Plain>(); }},
                 .file = "odd.so",
                 .file_digest = {}});
  const Diagnostic problem =
      error_of([&] { catalogue.create<Defense>(PluginKind::defense, "odd", {}); });
  EXPECT_EQ(problem.code, "plugin.broken");
  EXPECT_THAT(problem.notes, testing::ElementsAre("loaded from odd.so"));
}

}  // namespace
}  // namespace ncmlab
