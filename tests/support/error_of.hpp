// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {

/// The code of the Error that `work` throws; empty when it throws none.
template <typename Work>
std::string code_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.diagnostics().front().code;
  }
  return {};
}

/// The first diagnostic of the Error that `work` must throw.
template <typename Work>
Diagnostic error_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.diagnostics().front();
  }
  ADD_FAILURE() << "no Error was thrown";
  return {};
}

}  // namespace ncmlab
