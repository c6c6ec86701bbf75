// SPDX-License-Identifier: Apache-2.0
#include "nn/plain_ops.hpp"

#include <torch/torch.h>

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

/// query [rows, heads, queries, d], key and value [rows, heads, length, d].
at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                  const at::Tensor& mask, double dropout) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
  const at::Tensor scores = at::matmul(query * scale, key.transpose(2, 3))
                                .masked_fill(mask, -std::numeric_limits<double>::infinity());
  return at::matmul(at::dropout(at::softmax(scores, 3), dropout, dropout > 0), value);
}

}  // namespace

at::Tensor attention(const at::Tensor& joint, const std::vector<std::int64_t>& starts,
                     std::int64_t heads, double dropout) {
  const Padding padding(starts, joint.device());
  const auto parts = joint.chunk(3, 1);
  return padding.join(attend(padding.split(parts[0], heads), padding.split(parts[1], heads),
                             padding.split(parts[2], heads), padding.mask, dropout));
}

at::Tensor single_query_attention(const at::Tensor& query, const at::Tensor& key_value,
                                  const std::vector<std::int64_t>& starts, std::int64_t heads,
                                  double dropout) {
  const Padding padding(starts, query.device());
  const auto parts = key_value.chunk(2, 1);
  const at::Tensor queries = query.reshape({padding.rows, heads, 1, query.size(1) / heads});
  return attend(queries, padding.split(parts[0], heads), padding.split(parts[1], heads),
                padding.mask, dropout)
      .reshape({padding.rows, query.size(1)});
}

at::Tensor add_norm(const at::Tensor& branch, const at::Tensor& residual, const at::Tensor& weight,
                    const at::Tensor& bias, double eps, double dropout) {
  return at::layer_norm(residual + at::dropout(branch, dropout, dropout > 0), {branch.size(1)},
                        weight, bias, eps);
}

}  // namespace ncmlab::ops::plain
