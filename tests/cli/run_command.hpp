// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "engine/run_folder.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {

namespace fs = std::filesystem;

inline constexpr const char* kExperiment = R"([experiment]
name = "toys"
seeds = [1]

[training]
epochs = 1
learning_rate = 1e-3

[[task]]
plugin = "toy"

[[model]]
plugin = "echo"

[[attack]]
plugin = "toy"

[[defense]]
name = "repair"
plugin = "toy"
repair = true
sleep_ms = 120

[[defense]]
name = "flag"
plugin = "flagger"
count = 4
)";

/// `ncmlab run` and `ncmlab plan` as processes of their own, in a folder of their own.
class RunCommandTest : public testing::Test {
 protected:
  RunCommandTest() { write(kExperiment); }

  void write(const std::string& text) const {
    write_file_atomically(folder_ / "experiment.toml", text);
  }

  pid_t start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), NCMLAB_CLI);
    for (const std::string& plugins :
         {std::string(NCMLAB_TEST_PLUGINS), std::string(NCMLAB_PLUGINS), further_plugins_}) {
      arguments.insert(arguments.end(), {"--plugin-path", plugins});
    }
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    fs::remove(folder_ / "out");
    fs::remove(folder_ / "err");
    const pid_t child = ::fork();
    if (child == 0) {
      const int out = ::open((folder_ / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      const int err = ::open((folder_ / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      if (::chdir(folder_.path().c_str()) == 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
          ::dup2(err, STDERR_FILENO) >= 0) {
        ::execv(NCMLAB_CLI, argv.data());
      }
      ::_exit(127);
    }
    return child;
  }
  /// The exit code, or minus the signal that ended it.
  static int finish(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int run(const std::vector<std::string>& arguments) const { return finish(start(arguments)); }
  std::string out() const { return read_file(folder_ / "out"); }
  std::string err() const { return read_file(folder_ / "err"); }

  /// Waits until `text` was written to stderr.
  bool wait_for(const std::string& text) const {
    for (int i = 0; i < 1500; ++i) {
      if (fs::exists(folder_ / "err") && err().find(text) != std::string::npos) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  /// The records of a store, seconds apart.
  std::vector<std::string> records(const std::string& store) const {
    std::vector<std::string> texts;
    for (CellRecord record : read_records(run_folder(folder_ / store, "toys"))) {
      for (StageCost& cost : record.costs) {
        cost.seconds = 0;
      }
      texts.push_back(to_json(record));
    }
    return texts;
  }

  /// Digests of the weights and the training records of a store's victims, in order.
  std::vector<std::string> victim_files(const std::string& store) const {
    std::vector<std::string> digests;
    for (const auto& entry :
         fs::recursive_directory_iterator(folder_ / store / "objects" / "victim")) {
      const std::string name = entry.path().filename().string();
      if (name == "model.safetensors" || name == "training.json") {
        digests.push_back(name + " " + hash_file(entry.path()));
      }
    }
    std::ranges::sort(digests);
    return digests;
  }

  const ScratchFolder folder_;
  std::string further_plugins_ = NCMLAB_PLUGINS;
};

}  // namespace ncmlab
