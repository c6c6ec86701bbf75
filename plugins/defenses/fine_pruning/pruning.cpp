// SPDX-License-Identifier: Apache-2.0
#include "pruning.hpp"

#include <torch/types.h>

#include <algorithm>

#include "ncmlab/networks/device.hpp"

namespace ncmlab::fine_pruning {
namespace {

constexpr std::int64_t kSamplesPerPass = 1024;

/// Of the tokens of a batch without its padding the places of those that become sentence vectors;
/// undefined where all do.
at::Tensor pooled_tokens(const Batch& batch, Pooling pooling) {
  const at::Tensor ends = batch.lengths.cumsum(0);
  switch (pooling) {
    case Pooling::cls:
      return ends - batch.lengths;
    case Pooling::last_eos:
      return ends - 1;
    case Pooling::mean:
      break;
  }
  return {};
}

}  // namespace

std::vector<at::Tensor> mean_activity(CodeModel& model, const std::vector<TokenSample>& samples,
                                      Progress& progress) {
  Encoder& encoder = model.encoder();
  const std::size_t networks = encoder.feed_forward_readers().size();
  std::vector<at::Tensor> sums(networks);
  std::vector<std::int64_t> tokens(networks, 0);
  for (const auto& chosen :
       batches_by_length(samples, tokens_per_pass(encoder.device()), kSamplesPerPass)) {
    progress.check();
    const Batch batch = make_batch(samples, chosen, model.tokenizer().special().pad);
    model.work().forward_rows += batch.ids.size(0);
    const at::Tensor pooled = pooled_tokens(batch, encoder.shape().pooling);
    encoder.observe_units(batch, [&](std::size_t network, const at::Tensor& units) {
      const at::Tensor used = network + 1 == networks && pooled.defined()
                                  ? units.index_select(0, pooled.to(units.device()))
                                  : units;
      const at::Tensor sum = used.abs().sum(0, false, at::kDouble).cpu();
      sums[network] = sums[network].defined() ? sums[network] + sum : sum;
      tokens[network] += used.size(0);
    });
  }
  for (std::size_t network = 0; network < networks; ++network) {
    sums[network] = sums[network] / tokens[network];
  }
  return sums;
}

std::vector<Unit> by_activity(const std::vector<at::Tensor>& activity, std::size_t first_network) {
  std::vector<Unit> units;
  for (std::size_t network = first_network; network < activity.size(); ++network) {
    for (std::int64_t place = 0; place < activity[network].numel(); ++place) {
      units.push_back({.network = network, .place = place});
    }
  }
  std::ranges::stable_sort(units, {}, [&](const Unit& unit) {
    return activity[unit.network].data_ptr<double>()[unit.place];
  });
  return units;
}

Pruner::Pruner(const Encoder& encoder) {
  const StateDict parameters = encoder.parameters();
  for (const std::string& name : encoder.feed_forward_readers()) {
    readers_.push_back(parameters.at(name));
    originals_.push_back(readers_.back().detach().clone());
    masks_.push_back(at::ones({readers_.back().size(1)}, originals_.back().options()));
  }
}

void Pruner::prune(const std::vector<Unit>& order, std::size_t count) {
  const at::NoGradGuard no_grad;
  std::vector<std::vector<std::int64_t>> out(masks_.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[order[i].network].push_back(order[i].place);
  }
  for (std::size_t network = 0; network < masks_.size(); ++network) {
    at::Tensor& mask = masks_[network];
    mask.fill_(1);
    mask.index_fill_(0, at::tensor(out[network], at::kLong).to(mask.device()), 0);
    readers_[network].copy_(originals_[network] * mask);
  }
}

void Pruner::hold() const {
  const at::NoGradGuard no_grad;
  for (std::size_t network = 0; network < masks_.size(); ++network) {
    readers_[network].mul_(masks_[network]);
  }
}

}  // namespace ncmlab::fine_pruning
