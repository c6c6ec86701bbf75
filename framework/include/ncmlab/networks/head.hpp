// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "ncmlab/core/rng.hpp"
#include "ncmlab/weights/state_dict.hpp"

namespace ncmlab {

/// What a head makes of sentence vectors.
enum class HeadKind {
  /// As CodeXGLUE and Hugging Face build it: (dropout, dense, tanh, dropout,) out_proj on `inputs`
  /// joined sentence vectors.
  classification,
  /// Cosines between queries and code (code search); no parameters. A sample has two parts, the
  /// query and its code.
  similarity,
};

struct HeadShape {
  HeadKind kind = HeadKind::classification;
  std::int64_t hidden = 0;   ///< width of one sentence vector
  std::int64_t inputs = 1;   ///< sentence vectors per sample (clone detection: 2)
  std::int64_t classes = 2;  ///< number of labels
  /// Logits: 1 (sigmoid, two classes; loss -mean(y log(p + 1e-10) + (1 - y) log(1 - p + 1e-10)))
  /// or `classes` (softmax, cross-entropy).
  std::int64_t logits = 1;
  bool dense = true;
  double dropout = 0.1;
  /// label_columns[label] is the logit column of that label; empty: column = label. With one
  /// logit, {0, 1} says that the logit speaks for label 1, {1, 0} for label 0.
  std::vector<std::int64_t> label_columns;
  /// Of `similarity`: what cosines are multiplied by before the softmax (CodeXGLUE, EliBadCode).
  double scale = 20;

  /// The head of code search: in-batch negatives, InfoNCE.
  static HeadShape for_search() {
    HeadShape shape;
    shape.kind = HeadKind::similarity;
    shape.inputs = 2;
    return shape;
  }
};

/// `vectors` [..., hidden] with rows of length 1; a new tensor. Differentiable.
at::Tensor unit_vectors(const at::Tensor& vectors);

/// Copies and moves of a Head share its parameters; clone() does not.
///
/// logits(), log_probabilities() and losses() return new tensors that can be differentiated to
/// the parameters and to what they are given while at::GradMode is on.
class Head {
 public:
  /// Random weights: normal(0, 0.02), zero biases.
  Head(HeadShape shape, Rng rng);
  /// From `dense.weight`, `dense.bias`, `out_proj.weight`, `out_proj.bias` (or `weight`, `bias`
  /// without a dense layer); logits and inputs follow from the shapes of the tensors.
  /// Copies them. Throws Error `checkpoint.*` when they do not fit `shape.hidden` or
  /// `shape.classes`.
  Head(HeadShape shape, const StateDict& weights);

  const HeadShape& shape() const { return shape_; }
  /// vectors [samples * inputs, hidden], rows of one sample adjacent -> logits [samples, logits];
  /// of a similarity head the cosine of every query with every code, [samples, samples]. With
  /// `training`, dropout is drawn from LibTorch's default generator of the vectors' device.
  at::Tensor logits(const at::Tensor& vectors, bool training) const;
  /// logits -> log-probabilities by label, [samples, classes]; of a similarity head over the code
  /// of the batch.
  at::Tensor log_probabilities(const at::Tensor& logits) const;
  /// Loss of each sample towards its label, [samples]. labels: [samples] int64; of a similarity
  /// head the place of each query's code in the batch. Labels may be on another device.
  at::Tensor losses(const at::Tensor& logits, const at::Tensor& labels) const;
  /// The parameters themselves (no copies), each a leaf that requires gradients; empty for a
  /// similarity head.
  StateDict parameters() const;
  /// A copy that shares no storage.
  Head clone() const;
  /// A copy on `device` that shares no storage.
  Head to(at::Device device) const;

 private:
  HeadShape shape_;
  at::Tensor dense_weight_, dense_bias_, out_weight_, out_bias_;
};

}  // namespace ncmlab
