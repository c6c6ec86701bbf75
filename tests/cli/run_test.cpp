// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/lock.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/core/rng.hpp"
#include "run_command.hpp"

namespace ncmlab {
namespace {

using testing::HasSubstr;

TEST_F(RunCommandTest, KilledAnywhereAndStartedAgainItEndsWithTheSameRecords) {
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run({"run", "experiment.toml", "--store", "whole"}), 0) << err();
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - begin;
  ASSERT_EQ(records("whole").size(), 6U);
  Rng rng(2024);
  int killed = 0, code = -1;
  for (int attempt = 0; attempt < 12 && code != 0; ++attempt) {
    const pid_t child = start({"run", "experiment.toml", "--store", "killed"});
    // Every other time it may write its first line, so that it is killed at work.
    if (attempt % 2 == 1) {
      wait_for("stages to run");
    }
    std::this_thread::sleep_for(whole * (0.3 * rng.uniform()));
    ::kill(child, SIGKILL);
    code = finish(child);
    killed += code == -SIGKILL;
  }
  EXPECT_GT(killed, 2);
  ASSERT_EQ(run({"run", "experiment.toml", "--store", "killed"}), 0) << err();
  EXPECT_EQ(records("killed"), records("whole"));
}

TEST_F(RunCommandTest, AVictimKilledInAnEpochIsTheSameWhenItWasTrainedToItsEnd) {
  std::string text = kExperiment;
  text.replace(text.find("epochs = 1"), 10, "epochs = 60");
  write(text.substr(0, text.find("[[attack]]")));
  ASSERT_EQ(run({"run", "experiment.toml", "--store", "whole"}), 0) << err();
  int resumed = 0;
  for (const char* epoch : {"epoch 7/60", "epoch 21/60", "epoch 40/60"}) {
    const pid_t child = start({"run", "experiment.toml", "--store", "killed"});
    EXPECT_TRUE(wait_for(epoch)) << err();
    ::kill(child, SIGKILL);
    finish(child);
    resumed += err().find("training goes on after epoch") != std::string::npos;
  }
  ASSERT_EQ(run({"run", "experiment.toml", "--store", "killed"}), 0) << err();
  EXPECT_THAT(err(), HasSubstr("training goes on after epoch"));
  EXPECT_GT(resumed, 0);
  EXPECT_EQ(records("killed"), records("whole"));
  EXPECT_EQ(victim_files("killed"), victim_files("whole"));
  EXPECT_TRUE(fs::is_empty(folder_ / "killed" / "work"));
}

TEST_F(RunCommandTest, TheDeviceOfTheCommandLineCounts) {
  ASSERT_EQ(run({"run", "experiment.toml", "--device", "cuda:99"}), 5);
  EXPECT_THAT(err(), HasSubstr("`cuda:99` was asked for, but this LibTorch finds"));
  EXPECT_EQ(run({"plan", "experiment.toml", "--device", "gpu"}), 2);
  EXPECT_THAT(err(), HasSubstr("`--device` takes `auto`, `cpu` or `cuda:N`, found `gpu`"));
  EXPECT_EQ(run({"plan", "experiment.toml", "--device", "cpu"}), 0);
}

TEST_F(RunCommandTest, CtrlCLeavesARunThatGoesOn) {
  ASSERT_EQ(run({"run", "experiment.toml", "--store", "whole"}), 0) << err();
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string store = "stopped" + std::to_string(signal);
    const pid_t child = start({"run", "experiment.toml", "--store", store, "--fresh"});
    ASSERT_TRUE(wait_for("start   defend: toy, echo, none, repair"));
    ::kill(child, signal);
    EXPECT_EQ(finish(child), 130);
    EXPECT_THAT(err(), HasSubstr("stopping after the step at work; a second Ctrl-C ends at once"));
    EXPECT_THAT(err(), HasSubstr("resume with: "));
    EXPECT_THAT(err(), HasSubstr(" run experiment.toml --store " + store + " --plugin-path"));
    EXPECT_TRUE(out().empty());
    ASSERT_EQ(run({"run", "experiment.toml", "--store", store}), 0);
    EXPECT_EQ(records(store), records("whole"));
    EXPECT_THAT(err(), testing::Not(HasSubstr("start   victim: toy, echo, clean")));
  }
}

TEST_F(RunCommandTest, ASecondRunIsShownTheFirst) {
  const StoreLock lock(folder_ / "store");
  EXPECT_EQ(run({"run", "experiment.toml", "--store", "store"}), 6);
  EXPECT_THAT(err(), HasSubstr("process " + std::to_string(::getpid())));
}

TEST_F(RunCommandTest, FailedCellsGiveExitCodeOne) {
  write(std::string(kExperiment) +
        "\n[[defense]]\nname = \"fails\"\nplugin = \"toy\"\nfail = true\n");
  EXPECT_EQ(run({"run", "experiment.toml"}), 1);
  EXPECT_THAT(err(), HasSubstr("the toy defense was told to fail"));
  EXPECT_THAT(out(), HasSubstr("repair"));
  EXPECT_TRUE(fs::exists(folder_ / "ncmlab-runs" / "runs" / "toys" / "experiment.json"));
}

TEST_F(RunCommandTest, MissingDataGivesExitCodeFive) {
  std::string text = kExperiment;
  const std::string task = "[[task]]\nplugin = \"toy\"\n";
  text.replace(text.find(task), task.size(), task + "folder = \"nowhere\"\n");
  write(text);
  EXPECT_EQ(run({"run", "experiment.toml"}), 5);
  EXPECT_THAT(err(), HasSubstr("nowhere"));
  EXPECT_FALSE(fs::exists(folder_ / "ncmlab-runs"));
}

TEST_F(RunCommandTest, BadOptionsGiveExitCodeTwo) {
  EXPECT_EQ(run({"run", "experiment.toml", "--threads", "0"}), 2);
  EXPECT_EQ(run({"run"}), 2);
  EXPECT_EQ(run({"plan", "experiment.toml", "--jsn"}), 2);
}

TEST_F(RunCommandTest, TheTableComesWithoutRunningAnythingTheSecondTime) {
  ASSERT_EQ(run({"run", "experiment.toml"}), 0) << err();
  const std::string table = out();
  EXPECT_THAT(table, HasSubstr("flag"));
  ASSERT_EQ(run({"run", "experiment.toml"}), 0);
  EXPECT_EQ(out(), table);
  EXPECT_THAT(err(), HasSubstr("0 stages to run"));
  ASSERT_EQ(run({"run", "experiment.toml", "--fresh"}), 0);
  EXPECT_THAT(err(), testing::AllOf(HasSubstr("25 stages run"), HasSubstr("0 failed")));
}

TEST_F(RunCommandTest, PlanSaysWhatIsThereAndWhy) {
  const auto states = [&](const std::string& kind) {
    std::map<std::string, int> counts;
    EXPECT_EQ(run({"plan", "experiment.toml", "--json"}), 0) << err();
    const nlohmann::json plan = nlohmann::json::parse(out());
    for (const auto& stage : plan.at("stages")) {
      counts[stage.at("state")] += stage.at("stage") == kind;
    }
    return counts;
  };
  EXPECT_EQ(states("victim")["pending"], 2);
  EXPECT_EQ(states("retrain")["possible"], 2) << "one defense is given the training set";
  EXPECT_FALSE(fs::exists(folder_ / "ncmlab-runs")) << "plan leaves nothing behind";
  ASSERT_EQ(run({"run", "experiment.toml"}), 0);
  EXPECT_EQ(states("victim")["cached"], 2);
  EXPECT_EQ(states("measure")["cached"], 6);
  EXPECT_EQ(states("retrain")["cached"], 2);

  std::string text = kExperiment;
  text.replace(text.find("epochs = 1"), 10, "epochs = 2");
  write(text);
  ASSERT_EQ(run({"plan", "experiment.toml"}), 0);
  EXPECT_THAT(out(), HasSubstr("6 cells = 1 task x 1 model x 2 attacks x 3 defenses x 1 seed"));
  EXPECT_THAT(out(), HasSubstr("pending  victim: toy, echo, clean, seed 1 (6 cells): "
                               "`training.epochs` was 1, is 2"));
  EXPECT_THAT(out(), HasSubstr("cached   poison: toy, toy, seed 1 (3 cells)"));
}

TEST_F(RunCommandTest, APlanThatWasWrittenDownIsRunElsewhere) {
  ASSERT_EQ(run({"run", "experiment.toml", "--store", "here", "--threads", "1"}), 0) << err();
  ASSERT_EQ(run({"plan", "experiment.toml", "--threads", "1", "--out", "plan.json"}), 0) << err();
  fs::remove(folder_ / "experiment.toml");
  ASSERT_EQ(run({"run", "plan.json", "--store", "there"}), 0) << err();
  EXPECT_EQ(records("there"), records("here"));
  ASSERT_EQ(run({"plan", "plan.json", "--store", "here"}), 0) << err();
  EXPECT_THAT(out(), testing::Not(HasSubstr("pending")));
  EXPECT_EQ(run({"run", "plan.json", "--threads", "2"}), 2);
  EXPECT_THAT(err(), HasSubstr("`plan.json` is a plan, which fixes `--threads`"));
}

TEST_F(RunCommandTest, AnotherNumberOfThreadsIsAnotherResult) {
  ASSERT_EQ(run({"run", "experiment.toml", "--threads", "1"}), 0) << err();
  EXPECT_THAT(err(), HasSubstr("17 stages to run and up to 8 more, 0 in the store"));
  ASSERT_EQ(run({"plan", "experiment.toml", "--threads", "1"}), 0);
  EXPECT_THAT(out(), testing::AllOf(HasSubstr("1 thread;"), testing::Not(HasSubstr("pending"))));
  ASSERT_EQ(run({"plan", "experiment.toml", "--threads", "2"}), 0);
  EXPECT_THAT(out(), HasSubstr("pending  victim: toy, echo, clean, seed 1 (6 cells): `threads` was "
                               "1, is 2"));
  EXPECT_THAT(out(), HasSubstr("cached   poison: toy, toy, seed 1"));
  ASSERT_EQ(run({"run", "experiment.toml", "--threads", "2"}), 0) << err();
  EXPECT_THAT(err(), HasSubstr("16 stages to run and up to 8 more, 1 in the store"));
  const auto planned = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments = {"plan", "experiment.toml"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    EXPECT_EQ(run(arguments), 0) << err();
    return out();
  };
  EXPECT_EQ(planned({"--threads", "1"}).find("pending"), std::string::npos) << "both are kept";
}

TEST_F(RunCommandTest, ASecondCtrlCEndsAtOnce) {
  std::string text = kExperiment;
  text.replace(text.find("epochs = 1"), 10, "epochs = 5000");
  write(text);
  const pid_t child = start({"run", "experiment.toml"});
  ASSERT_TRUE(wait_for("start   victim: "));
  ::kill(child, SIGINT);
  ::kill(child, SIGINT);
  EXPECT_EQ(finish(child), 130);
}

TEST_F(RunCommandTest, AReportNamesTheCommandWithItsOptions) {
  ASSERT_EQ(run({"run", "experiment.toml", "--store", "st", "--threads", "1", "--fresh"}), 0);
  ASSERT_EQ(run({"report", "--store", "st", "--format", "json"}), 0) << err();
  EXPECT_EQ(nlohmann::json::parse(out()).at("regenerate"),
            "ncmlab run experiment.toml --store st --threads 1 --plugin-path " NCMLAB_TEST_PLUGINS
            " --plugin-path " NCMLAB_PLUGINS " --plugin-path " NCMLAB_PLUGINS);
}

TEST_F(RunCommandTest, TheTextThatWasReadIsTheTextThatIsKept) {
  const fs::path pipe = folder_ / "experiment.pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const pid_t writer = ::fork();
  if (writer == 0) {
    // Whoever reads a second time gets another text.
    for (const std::string& text : {std::string(kExperiment), std::string("changed")}) {
      const int file = ::open(pipe.c_str(), O_WRONLY);
      [[maybe_unused]] const auto written = ::write(file, text.data(), text.size());
      ::close(file);
      ::usleep(50'000);
    }
    ::_exit(0);
  }
  EXPECT_EQ(run({"run", "experiment.pipe", "--store", "st"}), 0) << err();
  ::kill(writer, SIGKILL);
  finish(writer);
  EXPECT_EQ(read_index(run_folder(folder_ / "st", "toys")).source, kExperiment);
}

class RogueRunTest : public RunCommandTest {
 protected:
  RogueRunTest() { further_plugins_ = std::string(NCMLAB_BAD_PLUGINS) + "/rogue"; }

  void add(const std::string& kind, const std::string& how) {
    write(std::string(kExperiment) + "\n[[" + kind + "]]\nplugin = \"rogue\"\nhow = \"" + how +
          "\"\n");
  }
};

TEST_F(RogueRunTest, AnExitIsNoSuccess) {
  add("attack", "exits");
  EXPECT_EQ(run({"run", "experiment.toml"}), 1);
  EXPECT_THAT(err(), testing::AllOf(HasSubstr("error[plugin.exited]: attack `rogue` ended the "
                                              "program: `exit` was called in `poison`"),
                                    HasSubstr("rogue/libncmlab_attack_rogue.so")));
}

TEST_F(RogueRunTest, NoBackdoorCostsOnlyItsCells) {
  add("attack", "null");
  EXPECT_EQ(run({"run", "experiment.toml"}), 1);
  EXPECT_THAT(err(), HasSubstr("attack `rogue` returned no backdoor from `prepare`"));
  EXPECT_THAT(out(), HasSubstr("attack toy"));
}

TEST_F(RogueRunTest, WhatIsThrownWhilePlanningIsThePluginsFault) {
  add("defense", "supports throws");
  for (const char* command : {"plan", "run"}) {
    EXPECT_EQ(run({command, "experiment.toml"}), 4);
    EXPECT_THAT(err(),
                testing::AllOf(HasSubstr("error[plugin.threw]: defense `rogue` threw an exception "
                                         "in `supports`: I do not know"),
                               HasSubstr("rogue/libncmlab_attack_rogue.so"),
                               testing::Not(HasSubstr("defect of ncmlab"))));
  }
}

TEST_F(RunCommandTest, ATrialRunIsMarkedWhereverItIsSeen) {
  ASSERT_EQ(run({"run", "experiment.toml", "--limit", "8"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("Trial run: at most 8 samples of each split; not for reporting."));
  const auto trial = read_records(run_folder(folder_ / "ncmlab-runs", "toys-limit-8"));
  ASSERT_EQ(trial.size(), 6U);
  EXPECT_EQ(trial[0].limit, 8);
  EXPECT_EQ(trial[0].clean.count, 8);
  ASSERT_EQ(run({"report", "toys-limit-8"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("regenerate with: ncmlab run experiment.toml --limit 8"));
  ASSERT_EQ(run({"report", "toys-limit-8", "--format", "csv"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("trial_limit,8"));
  ASSERT_EQ(run({"plan", "experiment.toml", "--limit", "8"}), 0) << err();
  EXPECT_THAT(out(), HasSubstr("cached   toy, echo, none, none, seed 1"));

  ASSERT_EQ(run({"run", "experiment.toml"}), 0) << err();
  EXPECT_THAT(err(), HasSubstr("0 in the store")) << "a trial's stages are no other run's";
  EXPECT_THAT(out(), testing::Not(HasSubstr("Trial run")));
  EXPECT_EQ(read_records(run_folder(folder_ / "ncmlab-runs", "toys"))[0].limit, 0);
  EXPECT_EQ(run({"run", "experiment.toml", "--limit", "0"}), 2);
}

TEST_F(RunCommandTest, MovedDataIsNotComputedAgain) {
  const auto with_folder = [&](const std::string& path) {
    fs::create_directories(folder_ / path);
    std::string text = kExperiment;
    const std::string task = "[[task]]\nplugin = \"toy\"\n";
    text.replace(text.find(task), task.size(), task + "folder = \"" + path + "\"\n");
    write(text);
    return run({"run", "experiment.toml"});
  };
  ASSERT_EQ(with_folder("here/data"), 0) << err();
  ASSERT_EQ(with_folder("there/data"), 0) << err();
  EXPECT_THAT(err(), HasSubstr("0 stages to run"));
}

TEST_F(RunCommandTest, ACauseIsToldOnceAndItsCellsAreCounted) {
  write(std::string(kExperiment) +
        "\n[[defense]]\nname = \"fails\"\nplugin = \"toy\"\nfail = true\n");
  EXPECT_EQ(run({"run", "experiment.toml"}), 1);
  const std::string text = err();
  const std::string cause = "the toy defense was told to fail";
  EXPECT_EQ(text.find(cause), text.rfind(cause)) << text;
  EXPECT_THAT(text, HasSubstr("fails, seed 1: for the same reason as above"));
  EXPECT_THAT(text, HasSubstr("2 cells failed: "));
}

}  // namespace
}  // namespace ncmlab
