// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab_plugin_detail {
const ncmlab::Manifest& manifest();
}

namespace ncmlab::testing {

inline const std::string kSource = "int add(int first, int second) { return first + second; }";

/// Tests of the model plugin that the program is linked with, on tiny networks.
class ModelPluginTest : public ::testing::Test {
 protected:
  ModelPluginTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("ncmlab_model_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~ModelPluginTest() override { std::filesystem::remove_all(folder_); }

  /// A classifier's, with one text to train a tokenizer on.
  static ModelContext context() {
    return {.rules = {.max_tokens = 32}, .head = {.hidden = 0}, .texts = {kSource}, .rng = Rng(7)};
  }
  static Settings tiny() {
    return {{"preset", std::string("tiny")}, {"vocab_size", std::int64_t{300}}};
  }
  static std::shared_ptr<Model> model(const Settings& settings) {
    return std::dynamic_pointer_cast<Model>(
        ncmlab_plugin_detail::manifest().entries.front().create(settings));
  }
  /// The code of the Error that `work` must throw.
  template <typename Work>
  static std::string refusal(const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.diagnostics().front().code;
    }
    return "accepted";
  }

  const std::filesystem::path folder_;
};

}  // namespace ncmlab::testing
