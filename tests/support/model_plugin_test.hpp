// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "error_of.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "scratch_folder.hpp"

namespace ncmlab_plugin_detail {
const ncmlab::Manifest& manifest();
}

namespace ncmlab::testing {

inline const std::string kSource = "int add(int first, int second) { return first + second; }";

/// Tests of the model plugin that the program is linked with, on tiny networks.
class ModelPluginTest : public ::testing::Test {
 protected:
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

  const ScratchFolder folder_;
};

}  // namespace ncmlab::testing
