// SPDX-License-Identifier: Apache-2.0
#include "nn/fused_ops.hpp"

#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "nn/cpu_kernels.hpp"
#include "nn/plain_ops.hpp"

namespace ncmlab::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

using Starts = std::vector<std::int64_t>;

/// Dropout with a seed from LibTorch's global generator.
kernels::Dropout draw_dropout(double probability) {
  kernels::Dropout dropout{.probability = probability};
  if (probability > 0) {
    dropout.seed = static_cast<std::uint64_t>(
        torch::randint(std::numeric_limits<std::int64_t>::max(), {1}, at::kLong)
            .item<std::int64_t>());
  }
  return dropout;
}

void save_dropout(AutogradContext* context, const kernels::Dropout& dropout) {
  context->saved_data["dropout"] = dropout.probability;
  context->saved_data["seed"] = static_cast<std::int64_t>(dropout.seed);
}

kernels::Dropout saved_dropout(AutogradContext* context) {
  return {.probability = context->saved_data["dropout"].toDouble(),
          .seed = static_cast<std::uint64_t>(context->saved_data["seed"].toInt())};
}

/// The kernel's view of queries, keys and values; `keys` holds the values right of the keys and
/// `queries` may be the same tensor, with the queries left of the keys.
kernels::Attention describe(const at::Tensor& queries, const at::Tensor& keys, std::int64_t hidden,
                            const Starts& query_starts, const Starts& key_starts,
                            std::int64_t heads) {
  const std::int64_t stride = keys.size(1);
  const std::int64_t head_size = hidden / heads;
  return {.rows = static_cast<std::int64_t>(key_starts.size()) - 1,
          .heads = heads,
          .head_size = head_size,
          .scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_size))),
          .query_starts = query_starts.data(),
          .key_starts = key_starts.data(),
          .query = queries.data_ptr<float>(),
          .key = keys.data_ptr<float>() + stride - 2 * hidden,
          .value = keys.data_ptr<float>() + stride - hidden,
          .query_stride = queries.size(1),
          .key_stride = stride};
}

/// Without what a backward pass would need.
at::Tensor attend(kernels::Attention attention, double dropout) {
  const at::Tensor output = at::empty(
      {attention.query_starts[attention.rows], attention.heads * attention.head_size}, at::kFloat);
  attention.output = output.data_ptr<float>();
  attention.dropout = draw_dropout(dropout);
  kernels::attention_forward(attention);
  return output;
}

class SelfAttention : public Function<SelfAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& joint, const Starts& starts,
                            std::int64_t heads, double dropout) {
    const auto output = at::empty({joint.size(0), joint.size(1) / 3}, joint.options());
    const auto log_sum = at::empty({joint.size(0), heads}, joint.options());
    auto attention = describe(joint, joint, joint.size(1) / 3, starts, starts, heads);
    attention.output = output.data_ptr<float>();
    attention.log_sum = log_sum.data_ptr<float>();
    attention.dropout = draw_dropout(dropout);
    kernels::attention_forward(attention);
    save_dropout(context, attention.dropout);
    context->saved_data["starts"] = starts;
    context->saved_data["heads"] = heads;
    context->save_for_backward({joint, output, log_sum});
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& joint = saved[0];
    const at::Tensor output_gradient = gradients[0].contiguous();
    const at::Tensor gradient = at::empty_like(joint);
    const Starts starts = context->saved_data["starts"].toIntVector();
    auto attention = describe(joint, joint, joint.size(1) / 3, starts, starts,
                              context->saved_data["heads"].toInt());
    attention.output = saved[1].data_ptr<float>();
    attention.log_sum = saved[2].data_ptr<float>();
    attention.dropout = saved_dropout(context);
    const std::int64_t hidden = joint.size(1) / 3;
    auto* data = gradient.data_ptr<float>();
    kernels::attention_backward(attention, {.output = output_gradient.data_ptr<float>(),
                                            .query = data,
                                            .key = data + hidden,
                                            .value = data + 2 * hidden,
                                            .query_stride = 3 * hidden,
                                            .key_stride = 3 * hidden});
    return {gradient, {}, {}, {}};
  }
};

Starts counting(std::size_t count) {
  Starts result(count);
  std::iota(result.begin(), result.end(), 0);
  return result;
}

class SingleQueryAttention : public Function<SingleQueryAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query,
                            const at::Tensor& keys, const Starts& starts, std::int64_t heads,
                            double dropout) {
    const Starts query_starts = counting(starts.size());
    const auto output = at::empty_like(query);
    const auto log_sum = at::empty({query.size(0), heads}, query.options());
    auto attention = describe(query, keys, query.size(1), query_starts, starts, heads);
    attention.output = output.data_ptr<float>();
    attention.log_sum = log_sum.data_ptr<float>();
    attention.dropout = draw_dropout(dropout);
    kernels::attention_forward(attention);
    save_dropout(context, attention.dropout);
    context->saved_data["starts"] = starts;
    context->saved_data["heads"] = heads;
    context->save_for_backward({query, keys, output, log_sum});
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor output_gradient = gradients[0].contiguous();
    const at::Tensor query_gradient = at::empty_like(saved[0]);
    const at::Tensor key_gradient = at::empty_like(saved[1]);
    const std::int64_t hidden = saved[0].size(1);
    const Starts starts = context->saved_data["starts"].toIntVector();
    const Starts query_starts = counting(starts.size());
    auto attention = describe(saved[0], saved[1], hidden, query_starts, starts,
                              context->saved_data["heads"].toInt());
    attention.output = saved[2].data_ptr<float>();
    attention.log_sum = saved[3].data_ptr<float>();
    attention.dropout = saved_dropout(context);
    auto* data = key_gradient.data_ptr<float>();
    kernels::attention_backward(attention, {.output = output_gradient.data_ptr<float>(),
                                            .query = query_gradient.data_ptr<float>(),
                                            .key = data,
                                            .value = data + hidden,
                                            .query_stride = hidden,
                                            .key_stride = 2 * hidden});
    return {query_gradient, key_gradient, {}, {}, {}};
  }
};

kernels::AddNorm describe(const at::Tensor& branch, const at::Tensor& residual,
                          const at::Tensor& weight, const at::Tensor& bias, double eps) {
  return {.rows = branch.size(0),
          .width = branch.size(1),
          .branch = branch.data_ptr<float>(),
          .residual = residual.data_ptr<float>(),
          .weight = weight.data_ptr<float>(),
          .bias = bias.data_ptr<float>(),
          .eps = eps};
}

class AddNorm : public Function<AddNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& branch,
                            const at::Tensor& residual, const at::Tensor& weight,
                            const at::Tensor& bias, double eps, double dropout) {
    const auto output = at::empty_like(branch);
    const auto normalised = at::empty_like(branch);
    const auto inverse_std = at::empty({branch.size(0)}, branch.options());
    auto norm = describe(branch, residual, weight, bias, eps);
    norm.dropout = draw_dropout(dropout);
    norm.output = output.data_ptr<float>();
    norm.normalised = normalised.data_ptr<float>();
    norm.inverse_std = inverse_std.data_ptr<float>();
    kernels::add_norm_forward(norm);
    save_dropout(context, norm.dropout);
    context->saved_data["parameters"] = weight.requires_grad() || bias.requires_grad();
    context->save_for_backward({weight, normalised, inverse_std});
    return output;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& weight = saved[0];
    const at::Tensor& normalised = saved[1];
    const at::Tensor output_gradient = gradients[0].contiguous();
    const bool parameters = context->saved_data["parameters"].toBool();
    kernels::AddNorm norm{.rows = normalised.size(0),
                          .width = normalised.size(1),
                          .weight = weight.data_ptr<float>(),
                          .dropout = saved_dropout(context),
                          .normalised = normalised.data_ptr<float>(),
                          .inverse_std = saved[2].data_ptr<float>()};
    const bool dropped = norm.dropout.probability > 0;
    const at::Tensor residual_gradient = at::empty_like(normalised);
    const at::Tensor branch_gradient = dropped ? at::empty_like(normalised) : residual_gradient;
    variable_list result = {branch_gradient, residual_gradient, {}, {}, {}, {}};
    kernels::AddNormGradient gradient{
        .output = output_gradient.data_ptr<float>(),
        .residual = residual_gradient.data_ptr<float>(),
        .branch = dropped ? branch_gradient.data_ptr<float>() : nullptr};
    if (parameters) {
      result[2] = at::zeros_like(weight);
      result[3] = at::zeros_like(weight);
      gradient.weight = result[2].data_ptr<float>();
      gradient.bias = result[3].data_ptr<float>();
    }
    kernels::add_norm_backward(norm, gradient);
    return result;
  }
};

bool plain_everywhere = false;

bool is_plain(const at::Tensor& tensor) { return plain_everywhere || !tensor.is_cpu(); }

}  // namespace

void use_plain_operators(bool everywhere) { plain_everywhere = everywhere; }

at::Tensor attention(const at::Tensor& joint, const Starts& starts, std::int64_t heads,
                     double dropout) {
  if (is_plain(joint)) {
    return plain::attention(joint, starts, heads, dropout);
  }
  if (at::GradMode::is_enabled()) {
    return SelfAttention::apply(joint, starts, heads, dropout);
  }
  return attend(describe(joint, joint, joint.size(1) / 3, starts, starts, heads), dropout);
}

at::Tensor single_query_attention(const at::Tensor& query, const at::Tensor& key_value,
                                  const Starts& starts, std::int64_t heads, double dropout) {
  if (is_plain(query)) {
    return plain::single_query_attention(query, key_value, starts, heads, dropout);
  }
  if (at::GradMode::is_enabled()) {
    return SingleQueryAttention::apply(query, key_value, starts, heads, dropout);
  }
  const Starts query_starts = counting(starts.size());
  return attend(describe(query, key_value, query.size(1), query_starts, starts, heads), dropout);
}

at::Tensor add_norm(const at::Tensor& branch, const at::Tensor& residual, const at::Tensor& weight,
                    const at::Tensor& bias, double eps, double dropout) {
  if (is_plain(branch)) {
    return plain::add_norm(branch, residual, weight, bias, eps, dropout);
  }
  if (at::GradMode::is_enabled()) {
    return AddNorm::apply(branch, residual, weight, bias, eps, dropout);
  }
  auto norm = describe(branch, residual, weight, bias, eps);
  norm.dropout = draw_dropout(dropout);
  norm.output = branch.data_ptr<float>();
  kernels::add_norm_forward(norm);
  return branch;
}

}  // namespace ncmlab::ops
