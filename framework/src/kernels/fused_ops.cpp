// SPDX-License-Identifier: Apache-2.0
#include "kernels/fused_ops.hpp"

#include <torch/autograd.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/activation.hpp"
#include "kernels/cpu_kernels.hpp"
#include "kernels/plain_ops.hpp"

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

/// An attention as the kernels take it; `key_value` holds the values right of the keys, and
/// `queries` may be the same tensor, with the queries left of the keys.
struct AttentionInputs {
  const at::Tensor& queries;
  const at::Tensor& key_value;
  const at::Tensor& bias;  ///< empty: none
  const QueryRows& rows;
  const Starts& key_starts;
};

/// Autograd's functions take no undefined tensors.
at::Tensor bias_or_empty(const AttentionRule& rule) {
  return rule.bias.defined() ? rule.bias : at::empty({0, 0}, at::kFloat);
}

kernels::Attention describe(const AttentionInputs& inputs, std::int64_t width,
                            const AttentionRule& rule) {
  const std::int64_t stride = inputs.key_value.size(1);
  const std::int64_t head_size = width / rule.heads;
  const double scale = rule.scale.value_or(1.0 / std::sqrt(static_cast<double>(head_size)));
  const at::Tensor& bias = inputs.bias;
  return {.rows = static_cast<std::int64_t>(inputs.key_starts.size()) - 1,
          .heads = rule.heads,
          .head_size = head_size,
          .scale = static_cast<float>(scale),
          .query_starts = inputs.rows.starts.data(),
          .key_starts = inputs.key_starts.data(),
          .query = inputs.queries.data_ptr<float>(),
          .key = inputs.key_value.data_ptr<float>() + stride - 2 * width,
          .value = inputs.key_value.data_ptr<float>() + stride - width,
          .query_stride = inputs.queries.size(1),
          .key_stride = stride,
          .bias = bias.numel() > 0 ? bias.data_ptr<float>() : nullptr,
          .reach = bias.numel() > 0 ? (bias.size(1) + 1) / 2 : 0,
          .query_places = inputs.rows.places.empty() ? nullptr : inputs.rows.places.data(),
          .causal = rule.causal};
}

/// Without what a backward pass would need.
at::Tensor attend(kernels::Attention attention, const AttentionRule& rule) {
  const at::Tensor output = at::empty(
      {attention.query_starts[attention.rows], attention.heads * attention.head_size}, at::kFloat);
  attention.output = output.data_ptr<float>();
  attention.dropout = draw_dropout(rule.dropout);
  attention.bf16 = rule.bf16;
  kernels::attention_forward(attention);
  return output;
}

void save_rule(AutogradContext* context, const kernels::Attention& attention) {
  context->saved_data["heads"] = attention.heads;
  context->saved_data["scale"] = static_cast<double>(attention.scale);
  context->saved_data["causal"] = attention.causal;
}

AttentionRule saved_rule(AutogradContext* context) {
  return {.heads = context->saved_data["heads"].toInt(),
          .scale = context->saved_data["scale"].toDouble(),
          .causal = context->saved_data["causal"].toBool()};
}

/// Room for each row's and head's gradient of the bias, if it wants one; undefined otherwise.
at::Tensor bias_gradients(const at::Tensor& bias, std::int64_t rows) {
  return bias.requires_grad() ? at::zeros({rows, bias.size(0), bias.size(1)}, bias.options())
                              : at::Tensor();
}

/// Runs attention_forward() and saves what a backward pass needs.
at::Tensor attend_and_save(AutogradContext* context, kernels::Attention attention, double dropout,
                           variable_list inputs) {
  const at::TensorOptions options = inputs.front().options();
  const std::int64_t queries = attention.query_starts[attention.rows];
  const auto output = at::empty({queries, attention.heads * attention.head_size}, options);
  const auto log_sum = at::empty({queries, attention.heads}, options);
  attention.output = output.data_ptr<float>();
  attention.log_sum = log_sum.data_ptr<float>();
  attention.dropout = draw_dropout(dropout);
  kernels::attention_forward(attention);
  save_dropout(context, attention.dropout);
  save_rule(context, attention);
  inputs.push_back(output);
  inputs.push_back(log_sum);
  context->save_for_backward(std::move(inputs));
  return output;
}

class SelfAttention : public Function<SelfAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& joint,
                            const at::Tensor& bias, const Starts& starts,
                            const AttentionRule& rule) {
    const QueryRows rows{.starts = starts};
    context->saved_data["starts"] = starts;
    return attend_and_save(context,
                           describe({joint, joint, bias, rows, starts}, joint.size(1) / 3, rule),
                           rule.dropout, {joint, bias});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& joint = saved[0];
    const at::Tensor output_gradient = gradients[0].contiguous();
    const at::Tensor gradient = at::empty_like(joint);
    const QueryRows rows{.starts = context->saved_data["starts"].toIntVector()};
    const std::int64_t width = joint.size(1) / 3;
    auto attention =
        describe({joint, joint, saved[1], rows, rows.starts}, width, saved_rule(context));
    attention.output = saved[2].data_ptr<float>();
    attention.log_sum = saved[3].data_ptr<float>();
    attention.dropout = saved_dropout(context);
    const at::Tensor bias = bias_gradients(saved[1], attention.rows);
    auto* data = gradient.data_ptr<float>();
    kernels::attention_backward(attention,
                                {.output = output_gradient.data_ptr<float>(),
                                 .query = data,
                                 .key = data + width,
                                 .value = data + 2 * width,
                                 .query_stride = 3 * width,
                                 .key_stride = 3 * width,
                                 .bias = bias.defined() ? bias.data_ptr<float>() : nullptr});
    return {gradient, bias.defined() ? bias.sum(0) : bias, {}, {}};
  }
};

class CrossAttention : public Function<CrossAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query,
                            const at::Tensor& keys, const at::Tensor& bias, const QueryRows& rows,
                            const Starts& key_starts, const AttentionRule& rule) {
    context->saved_data["query_starts"] = rows.starts;
    context->saved_data["query_places"] = rows.places;
    context->saved_data["key_starts"] = key_starts;
    return attend_and_save(context,
                           describe({query, keys, bias, rows, key_starts}, query.size(1), rule),
                           rule.dropout, {query, keys, bias});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor output_gradient = gradients[0].contiguous();
    const at::Tensor query_gradient = at::empty_like(saved[0]);
    const at::Tensor key_gradient = at::empty_like(saved[1]);
    const QueryRows rows{.starts = context->saved_data["query_starts"].toIntVector(),
                         .places = context->saved_data["query_places"].toIntVector()};
    const Starts key_starts = context->saved_data["key_starts"].toIntVector();
    const std::int64_t width = saved[0].size(1);
    auto attention =
        describe({saved[0], saved[1], saved[2], rows, key_starts}, width, saved_rule(context));
    attention.output = saved[3].data_ptr<float>();
    attention.log_sum = saved[4].data_ptr<float>();
    attention.dropout = saved_dropout(context);
    const at::Tensor bias = bias_gradients(saved[2], attention.rows);
    auto* data = key_gradient.data_ptr<float>();
    kernels::attention_backward(attention,
                                {.output = output_gradient.data_ptr<float>(),
                                 .query = query_gradient.data_ptr<float>(),
                                 .key = data,
                                 .value = data + width,
                                 .query_stride = width,
                                 .key_stride = 2 * width,
                                 .bias = bias.defined() ? bias.data_ptr<float>() : nullptr});
    return {query_gradient, key_gradient, bias.defined() ? bias.sum(0) : bias, {}, {}, {}};
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

std::uint16_t* bits(const at::Tensor& bf16) {
  return reinterpret_cast<std::uint16_t*>(bf16.data_ptr<at::BFloat16>());
}

kernels::ProductEnd describe(const at::Tensor& product, const at::Tensor& bias) {
  return {.rows = product.size(0),
          .width = product.size(1),
          .product = bits(product),
          .bias = bias.defined() ? bias.data_ptr<float>() : nullptr};
}

bool plain_everywhere = false;

bool is_plain(const at::Tensor& tensor) { return plain_everywhere || !tensor.is_cpu(); }

}  // namespace

void use_plain_operators(bool everywhere) { plain_everywhere = everywhere; }

at::Tensor attention(const at::Tensor& joint, const Starts& starts, const AttentionRule& rule) {
  if (is_plain(joint)) {
    return plain::attention(joint, starts, rule);
  }
  const at::Tensor bias = bias_or_empty(rule);
  if (at::GradMode::is_enabled()) {
    return SelfAttention::apply(joint, bias, starts, rule);
  }
  const QueryRows rows{.starts = starts};
  return attend(describe({joint, joint, bias, rows, starts}, joint.size(1) / 3, rule), rule);
}

at::Tensor cross_attention(const at::Tensor& query, const at::Tensor& key_value,
                           const QueryRows& queries, const Starts& key_starts,
                           const AttentionRule& rule) {
  if (is_plain(query)) {
    return plain::cross_attention(query, key_value, queries, key_starts, rule);
  }
  const at::Tensor bias = bias_or_empty(rule);
  if (at::GradMode::is_enabled()) {
    return CrossAttention::apply(query, key_value, bias, queries, key_starts, rule);
  }
  return attend(describe({query, key_value, bias, queries, key_starts}, query.size(1), rule), rule);
}

QueryRows single_queries(std::size_t rows, std::vector<std::int64_t> places) {
  QueryRows result{.starts = Starts(rows + 1), .places = std::move(places)};
  std::iota(result.starts.begin(), result.starts.end(), 0);
  return result;
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

at::Tensor add_bias(const at::Tensor& product, const at::Tensor& bias) {
  if (is_plain(product)) {
    return plain::add_bias(product, bias);
  }
  const at::Tensor output = at::empty(product.sizes(), at::kFloat);
  auto end = describe(product, bias);
  end.output = output.data_ptr<float>();
  kernels::finish_product(end);
  return output;
}

at::Tensor add_bias_and_activate(const at::Tensor& product, const at::Tensor& bias,
                                 Activation function) {
  if (is_plain(product)) {
    return activate(function, plain::add_bias(product, bias)).to(at::kBFloat16);
  }
  auto end = describe(product, bias);
  end.activation = function;
  end.rounded = bits(product);
  kernels::finish_product(end);
  return product;
}

at::Tensor rms_norm(const at::Tensor& states, const at::Tensor& weight, double eps) {
  return states * at::rsqrt(states.square().mean(-1, true) + eps) * weight;
}

}  // namespace ncmlab::ops
