// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/kernels/activation.hpp"

/// Float kernels for the parts of a transformer where LibTorch's operators spend their time on
/// memory traffic: attention over rows of different length without padding, the sum of two
/// branches with dropout and layer norm, and what follows a product in bfloat16. Each exists for
/// AVX-512, AVX2 and the baseline; the processor decides once which one runs. All are deterministic
/// for a fixed number of threads.
namespace ncmlab::kernels {

/// Dropout whose mask is a function of `seed` and the element's place, so that the backward pass
/// draws it again instead of storing it.
struct Dropout {
  double probability = 0;
  std::uint64_t seed = 0;
};

/// Attention of `rows` independent sequences, stored one after the other without padding.
/// The heads of a token are adjacent: head h takes floats [h * head_size, (h + 1) * head_size).
struct Attention {
  std::int64_t rows = 0, heads = 0, head_size = 0;
  float scale = 1;
  const std::int64_t* query_starts = nullptr;  ///< [rows + 1], token indices
  const std::int64_t* key_starts = nullptr;    ///< [rows + 1]
  const float* query = nullptr;                ///< tokens `query_stride` floats apart
  const float* key = nullptr;                  ///< tokens `key_stride` floats apart
  const float* value = nullptr;                ///< likewise
  std::int64_t query_stride = 0, key_stride = 0;
  float* output = nullptr;   ///< [queries, heads * head_size]
  float* log_sum = nullptr;  ///< [queries, heads]: log of the sum of exp of the scaled scores
  Dropout dropout;           ///< of the probabilities
  /// Added to the score of the query at place i of its row and the key at place j, before scaling:
  /// bias[head, reach - 1 + j - i]. No row is longer than `reach`. Null: none.
  const float* bias = nullptr;  ///< [heads, 2 * reach - 1]
  std::int64_t reach = 0;
  const std::int64_t* query_places = nullptr;  ///< [rows]: of each row's first query; null: 0
  bool causal = false;                         ///< a query sees the keys up to its own place
  /// Operands of both products are rounded to bfloat16 where the processor multiplies it. Forward
  /// alone.
  bool bf16 = false;
};

/// Where attention_backward() writes; strides as those of the inputs' counterparts.
struct AttentionGradient {
  const float* output = nullptr;  ///< gradient of the output, [queries, heads * head_size]
  float* query = nullptr;
  float* key = nullptr;
  float* value = nullptr;
  std::int64_t query_stride = 0, key_stride = 0;
  float* bias = nullptr;  ///< [rows, heads, 2 * reach - 1], added to; null: not wanted
};

void attention_forward(const Attention& attention);
/// `attention.output` and `attention.log_sum` must hold what attention_forward() wrote.
void attention_backward(const Attention& attention, const AttentionGradient& gradient);

/// output = norm(residual + dropout(branch)) * weight + bias over rows of `width` floats.
struct AddNorm {
  std::int64_t rows = 0, width = 0;
  const float* branch = nullptr;
  const float* residual = nullptr;
  const float* weight = nullptr;
  const float* bias = nullptr;
  double eps = 0;
  Dropout dropout;
  float* output = nullptr;       ///< may be `branch`
  float* normalised = nullptr;   ///< the norm before weight and bias; null: not kept
  float* inverse_std = nullptr;  ///< [rows]; null: not kept
};

struct AddNormGradient {
  const float* output = nullptr;  ///< gradient of the output
  float* residual = nullptr;
  float* branch = nullptr;  ///< null: no dropout, so it equals that of the residual
  float* weight = nullptr;  ///< [width], added to; null: not wanted
  float* bias = nullptr;    ///< [width], added to; null: not wanted
};

void add_norm_forward(const AddNorm& norm);
/// `norm.normalised` and `norm.inverse_std` must hold what add_norm_forward() wrote.
void add_norm_backward(const AddNorm& norm, const AddNormGradient& gradient);

/// activation(product + bias) over rows of `width`, in float32; to `output`, or rounded to
/// bfloat16 to `rounded`. Numbers in bfloat16 are given by their bits.
struct ProductEnd {
  std::int64_t rows = 0, width = 0;
  const std::uint16_t* product = nullptr;
  const float* bias = nullptr;  ///< null: none
  Activation activation = Activation::none;
  float* output = nullptr;
  std::uint16_t* rounded = nullptr;  ///< may be `product`; null: `output` is wanted
};

void finish_product(const ProductEnd& end);

/// Those of `avx512`, `avx2` and `baseline` that this processor has, fastest first.
std::vector<std::string> instruction_sets();
/// Makes the kernels run on one of instruction_sets() instead of the first, so that tests and
/// benches can compare them. Not safe while a kernel runs.
void use_instruction_set(std::string_view name);

}  // namespace ncmlab::kernels
