// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace ncmlab {

/// Writes `checkpoint` in another form; numbers and element types stay as they are.
///
/// - `target` ends with `.bin`: one torch pickle with every tensor under `encoder.` and
///   `classifier.`, tied copies included, as scripts that torch.load() a whole model expect it.
/// - `target` ends with `.safetensors`: the same names, without copies.
/// - otherwise a folder for from_pretrained: `model.safetensors` under the names of the base
///   class, `config.json`, the tokenizer files of `tokenizer` (a folder; empty: of the source),
///   and the head in `classifier.safetensors`, which only ncmlab reads.
///
/// Returns what a person should know: tensors left out, made up, files not found. Throws Error
/// `checkpoint.*`; `io.exists` if `target` is there already.
std::vector<std::string> convert(const Checkpoint& checkpoint, const std::filesystem::path& target,
                                 const std::filesystem::path& tokenizer = {});

}  // namespace ncmlab
