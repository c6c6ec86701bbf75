// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "ncmlab/kernels/activation.hpp"

/// The operators of a transformer layer on packed rows (see PackedRows), with gradients where
/// grad mode is on. All tensors are float32, unless told otherwise, and on one device: the fused
/// kernels run on the CPU, LibTorch's own operators (plain_ops.hpp) elsewhere.
namespace ncmlab::ops {

/// How an attention weighs the keys of a row.
struct AttentionRule {
  std::int64_t heads = 1;
  std::optional<double> scale = std::nullopt;  ///< of the scores; none: 1 / sqrt(head size)
  double dropout = 0;                          ///< probability of dropping an attention weight
  bool causal = false;                         ///< a query sees the keys up to its own place
  /// Without grad mode, on a CPU that multiplies bfloat16: the operands of both products are
  /// rounded to it. The softmax is float32.
  bool bf16 = false;
  /// [heads, 2 * reach - 1] or undefined, no row longer than `reach`: bias[head, reach - 1 + j - i]
  /// is added to the score of the query at place i and the key at place j, before scaling.
  at::Tensor bias = {};
};

/// Self-attention within each row: joint (queries, keys, values) [tokens, 3 width] ->
/// [tokens, width].
at::Tensor attention(const at::Tensor& joint, const std::vector<std::int64_t>& starts,
                     const AttentionRule& rule);

/// Where the queries of an attention to other tokens are.
struct QueryRows {
  std::vector<std::int64_t> starts;       ///< [rows + 1]
  std::vector<std::int64_t> places = {};  ///< [rows]: of each row's first query; empty: all 0
};

/// Queries of their own: query [queries, width], keys and values [tokens, 2 width] ->
/// [queries, width].
at::Tensor cross_attention(const at::Tensor& query, const at::Tensor& key_value,
                           const QueryRows& queries, const std::vector<std::int64_t>& key_starts,
                           const AttentionRule& rule);

/// One query per row, at `places`.
QueryRows single_queries(std::size_t rows, std::vector<std::int64_t> places = {});

/// norm(residual + dropout(branch)) * weight + bias. Without grad mode it overwrites `branch`.
at::Tensor add_norm(const at::Tensor& branch, const at::Tensor& residual, const at::Tensor& weight,
                    const at::Tensor& bias, double eps, double dropout);

/// product [tokens, width] in bfloat16 + bias ([width] or undefined), in float32. Without gradient.
at::Tensor add_bias(const at::Tensor& product, const at::Tensor& bias);
/// activate(function, add_bias(product, bias)), rounded to bfloat16. It may overwrite `product`.
at::Tensor add_bias_and_activate(const at::Tensor& product, const at::Tensor& bias,
                                 Activation function);

/// Lets the CPU run LibTorch's own operators too, so that tests can compare whole models.
void use_plain_operators(bool everywhere);

/// states / sqrt(mean of their squares + eps) * weight (Zhang & Sennrich 2019).
at::Tensor rms_norm(const at::Tensor& states, const at::Tensor& weight, double eps);

}  // namespace ncmlab::ops
