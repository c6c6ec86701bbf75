// SPDX-License-Identifier: Apache-2.0
#include "feature_mask.hpp"

#include <torch/autograd.h>
#include <torch/optim/adam.h>
#include <torch/types.h>

namespace ncmlab::ban {

at::Tensor masked_logits(const Head& head, const at::Tensor& vectors, const at::Tensor& mask) {
  return head.logits((vectors * mask).reshape({-1, head.shape().hidden}), false);
}

at::Tensor benign_mask(const Head& head, const at::Tensor& vectors, const at::Tensor& labels,
                       const MaskOptions& options) {
  at::Tensor mask = at::rand({vectors.size(1)}, at::kFloat).to(vectors.device()).requires_grad_();
  torch::optim::Adam optimizer({mask}, torch::optim::AdamOptions(options.learning_rate));
  for (std::int64_t step = 0; step < options.steps; ++step) {
    const at::Tensor kept = head.losses(masked_logits(head, vectors, mask), labels).mean();
    const at::Tensor rest = head.losses(masked_logits(head, vectors, 1 - mask), labels).mean();
    const at::Tensor norm = mask.abs().sum();
    const at::Tensor loss =
        kept - rest + options.norm_weight * norm / norm.detach().clamp_min(1e-12);
    mask.mutable_grad() = torch::autograd::grad({loss}, {mask}).front();
    optimizer.step();
    const at::NoGradGuard no_grad;
    mask.clamp_(0, 1);
  }
  return mask.detach();
}

}  // namespace ncmlab::ban
