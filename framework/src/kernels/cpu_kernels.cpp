// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_kernels.hpp"

#include <omp.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ncmlab::kernels {
namespace {

constexpr float kLog2E = 1.44269504F;

std::uint64_t mix(std::uint64_t value) {  // the finaliser of SplitMix64
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

/// What the kernels need to know of a Dropout.
struct DropoutRule {
  explicit DropoutRule(const Dropout& dropout)
      : active(dropout.probability > 0),
        threshold(static_cast<std::uint32_t>(dropout.probability * 4294967296.0)),
        keep(static_cast<float>(1.0 / (1.0 - dropout.probability))),
        seed(dropout.seed) {}

  std::uint32_t key(std::int64_t place) const {
    return static_cast<std::uint32_t>(mix(seed + mix(static_cast<std::uint64_t>(place) + 1)));
  }

  bool active;
  std::uint32_t threshold;
  float keep;
  std::uint64_t seed;
};

/// Memory of one thread, handed out in pieces that start on a cache line.
class Scratch {
 public:
  void reset(std::int64_t floats, int pieces) {
    used_ = 0;
    memory_.resize(static_cast<std::size_t>(floats + (pieces + 1) * kLine));
  }
  float* take(std::int64_t floats) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory_.data() + used_);
    used_ += static_cast<std::size_t>((kLine - address / sizeof(float) % kLine) % kLine);
    float* piece = memory_.data() + used_;
    used_ += static_cast<std::size_t>(floats);
    return piece;
  }

 private:
  static constexpr std::int64_t kLine = 16;
  std::vector<float> memory_;
  std::size_t used_ = 0;
};

#pragma GCC push_options
#pragma GCC optimize("O3")
namespace baseline {
#define NCMLAB_LANES 4
#define NCMLAB_TILE_ROWS 6
#include "kernels/cpu_vectors.inc"
// After the vectors that all build on.
#include "kernels/cpu_scores.inc"
// After the scores.
#include "kernels/cpu_add_norm.inc"
#include "kernels/cpu_attention.inc"
#include "kernels/cpu_product_end.inc"
#undef NCMLAB_LANES
#undef NCMLAB_TILE_ROWS
}  // namespace baseline

#ifdef __x86_64__
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#define NCMLAB_LANES 8
#define NCMLAB_TILE_ROWS 6
#include "kernels/cpu_vectors.inc"
// After the vectors that all build on.
#include "kernels/cpu_scores.inc"
// After the scores.
#include "kernels/cpu_add_norm.inc"
#include "kernels/cpu_attention.inc"
#include "kernels/cpu_product_end.inc"
#undef NCMLAB_LANES
#undef NCMLAB_TILE_ROWS
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma,prefer-vector-width=512")
namespace avx512 {
#define NCMLAB_LANES 16
#define NCMLAB_TILE_ROWS 8
#include "kernels/cpu_vectors.inc"
// After the vectors that all build on.
#include "kernels/cpu_scores.inc"
// After the scores.
#include "kernels/cpu_add_norm.inc"
#include "kernels/cpu_attention.inc"
#include "kernels/cpu_product_end.inc"
#undef NCMLAB_LANES
#undef NCMLAB_TILE_ROWS
}  // namespace avx512
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx512bf16,fma,prefer-vector-width=512")
namespace avx512_bf16 {
#define NCMLAB_LANES 16
#define NCMLAB_TILE_ROWS 8
#define NCMLAB_PAIRS
#include "kernels/cpu_vectors.inc"
// After the vectors that all build on.
#include "kernels/cpu_scores.inc"
// After the scores.
#include "kernels/cpu_attention_bf16.inc"
#undef NCMLAB_LANES
#undef NCMLAB_TILE_ROWS
#undef NCMLAB_PAIRS
}  // namespace avx512_bf16
#pragma GCC pop_options
#endif
#pragma GCC pop_options

/// The kernels of one instruction set.
struct Kernels {
  const char* name;
  void (*attend)(const Attention&, std::int64_t, std::int64_t, Scratch&);
  void (*attend_backward)(const Attention&, const AttentionGradient&, std::int64_t, std::int64_t,
                          Scratch&);
  void (*add_norm_row)(const AddNorm&, const DropoutRule&, std::int64_t, float*);
  void (*add_norm_backward_row)(const AddNorm&, const AddNormGradient&, const DropoutRule&,
                                std::int64_t, float*, float*);
  void (*finish_row)(const ProductEnd&, std::int64_t);
  decltype(attend) attend_bf16;  ///< null: the processor has no products of bfloat16
};

/// The kernels that this processor can run, fastest first.
std::vector<Kernels> available_kernels() {
  std::vector<Kernels> result;
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
    result.push_back({"avx512", avx512::attend, avx512::attend_backward, avx512::add_norm_row,
                      avx512::add_norm_backward_row, avx512::finish_row,
                      __builtin_cpu_supports("avx512bf16") ? avx512_bf16::attend : nullptr});
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    result.push_back({"avx2", avx2::attend, avx2::attend_backward, avx2::add_norm_row,
                      avx2::add_norm_backward_row, avx2::finish_row, nullptr});
  }
#endif
  result.push_back({"baseline", baseline::attend, baseline::attend_backward, baseline::add_norm_row,
                    baseline::add_norm_backward_row, baseline::finish_row, nullptr});
  return result;
}

Kernels& kernels() {
  static Kernels chosen = available_kernels().front();
  return chosen;
}

constexpr std::int64_t kWidestVector = 16;
constexpr std::int64_t kLargestBlock = 32;

/// Floats that a head of the longest row needs at most; more than either direction takes.
std::int64_t scratch_floats(const Attention& attention) {
  std::int64_t longest = 0;
  for (std::int64_t row = 0; row < attention.rows; ++row) {
    const auto keys = attention.key_starts[row + 1] - attention.key_starts[row];
    longest = keys > longest ? keys : longest;
  }
  const std::int64_t padded = longest + kWidestVector;
  const std::int64_t wide = attention.head_size + kWidestVector;
  return 5 * padded * wide + 2 * kLargestBlock * padded + 3 * kLargestBlock * wide;
}

/// Calls `work(row, head, scratch)` for all heads of all rows; each writes its own results, so the
/// order does not matter.
template <typename Work>
void for_each_head(const Attention& attention, Work work) {
  constexpr int kPieces = 10;
  const std::int64_t floats = scratch_floats(attention);
  const std::int64_t tasks = attention.rows * attention.heads;
#pragma omp parallel if (tasks > 1)
  {
    static thread_local Scratch scratch;
#pragma omp for schedule(dynamic)
    for (std::int64_t task = 0; task < tasks; ++task) {
      scratch.reset(floats, kPieces);
      work(task / attention.heads, task % attention.heads, scratch);
    }
  }
}

}  // namespace

void attention_forward(const Attention& attention) {
  const bool bf16 = attention.bf16 && kernels().attend_bf16 != nullptr;
  const auto attend = bf16 ? kernels().attend_bf16 : kernels().attend;
  for_each_head(attention, [&](std::int64_t row, std::int64_t head, Scratch& scratch) {
    attend(attention, row, head, scratch);
  });
}

void attention_backward(const Attention& attention, const AttentionGradient& gradient) {
  const auto attend_backward = kernels().attend_backward;
  for_each_head(attention, [&](std::int64_t row, std::int64_t head, Scratch& scratch) {
    attend_backward(attention, gradient, row, head, scratch);
  });
}

void add_norm_forward(const AddNorm& norm) {
  const auto add_norm_row = kernels().add_norm_row;
  const DropoutRule rule(norm.dropout);
#pragma omp parallel if (norm.rows * norm.width > 4096)
  {
    std::vector<float> sums(static_cast<std::size_t>(norm.width));
#pragma omp for schedule(static)
    for (std::int64_t row = 0; row < norm.rows; ++row) {
      add_norm_row(norm, rule, row, sums.data());
    }
  }
}

void add_norm_backward(const AddNorm& norm, const AddNormGradient& gradient) {
  const auto backward_row = kernels().add_norm_backward_row;
  const DropoutRule rule(norm.dropout);
  const auto width = static_cast<std::size_t>(norm.width);
  const bool parameters = gradient.weight != nullptr;
  const auto threads = static_cast<std::size_t>(omp_get_max_threads());
  std::vector<float> partial(parameters ? threads * 2 * width : 0);
#pragma omp parallel if (norm.rows * norm.width > 4096)
  {
    float* weight =
        parameters ? partial.data() + static_cast<std::size_t>(omp_get_thread_num()) * 2 * width
                   : nullptr;
    float* bias = parameters ? weight + width : nullptr;
#pragma omp for schedule(static)
    for (std::int64_t row = 0; row < norm.rows; ++row) {
      backward_row(norm, gradient, rule, row, weight, bias);
    }
  }
  // Summed in the order of the threads, so that the same number of them gives the same result.
  for (std::size_t thread = 0; thread * 2 * width < partial.size(); ++thread) {
    const float* weight = partial.data() + thread * 2 * width;
    for (std::size_t j = 0; j < width; ++j) {
      gradient.weight[j] += weight[j];
      gradient.bias[j] += weight[width + j];
    }
  }
}

void finish_product(const ProductEnd& end) {
  const auto finish_row = kernels().finish_row;
#pragma omp parallel for schedule(static) if (end.rows * end.width > 4096)
  for (std::int64_t row = 0; row < end.rows; ++row) {
    finish_row(end, row);
  }
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const Kernels& candidate : available_kernels()) {
    names.emplace_back(candidate.name);
  }
  return names;
}

void use_instruction_set(std::string_view name) {
  for (const Kernels& candidate : available_kernels()) {
    if (candidate.name == name) {
      kernels() = candidate;
    }
  }
}

}  // namespace ncmlab::kernels
