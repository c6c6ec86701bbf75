// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "ncmlab/networks/encoder.hpp"

namespace ncmlab {

/// A batch without its padding: the tokens of all rows, one row after the other. Linear layers
/// and norms then never see a padded position, and attention stays within [starts[i],
/// starts[i + 1]).
struct PackedRows {
  std::int64_t rows = 0;
  std::int64_t length = 0;           ///< of the padded batch
  std::vector<std::int64_t> starts;  ///< [rows + 1]
  at::Tensor ids;                    ///< [tokens] int64, on the CPU as all that follows
  at::Tensor places;                 ///< [tokens] int64: row * length + column
  bool padded = false;               ///< whether any row is shorter than `length`

  std::int64_t tokens() const { return starts.back(); }
  /// [rows] int64: the first token of each row.
  at::Tensor first_tokens() const;
  /// [rows, length, width] -> [tokens, width].
  at::Tensor pack(const at::Tensor& values) const;
  /// [tokens, width] -> [rows, length, width], zeros at the padding.
  at::Tensor unpack(const at::Tensor& values) const;
};

/// Throws Error `model.bad-batch` unless types and sizes are those of a batch, ids lie in [0,
/// vocab_size) and lengths in [1, min(length, max_tokens)].
PackedRows pack_rows(const Batch& batch, std::int64_t vocab_size, std::int64_t max_tokens);

/// What `compute` returns for the rows of the batch, [rows, width]; `nothing` [0, width] if there
/// are none. Without grad mode rows of tokens_per_pass() are computed at a time. Throws Error
/// `model.bad-batch` unless types and sizes are those of a batch.
at::Tensor in_pieces(const Batch& batch, const at::Tensor& nothing,
                     const std::function<at::Tensor(const Batch&)>& compute);

}  // namespace ncmlab
