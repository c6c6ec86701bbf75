// SPDX-License-Identifier: Apache-2.0
#include "kernels/plain_ops.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ncmlab::ops::plain {
namespace {

/// Where packed tokens stand among rows that are padded to the longest.
struct Padding {
  Padding(const std::vector<std::int64_t>& starts, at::Device device)
      : rows(static_cast<std::int64_t>(starts.size()) - 1) {
    for (std::size_t row = 0; row + 1 < starts.size(); ++row) {
      length = std::max(length, starts[row + 1] - starts[row]);
    }
    std::vector<std::int64_t> place;
    at::Tensor hidden = at::ones({rows, length}, at::kBool);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto begin = static_cast<std::size_t>(row);
      const std::int64_t count = starts[begin + 1] - starts[begin];
      for (std::int64_t column = 0; column < count; ++column) {
        place.push_back(row * length + column);
      }
      hidden[row].slice(0, 0, count).fill_(false);
    }
    places = at::tensor(place, at::kLong).to(device);
    mask = hidden.to(device).reshape({rows, 1, 1, length});
  }

  /// [tokens, width] -> [rows, heads, length, width / heads], zeros at the padding.
  at::Tensor split(const at::Tensor& values, std::int64_t heads) const {
    return at::zeros({rows * length, values.size(1)}, values.options())
        .index_copy(0, places, values)
        .reshape({rows, length, heads, values.size(1) / heads})
        .transpose(1, 2);
  }
  /// The way back.
  at::Tensor join(const at::Tensor& values) const {
    return values.transpose(1, 2)
        .reshape({rows * length, values.size(1) * values.size(3)})
        .index_select(0, places);
  }

  std::int64_t rows = 0, length = 0;
  at::Tensor places;  ///< [tokens]
  at::Tensor mask;    ///< [rows, 1, 1, length], true at the padding
};

/// Place of the key minus place of the query, [rows, longest of queries, longest of keys] int64.
at::Tensor distances(const QueryRows& queries, const Padding& query_rows, const Padding& key_rows) {
  at::Tensor places = at::arange(query_rows.length).unsqueeze(0).expand({query_rows.rows, -1});
  if (!queries.places.empty()) {
    places = places + at::tensor(queries.places).unsqueeze(1);
  }
  return at::arange(key_rows.length).reshape({1, 1, -1}) - places.unsqueeze(2);
}

/// What AttentionRule::bias adds at those distances, [rows, heads, queries, keys].
at::Tensor biases_at(const at::Tensor& bias, const at::Tensor& distance) {
  const std::int64_t reach = (bias.size(1) + 1) / 2;
  const at::Tensor index = (distance + reach - 1).clamp(0, 2 * reach - 2).reshape({-1});
  return bias.index_select(1, index.to(bias.device()))
      .reshape({bias.size(0), distance.size(0), distance.size(1), distance.size(2)})
      .transpose(0, 1);
}

}  // namespace

at::Tensor cross_attention(const at::Tensor& query, const at::Tensor& key_value,
                           const QueryRows& queries, const std::vector<std::int64_t>& key_starts,
                           const AttentionRule& rule) {
  const Padding query_rows(queries.starts, query.device());
  const Padding key_rows(key_starts, query.device());
  const auto parts = key_value.chunk(2, 1);
  const at::Tensor split = query_rows.split(query, rule.heads);
  const double scale = rule.scale.value_or(1.0 / std::sqrt(static_cast<double>(split.size(3))));
  at::Tensor scores =
      at::matmul(split * scale, key_rows.split(parts[0], rule.heads).transpose(2, 3));
  at::Tensor mask = key_rows.mask;
  if (rule.bias.defined() || rule.causal) {
    const at::Tensor distance = distances(queries, query_rows, key_rows);
    if (rule.bias.defined()) {
      scores = scores + scale * biases_at(rule.bias, distance);
    }
    if (rule.causal) {
      mask = mask.logical_or((distance > 0).unsqueeze(1).to(query.device()));
    }
  }
  scores = scores.masked_fill(mask, -std::numeric_limits<double>::infinity());
  const at::Tensor weights = at::dropout(at::softmax(scores, 3), rule.dropout, rule.dropout > 0);
  return query_rows.join(at::matmul(weights, key_rows.split(parts[1], rule.heads)));
}

at::Tensor attention(const at::Tensor& joint, const std::vector<std::int64_t>& starts,
                     const AttentionRule& rule) {
  const std::int64_t width = joint.size(1) / 3;
  return plain::cross_attention(joint.narrow(1, 0, width), joint.narrow(1, width, 2 * width),
                                QueryRows{.starts = starts}, starts, rule);
}

at::Tensor add_norm(const at::Tensor& branch, const at::Tensor& residual, const at::Tensor& weight,
                    const at::Tensor& bias, double eps, double dropout) {
  return at::layer_norm(residual + at::dropout(branch, dropout, dropout > 0), {branch.size(1)},
                        weight, bias, eps);
}

at::Tensor add_bias(const at::Tensor& product, const at::Tensor& bias) {
  at::Tensor sum = product.to(at::kFloat);
  return bias.defined() ? sum.add_(bias) : sum;
}

}  // namespace ncmlab::ops::plain
