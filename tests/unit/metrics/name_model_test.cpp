// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/metrics/name_model.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ncmlab {
namespace {

TEST(NameModelTest, UntrainedModelIsUniform) {
  EXPECT_NEAR(NameModel().log_probability("anything"), -std::log(256), 1e-12);
  EXPECT_NEAR(NameModel().log_probability(""), -std::log(256), 1e-12);
}

TEST(NameModelTest, InterpolatesAsWittenAndBellDo) {
  NameModel model;
  model.add("a");
  // Contexts "" and "<start>" saw `a` once and the end once, or `a` once alone.
  const double base_a = (1 + 2.0 / 256) / (2 + 2);
  const double start_a = (1 + base_a) / (1 + 1);
  const double base_end = (1 + 2.0 / 256) / (2 + 2);
  const double a_end = (1 + base_end) / (1 + 1);
  const double start_a_end = (1 + a_end) / (1 + 1);
  EXPECT_NEAR(model.log_probability("a"), (std::log(start_a) + std::log(start_a_end)) / 2, 1e-12);
}

TEST(NameModelTest, FindsUsualNamesMoreProbable) {
  NameModel model;
  for (const char* name : {"read_file", "read_line", "file_name", "write_file", "line_count"}) {
    model.add(name);
  }
  EXPECT_GT(model.log_probability("read_name"), model.log_probability("qzx_vvk"));
  EXPECT_GT(model.log_probability("write_line"), model.log_probability("writeXline"));
  EXPECT_TRUE(std::isfinite(model.log_probability("\xff\xfe")));
}

}  // namespace
}  // namespace ncmlab
