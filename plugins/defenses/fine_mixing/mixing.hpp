// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/model/code_model.hpp"

namespace ncmlab::fine_mixing {

/// How weights are mixed.
enum class Mixing {
  random,   ///< each number is the victim's or the public model's, drawn by itself
  average,  ///< each is the weighted mean of the two
};

constexpr auto enum_names(Mixing) {
  using enum Mixing;
  return std::to_array<EnumName<Mixing>>({{random, "random"}, {average, "average"}});
}

/// Puts the public weights in the place of a part of the encoder's, in place: a share `kept` is the
/// victim's. The random numbers are drawn from LibTorch's default generator of the CPU.
void mix(const Encoder& encoder, const StateDict& pretrained, double kept, Mixing mixing);

/// The `count` tokens whose embeddings have moved the most from the public ones: by distance over
/// log(max(times, 20)), where `times` counts a token in `samples`. Of equals the lower id first.
std::vector<std::int64_t> suspicious_tokens(const at::Tensor& embeddings,
                                            const at::Tensor& pretrained,
                                            const std::vector<TokenSample>& samples,
                                            std::int64_t count);

/// Gives these tokens the public embeddings, in place.
void purify(const at::Tensor& embeddings, const at::Tensor& pretrained,
            const std::vector<std::int64_t>& tokens);

}  // namespace ncmlab::fine_mixing
