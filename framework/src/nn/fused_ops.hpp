// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

/// The operators of a transformer layer on packed rows (see PackedRows), with gradients where
/// grad mode is on. All tensors are float32 and on one device: the fused kernels run on the CPU,
/// LibTorch's own operators (plain_ops.hpp) elsewhere.
namespace ncmlab::ops {

/// Self-attention within each row: joint [tokens, 3 hidden] -> [tokens, hidden].
/// `dropout` is the probability of dropping an attention weight.
at::Tensor attention(const at::Tensor& joint, const std::vector<std::int64_t>& starts,
                     std::int64_t heads, double dropout);

/// The same for one query per row: query [rows, hidden], keys and values [tokens, 2 hidden] ->
/// [rows, hidden].
at::Tensor single_query_attention(const at::Tensor& query, const at::Tensor& key_value,
                                  const std::vector<std::int64_t>& starts, std::int64_t heads,
                                  double dropout);

/// norm(residual + dropout(branch)) * weight + bias. Without grad mode it overwrites `branch`.
at::Tensor add_norm(const at::Tensor& branch, const at::Tensor& residual, const at::Tensor& weight,
                    const at::Tensor& bias, double eps, double dropout);

/// Lets the CPU run LibTorch's own operators too, so that tests can compare whole models.
void use_plain_operators(bool everywhere);

}  // namespace ncmlab::ops
