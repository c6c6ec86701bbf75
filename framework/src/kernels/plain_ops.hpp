// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "kernels/fused_ops.hpp"

/// The operators of fused_ops.hpp made of LibTorch's own, for devices and element types that the
/// fused kernels do not know. Same arguments, same results up to round-off; with dropout, which
/// LibTorch then draws, the same distribution.
namespace ncmlab::ops::plain {

at::Tensor attention(const at::Tensor& joint, const std::vector<std::int64_t>& starts,
                     const AttentionRule& rule);

at::Tensor cross_attention(const at::Tensor& query, const at::Tensor& key_value,
                           const QueryRows& queries, const std::vector<std::int64_t>& key_starts,
                           const AttentionRule& rule);

at::Tensor add_norm(const at::Tensor& branch, const at::Tensor& residual, const at::Tensor& weight,
                    const at::Tensor& bias, double eps, double dropout);

at::Tensor add_bias(const at::Tensor& product, const at::Tensor& bias);

}  // namespace ncmlab::ops::plain
