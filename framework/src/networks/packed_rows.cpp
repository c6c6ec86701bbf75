// SPDX-License-Identifier: Apache-2.0
#include "networks/packed_rows.hpp"

#include <torch/types.h>

#include <algorithm>
#include <string>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/networks/device.hpp"

namespace ncmlab {
namespace {

/// How many rows from `begin` on hold at most `tokens` tokens; at least one.
std::int64_t rows_within(const Batch& batch, std::int64_t begin, std::int64_t tokens) {
  const auto lengths = batch.lengths.accessor<std::int64_t, 1>();
  std::int64_t end = begin;
  do {
    tokens -= lengths[end++];
  } while (end < lengths.size(0) && lengths[end] <= tokens);
  return end - begin;
}

Batch rows_of(const Batch& batch, std::int64_t begin, std::int64_t count) {
  const auto narrow = [&](const at::Tensor& whole) {
    return whole.defined() ? whole.narrow(0, begin, count) : whole;
  };
  return {.ids = narrow(batch.ids),
          .lengths = narrow(batch.lengths),
          .embeddings = narrow(batch.embeddings),
          .decoder_embeddings = narrow(batch.decoder_embeddings)};
}

void check_batch(const Batch& batch) {
  if (batch.ids.dim() != 2 || batch.ids.scalar_type() != at::kLong ||
      batch.lengths.scalar_type() != at::kLong || batch.lengths.dim() != 1 ||
      batch.lengths.size(0) != batch.ids.size(0)) {
    throw Error("model.bad-batch",
                "a batch needs int64 ids [rows, length] and int64 lengths [rows]");
  }
}

}  // namespace

at::Tensor PackedRows::first_tokens() const {
  return at::tensor(at::ArrayRef(starts.data(), static_cast<std::size_t>(rows)), at::kLong);
}

at::Tensor PackedRows::pack(const at::Tensor& values) const {
  const at::Tensor flat = values.reshape({rows * length, values.size(2)});
  return padded ? flat.index_select(0, places.to(flat.device())) : flat;
}

at::Tensor PackedRows::unpack(const at::Tensor& values) const {
  const std::int64_t width = values.size(1);
  if (!padded) {
    return values.reshape({rows, length, width});
  }
  return at::zeros({rows * length, width}, values.options())
      .index_copy(0, places.to(values.device()), values)
      .reshape({rows, length, width});
}

PackedRows pack_rows(const Batch& batch, std::int64_t vocab_size, std::int64_t max_tokens) {
  check_batch(batch);
  const auto refuse = [](const std::string& what) { throw Error("model.bad-batch", what); };
  PackedRows packed{.rows = batch.ids.size(0), .length = batch.ids.size(1)};
  const at::Tensor ids = batch.ids.cpu().contiguous();
  const at::Tensor lengths = batch.lengths.cpu().contiguous();
  const auto* length = lengths.data_ptr<std::int64_t>();
  packed.starts.push_back(0);
  for (std::int64_t row = 0; row < packed.rows; ++row) {
    if (length[row] < 1 || length[row] > packed.length || length[row] > max_tokens) {
      refuse("row " + std::to_string(row) + " has " + std::to_string(length[row]) +
             " tokens, but a row takes 1 to " +
             std::to_string(std::min(packed.length, max_tokens)));
    }
    packed.starts.push_back(packed.starts.back() + length[row]);
  }
  packed.padded = packed.tokens() != packed.rows * packed.length;
  packed.ids = at::empty({packed.tokens()}, at::kLong);
  packed.places = at::empty({packed.tokens()}, at::kLong);
  auto* id = packed.ids.data_ptr<std::int64_t>();
  auto* place = packed.places.data_ptr<std::int64_t>();
  const auto* source = ids.data_ptr<std::int64_t>();
  for (std::int64_t row = 0; row < packed.rows; ++row) {
    for (std::int64_t column = 0; column < length[row]; ++column) {
      const std::int64_t value = source[row * packed.length + column];
      if (value < 0 || value >= vocab_size) {
        refuse("token id " + std::to_string(value) + " in row " + std::to_string(row) +
               " is not below the vocabulary's size of " + std::to_string(vocab_size));
      }
      *id++ = value;
      *place++ = row * packed.length + column;
    }
  }
  return packed;
}

at::Tensor in_pieces(const Batch& batch, const at::Tensor& nothing,
                     const std::function<at::Tensor(const Batch&)>& compute) {
  check_batch(batch);
  if (at::GradMode::is_enabled()) {
    return compute(batch);
  }
  std::vector<at::Tensor> pieces;
  for (std::int64_t begin = 0; begin < batch.ids.size(0);) {
    const std::int64_t count = rows_within(batch, begin, tokens_per_pass(nothing.device()));
    pieces.push_back(compute(rows_of(batch, begin, count)));
    begin += count;
  }
  return pieces.empty() ? nothing : at::cat(pieces);
}

}  // namespace ncmlab
