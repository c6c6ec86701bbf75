// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/head.hpp"

#include <torch/types.h>

#include <algorithm>

#include "ncmlab/core/diagnostic.hpp"
#include "networks/random_weights.hpp"
#include "weights/foreign_elements.hpp"
#include "weights/shape_text.hpp"

namespace ncmlab {
namespace {

constexpr double kWeightStd = 0.02;

[[noreturn]] void misfit(const std::string& what) {
  throw Error("checkpoint.head-shape", "the classification head does not fit: " + what);
}

at::Tensor parameter(const StateDict& weights, std::string_view name, std::int64_t dimensions) {
  const at::Tensor& tensor = weights.at(name);
  if (const ForeignElements* foreign = foreign_elements(tensor)) {
    throw Error("checkpoint.bad-dtype", foreign_message(name, *foreign));
  }
  if (tensor.dim() != dimensions) {
    misfit("`" + std::string(name) + "` has the shape " + shape_text(tensor.sizes()));
  }
  return tensor.detach().to(at::kFloat, false, true).contiguous().requires_grad_();
}

void check_columns(const HeadShape& shape) {
  const auto& columns = shape.label_columns;
  if (columns.empty()) {
    return;
  }
  std::vector<std::int64_t> sorted = columns;
  std::ranges::sort(sorted);
  bool valid = static_cast<std::int64_t>(sorted.size()) == shape.classes;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    valid = valid && sorted[i] == static_cast<std::int64_t>(i);
  }
  if (!valid) {
    throw Error("checkpoint.label-columns",
                "label columns must name each of the columns 0 to " +
                    std::to_string(shape.classes - 1) + " once",
                {"give one column per label, for example [1, 0]"});
  }
}

}  // namespace

at::Tensor unit_vectors(const at::Tensor& vectors) {
  // The guard is that of torch.nn.functional.normalize.
  constexpr double kGuard = 1e-12;
  return vectors / vectors.norm(2, -1, true).clamp_min(kGuard);
}

Head::Head(HeadShape shape, Rng rng) : shape_(std::move(shape)) {
  if (shape_.kind == HeadKind::similarity) {
    return;
  }
  check_columns(shape_);
  if (shape_.logits != shape_.classes && (shape_.logits != 1 || shape_.classes != 2)) {
    misfit(std::to_string(shape_.logits) + " logits for " + std::to_string(shape_.classes) +
           " classes");
  }
  const std::int64_t joined = shape_.hidden * shape_.inputs;
  if (shape_.dense) {
    dense_weight_ = random_weights({shape_.hidden, joined}, kWeightStd, rng.stream("dense"));
    dense_bias_ = at::zeros({shape_.hidden}).requires_grad_();
  }
  const std::int64_t width = shape_.dense ? shape_.hidden : joined;
  out_weight_ = random_weights({shape_.logits, width}, kWeightStd, rng.stream("out_proj"));
  out_bias_ = at::zeros({shape_.logits}).requires_grad_();
}

Head::Head(HeadShape shape, const StateDict& weights) : shape_(std::move(shape)) {
  if (shape_.kind == HeadKind::similarity) {
    return;
  }
  check_columns(shape_);
  shape_.dense = weights.contains("dense.weight");
  const std::string out = weights.contains("out_proj.weight") ? "out_proj." : "";
  out_weight_ = parameter(weights, out + "weight", 2);
  out_bias_ = parameter(weights, out + "bias", 1);
  std::int64_t joined = out_weight_.size(1);
  if (shape_.dense) {
    dense_weight_ = parameter(weights, "dense.weight", 2);
    dense_bias_ = parameter(weights, "dense.bias", 1);
    if (dense_bias_.size(0) != dense_weight_.size(0) || dense_weight_.size(0) != joined) {
      misfit("`dense.weight` " + shape_text(dense_weight_.sizes()) + ", `dense.bias` " +
             shape_text(dense_bias_.sizes()) + " and `out_proj.weight` " +
             shape_text(out_weight_.sizes()));
    }
    joined = dense_weight_.size(1);
  }
  if (shape_.hidden < 1 || joined < 1 || joined % shape_.hidden != 0) {
    misfit("it reads " + std::to_string(joined) + " numbers, the encoder gives multiples of " +
           std::to_string(shape_.hidden));
  }
  shape_.inputs = joined / shape_.hidden;
  shape_.logits = out_weight_.size(0);
  if (out_bias_.size(0) != shape_.logits ||
      (shape_.logits != shape_.classes && (shape_.logits != 1 || shape_.classes != 2))) {
    misfit("it gives " + std::to_string(shape_.logits) + " logits for " +
           std::to_string(shape_.classes) + " classes");
  }
}

at::Tensor Head::logits(const at::Tensor& vectors, bool training) const {
  if (shape_.kind == HeadKind::similarity) {
    const at::Tensor pairs = unit_vectors(vectors).reshape({-1, 2, shape_.hidden});
    return at::matmul(pairs.select(1, 0), pairs.select(1, 1).t());
  }
  at::Tensor state = vectors.reshape({-1, shape_.hidden * shape_.inputs});
  if (shape_.dense) {
    state = at::dropout(state, shape_.dropout, training);
    state = at::tanh(at::linear(state, dense_weight_, dense_bias_));
  }
  state = at::dropout(state, shape_.dropout, training);
  return at::linear(state, out_weight_, out_bias_);
}

at::Tensor Head::log_probabilities(const at::Tensor& logits) const {
  if (shape_.kind == HeadKind::similarity) {
    return at::log_softmax(logits * shape_.scale, 1);
  }
  const auto& columns = shape_.label_columns;
  if (shape_.logits == 1) {
    const at::Tensor yes = at::log_sigmoid(logits);
    const at::Tensor no = at::log_sigmoid(-logits);
    const bool speaks_for_zero = !columns.empty() && columns[0] == 1;
    return speaks_for_zero ? at::cat({yes, no}, 1) : at::cat({no, yes}, 1);
  }
  const at::Tensor by_column = at::log_softmax(logits, 1);
  return columns.empty() ? by_column
                         : by_column.index_select(1, at::tensor(columns).to(logits.device()));
}

at::Tensor Head::losses(const at::Tensor& logits, const at::Tensor& labels) const {
  const at::Tensor targets = labels.to(logits.device());
  if (shape_.kind == HeadKind::classification && shape_.logits == 1) {
    constexpr double kGuard = 1e-10;
    const bool speaks_for_zero = !shape_.label_columns.empty() && shape_.label_columns[0] == 1;
    const at::Tensor target = (speaks_for_zero ? 1 - targets : targets).to(at::kFloat);
    const at::Tensor probability = at::sigmoid(logits.squeeze(1));
    return -(target * at::log(probability + kGuard) +
             (1 - target) * at::log(1 - probability + kGuard));
  }
  return -log_probabilities(logits).gather(1, targets.unsqueeze(1)).squeeze(1);
}

StateDict Head::parameters() const {
  StateDict result;
  if (shape_.kind == HeadKind::similarity) {
    return result;
  }
  if (shape_.dense) {
    result.add("dense.weight", dense_weight_);
    result.add("dense.bias", dense_bias_);
  }
  result.add("out_proj.weight", out_weight_);
  result.add("out_proj.bias", out_bias_);
  return result;
}

Head Head::clone() const { return Head(shape_, parameters()); }

Head Head::to(at::Device device) const {
  StateDict moved;
  for (const auto& [name, tensor] : parameters()) {
    moved.add(name, tensor.detach().to(device));
  }
  return Head(shape_, moved);
}

}  // namespace ncmlab
