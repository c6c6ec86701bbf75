// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ncmlab/networks/encoder.hpp"

namespace ncmlab {

/// How far one recorded quantity of a case is from what ncmlab computes.
struct CaseLine {
  std::string name;        ///< `encoder_hidden.2`, `loss`, `parameters after 3 steps`, ...
  double deviation = 0;    ///< largest absolute difference; of gradient norms relative
  std::string worst = {};  ///< of several tensors, the one with the largest deviation
};

struct CaseReport {
  std::string architecture, task;
  double tolerance = 0;
  std::vector<CaseLine> lines;
  std::vector<std::string> problems;  ///< recorded tensors that the model lacks, or the reverse

  bool passed() const;
};

/// Runs a recorded case: `case.json`, the model (`model.bin` or another file that read_weights()
/// takes, with `hf/config.json` or `config.json`), `inputs.safetensors`, `expected.safetensors`
/// and `after_3_steps.safetensors`. Hidden states, sentence vectors, logits, probabilities, loss,
/// the gradient with respect to the input embeddings, and the recorded optimiser steps are
/// computed on `device` without dropout, the encoder's matrix products in `precision`, and
/// compared. Throws Error `checkpoint.*` when the case cannot be run.
CaseReport verify_case(const std::filesystem::path& folder, double tolerance,
                       Precision precision = Precision::fp32, at::Device device = at::kCPU);

/// A table for people, with the verdict.
std::string to_text(const CaseReport& report);
std::string to_json(const CaseReport& report);

}  // namespace ncmlab
