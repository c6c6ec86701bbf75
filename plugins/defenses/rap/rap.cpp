// SPDX-License-Identifier: Apache-2.0
#include "rap.hpp"

#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <map>

#include "ncmlab/core/ascii.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/metrics/detection.hpp"
#include "ncmlab/model/frozen_parameters.hpp"
#include "ncmlab/plugin/defense_requirements.hpp"
#include "ncmlab/plugin/registration.hpp"

namespace ncmlab {
namespace {

/// Below what an input of a protected label can score.
constexpr double kNotProtected = -2;

/// What protects a label.
struct Protection {
  at::Tensor row;        ///< of the token in the embedding table
  double threshold = 0;  ///< of the negative falls of the label's clean samples
};

/// Which samples count that the victim gives a label.
enum class Members { all, right };

/// Samples that the victim gives one label.
struct OneAnswer {
  PerturbedSamples perturbed;
  std::vector<std::size_t> places;  ///< among all samples
};

at::Tensor indices(const std::vector<std::size_t>& places) {
  return torch::tensor(std::vector<std::int64_t>(places.begin(), places.end()), torch::kLong);
}

/// Of the loss of the chosen samples with respect to the token's row.
at::Tensor gradient_at(const at::Tensor& row, const RapConfig& config, CodeModel& model,
                       const PerturbedSamples& perturbed, const std::vector<std::size_t>& chosen) {
  const at::Tensor leaf = row.detach().clone().requires_grad_();
  Batch batch = make_batch(perturbed.samples, chosen, model.tokenizer().special().pad);
  const at::Tensor ids = batch.ids.to(row.device());
  batch.embeddings = at::where(ids.eq(perturbed.token).unsqueeze(2), leaf,
                               at::embedding(model.encoder().embedding_table(), ids));
  const at::Tensor after =
      model.head().log_probabilities(model.logits(batch, false)).select(1, perturbed.label).exp();
  const at::Tensor before =
      perturbed.before.index_select(0, indices(chosen)).to(after.device(), after.scalar_type());
  rap_loss(before - after, config).backward();
  model.work().backward_rows += ids.size(0);
  return leaf.grad();
}

class RapFilter final : public InputFilter {
 public:
  RapFilter(const RapConfig& config, DefenseContext& context)
      : context_(context), model_(context.victim.clone()) {
    const std::vector<TokenSample> clean =
        context.task.tokenize(context.victim, context.clean_samples);
    token_ = config.token.empty()
                 ? context.rng.stream("token").pick(rarest_tokens(model_.tokenizer(), clean))
                 : token_named(config.token, model_.tokenizer());
    give_usual_length(clean);
    QuietProgress quiet(context.progress);
    const std::map<std::int64_t, OneAnswer> groups = by_answer(clean, Members::right, quiet);
    context.progress.begin("unsettling clean samples",
                           config.steps * static_cast<std::int64_t>(groups.size()));
    // All rows are learned before any takes the place of the token's.
    for (const auto& [label, group] : groups) {
      protections_[label].row = unsettling_row(config, model_, group.perturbed, context.progress);
    }
    for (const auto& [label, group] : groups) {
      Protection& protection = protections_[label];
      protection.threshold =
          threshold_for(negative_falls(group.perturbed, protection.row, context.progress),
                        config.false_rejection_rate);
    }
    count_work();
  }

  std::vector<double> scores(const std::vector<Example>& samples, Progress& progress) override {
    std::vector<double> result(samples.size(), kNotProtected);
    for (const auto& [label, group] :
         by_answer(context_.task.tokenize(context_.victim, samples), Members::all, progress)) {
      const auto protection = protections_.find(label);
      if (protection == protections_.end()) {
        continue;
      }
      const std::vector<double> changes =
          negative_falls(group.perturbed, protection->second.row, progress);
      for (std::size_t i = 0; i < changes.size(); ++i) {
        result[group.places[i]] = changes[i] - protection->second.threshold;
      }
    }
    count_work();
    return result;
  }

 private:
  std::map<std::int64_t, OneAnswer> by_answer(const std::vector<TokenSample>& samples,
                                              Members members, Progress& progress) {
    std::map<std::int64_t, OneAnswer> groups;
    if (samples.empty()) {
      return groups;
    }
    const at::Tensor p = context_.victim.predict(samples, progress).to(torch::kDouble).exp();
    const at::Tensor answers = p.argmax(1).contiguous();
    const auto* answer = answers.data_ptr<std::int64_t>();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (members == Members::right && answer[i] != samples[i].label) {
        continue;
      }
      OneAnswer& group = groups[answer[i]];
      group.places.push_back(i);
      group.perturbed.samples.push_back(with_token(samples[i], token_, model_.rules()));
    }
    for (auto& [label, group] : groups) {
      group.perturbed.label = label;
      group.perturbed.token = token_;
      group.perturbed.before = p.select(1, label).index_select(0, indices(group.places));
    }
    return groups;
  }

  /// A rare token of a small victim may never have been trained, and be too short to unsettle.
  void give_usual_length(const std::vector<TokenSample>& samples) {
    const at::NoGradGuard no_grad;
    const at::Tensor table = model_.encoder().embedding_table();
    const at::Tensor lengths = table.norm(2, 1).cpu().to(torch::kDouble).contiguous();
    const auto* length = lengths.data_ptr<double>();
    double sum = 0, count = 0;
    for (const TokenSample& sample : samples) {
      for (const TokenRow& part : sample.parts) {
        for (const std::int64_t id : part.ids) {
          sum += length[id];
          ++count;
        }
      }
    }
    if (length[token_] > 0) {
      table.select(0, token_).mul_(sum / count / length[token_]);
    }
  }

  /// By how much the label's probability rises with the token.
  std::vector<double> negative_falls(const PerturbedSamples& perturbed, const at::Tensor& row,
                                     Progress& progress) {
    const at::NoGradGuard no_grad;
    model_.encoder().embedding_table().select(0, token_).copy_(row);
    QuietProgress quiet(progress);
    const at::Tensor after = model_.predict(perturbed.samples, quiet)
                                 .to(torch::kDouble)
                                 .select(1, perturbed.label)
                                 .exp();
    const at::Tensor changes = (after - perturbed.before).contiguous();
    const auto* first = changes.data_ptr<double>();
    return {first, first + changes.numel()};
  }

  /// The copy's work is the victim's.
  void count_work() {
    context_.victim.work().forward_rows += model_.work().forward_rows;
    context_.victim.work().backward_rows += model_.work().backward_rows;
    model_.work() = {};
  }

  static std::int64_t token_named(const std::string& text, const Tokenizer& tokenizer) {
    const std::vector<std::int64_t> ids = tokenizer.encode(text);
    if (ids.size() != 1) {
      throw Error("defense.rap.token",
                  "`token` of `rap` must be one token of the victim, but `" + text + "` is " +
                      std::to_string(ids.size()) + " of them",
                  {"leave `token` out: a rare one is chosen"});
    }
    return ids.front();
  }

  DefenseContext& context_;
  CodeModel model_;  ///< the victim's copy, with another row for the token
  std::int64_t token_ = 0;
  std::map<std::int64_t, Protection> protections_;  ///< by label
};

}  // namespace

at::Tensor rap_loss(const at::Tensor& falls, const RapConfig& config) {
  return config.scale * (config.least_fall - falls).clamp_min(0).mean() +
         (falls - config.most_fall).clamp_min(0).mean();
}

at::Tensor unsettling_row(const RapConfig& config, CodeModel& model,
                          const PerturbedSamples& samples, Progress& progress) {
  const at::AutoGradMode with_gradients(true);
  const FrozenParameters frozen(model.parameters());
  at::Tensor row = model.encoder().embedding_table()[samples.token].detach().clone();
  const at::Tensor length = row.norm();
  at::Tensor slope = at::zeros_like(row);
  const auto batch_size = static_cast<std::size_t>(config.batch_size);
  std::size_t next = 0;
  for (std::int64_t step = 0; step < config.steps; ++step) {
    progress.check();
    std::vector<std::size_t> chosen;
    while (chosen.size() < batch_size && next < samples.samples.size()) {
      chosen.push_back(next++);
    }
    next = next == samples.samples.size() ? 0 : next;
    const at::Tensor gradient = gradient_at(row, config, model, samples, chosen);
    slope = config.accumulate ? slope + gradient : gradient;
    row = row - config.learning_rate * slope;
    // A row of zeros stays one.
    row = row * (length / row.norm().clamp_min(1e-12));
    progress.advance();
  }
  return row;
}

std::vector<std::int64_t> rarest_tokens(const Tokenizer& tokenizer,
                                        const std::vector<TokenSample>& samples) {
  std::map<std::int64_t, std::size_t> counts;
  for (const TokenSample& sample : samples) {
    for (const TokenRow& part : sample.parts) {
      for (const std::int64_t id : part.ids) {
        ++counts[id];
      }
    }
  }
  std::vector<std::int64_t> rarest;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (std::int64_t id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string text = tokenizer.is_special(id) ? "" : tokenizer.decode({id});
    if (text.empty() || !std::ranges::all_of(text, is_letter) || counts[id] > least) {
      continue;
    }
    if (counts[id] < least) {
      least = counts[id];
      rarest.clear();
    }
    rarest.push_back(id);
  }
  return rarest.empty() ? std::vector{tokenizer.special().unk} : rarest;
}

TokenSample with_token(TokenSample sample, std::int64_t token, const InputRules& rules) {
  InversionSample place{.sample = std::move(sample),
                        .places = before_token(rules.first_position())};
  for (; place.part < place.sample.parts.size(); ++place.part) {
    place.sample = with_trigger(place, {token}, rules);
  }
  return std::move(place.sample);
}

Schema<RapConfig> Rap::schema() {
  using C = RapConfig;
  return Schema<C>{}
      .field("token", &C::token, "Token that is put in front; empty: a rare one of letters alone.")
      .field("steps", &C::steps, "Steps of the optimiser for each label.", at_least(1))
      .field("batch_size", &C::batch_size, "Clean samples of a step.", at_least(1))
      .field("learning_rate", &C::learning_rate, "Of the token's embedding.", at_least(0.0))
      .field("accumulate", &C::accumulate,
             "Whether a step goes by the sum of all gradients so far, as the published code does.")
      .field("least_fall", &C::least_fall,
             "By how much the token is to lower a label's probability at least.", range(0.0, 1.0))
      .field("most_fall", &C::most_fall, "And at most.", range(0.0, 1.0))
      .field("scale", &C::scale, "Weight of what stays below the least fall.", at_least(0.0))
      .field("false_rejection_rate", &C::false_rejection_rate,
             "Share of the clean samples that may be rejected.", range(0.0, 1.0));
}

std::unique_ptr<InputFilter> Rap::fit(DefenseContext& context) const {
  require_clean_samples(context, kName);
  context.progress.check();
  return std::make_unique<RapFilter>(config_, context);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::defense<ncmlab::Rap>())
