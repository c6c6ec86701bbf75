// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/verify.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "checkpoint/ascii_json.hpp"
#include "checkpoint/recorded_case.hpp"
#include "checkpoint/tensor_text.hpp"
#include "ncmlab/train/optimizer.hpp"
#include "weights/shape_text.hpp"

namespace ncmlab {
namespace {

/// The largest absolute difference; NaN counts as infinitely far.
double difference(const at::Tensor& a, const at::Tensor& b) {
  if (a.numel() == 0) {
    return 0;
  }
  const double value =
      (a.detach().cpu().to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

class Verifier {
 public:
  Verifier(RecordedCase recorded, double tolerance, Precision precision, at::Device device)
      : case_(std::move(recorded)) {
    case_.encoder->set_precision(precision);
    case_.encoder->to(device);
    case_.head = {case_.head.front().to(device)};
    report_.architecture = case_.architecture;
    report_.task = case_.task;
    report_.tolerance = tolerance;
    const at::Tensor& lengths = case_.batch.lengths;
    valid_ = at::arange(case_.batch.ids.size(1)).unsqueeze(0).lt(lengths.unsqueeze(1)).unsqueeze(2);
  }

  CaseReport run() {
    hidden_states();
    inference();
    forward_and_backward();
    if (!case_.after_training.empty()) {
      training();
    }
    return std::move(report_);
  }

 private:
  const Head& head() const { return case_.head.front(); }

  void compare(const std::string& name, const at::Tensor& computed) {
    compare(name, computed, name);
  }

  /// `shown` is what the report calls it.
  void compare(const std::string& name, const at::Tensor& computed, const std::string& shown) {
    const at::Tensor& recorded = case_.expected.at(name);
    if (computed.numel() == 1 && recorded.numel() == 1) {
      report_.lines.push_back(
          {.name = shown, .deviation = difference(computed.reshape({1}), recorded.reshape({1}))});
      return;
    }
    if (computed.sizes() != recorded.sizes()) {
      report_.problems.push_back("`" + name + "` is recorded with the shape " +
                                 shape_text(recorded.sizes()) + ", but the model gives " +
                                 shape_text(computed.sizes()));
      return;
    }
    report_.lines.push_back({.name = shown, .deviation = difference(computed, recorded)});
  }

  /// Padded positions of a case are zero.
  at::Tensor without_padding(const at::Tensor& states) const {
    const at::Tensor here = states.detach().cpu();
    return at::where(valid_, here, at::zeros_like(here));
  }

  void hidden_states() {
    const at::NoGradGuard no_grad;
    compare_layers("encoder_hidden.", case_.encoder->hidden_states(case_.batch));
    compare_layers("decoder_hidden.", case_.encoder->decoder_hidden_states(case_.batch));
  }

  void compare_layers(const std::string& kind, const std::vector<at::Tensor>& layers) {
    std::size_t index = 0;
    for (const at::Tensor& states : layers) {
      compare(kind + std::to_string(index++), without_padding(states));
    }
    if (const std::string next = kind + std::to_string(index); case_.expected.contains(next)) {
      report_.problems.push_back("`" + next + "` is recorded, but the model has no such layer");
    }
  }

  at::Tensor embedded(const at::Tensor& ids) const {
    const at::Tensor table = case_.encoder->embedding_table();
    return at::embedding(table, ids.to(table.device())).detach().requires_grad_();
  }

  /// What the decoder reads: the start token, which is the padding, and all ids but the last.
  at::Tensor shifted_right(const at::Tensor& ids) const {
    return at::cat(
        {at::full({ids.size(0), 1}, case_.pad_id, at::kLong), ids.narrow(1, 0, ids.size(1) - 1)},
        1);
  }

  at::Tensor ordered(const at::Tensor& vectors) const {
    return vectors.index_select(0, at::tensor(case_.row_order).to(vectors.device()));
  }

  at::Tensor probabilities(const at::Tensor& vectors, const at::Tensor& logits) const {
    if (head().shape().kind == HeadKind::similarity) {
      return unit_vectors(vectors);
    }
    const at::Tensor both = head().log_probabilities(logits).exp();
    return head().shape().logits == 1 ? both.narrow(1, 1, 1) : both;
  }

  /// Without gradients the products are others.
  void inference() {
    const at::NoGradGuard no_grad;
    const at::Tensor vectors = case_.encoder->encode(case_.batch, false);
    compare("sentence_vector", vectors, "sentence_vector, inferred");
    compare("logits", head().logits(ordered(vectors), false), "logits, inferred");
  }

  void forward_and_backward() {
    Batch batch = case_.batch;
    batch.embeddings = embedded(batch.ids);
    const bool has_decoder = case_.expected.contains("decoder_input_embedding_grad");
    if (has_decoder) {
      batch.decoder_embeddings = embedded(shifted_right(batch.ids));
    }
    const at::Tensor vectors = case_.encoder->encode(batch, false);
    const at::Tensor logits = head().logits(ordered(vectors), false);
    const at::Tensor loss = head().losses(logits, case_.labels).mean();
    loss.backward();
    compare("sentence_vector", vectors);
    compare("logits", logits);
    compare("probabilities", probabilities(vectors, logits));
    compare("loss", loss);
    compare("input_embedding_grad", without_padding(batch.embeddings.grad()));
    if (has_decoder) {
      compare("decoder_input_embedding_grad", without_padding(batch.decoder_embeddings.grad()));
    }
  }

  double recorded(const char* name, std::int64_t step) const {
    return case_.expected.at(name).reshape({-1})[step].item<double>();
  }

  void training() {
    const StateDict parameters = case_.parameters();
    Optimizer optimizer(parameters, case_.training, case_.warmup_steps, case_.total_steps);
    CaseLine losses{.name = "train.losses"};
    CaseLine rates{.name = "train.learning_rates"};
    CaseLine norms{.name = "train.grad_norms (relative)"};
    const auto widen = [](CaseLine& line, double deviation) {
      line.deviation = std::isnan(deviation) ? std::numeric_limits<double>::infinity()
                                             : std::max(line.deviation, std::abs(deviation));
    };
    for (std::int64_t step = 0; step < case_.steps; ++step) {
      optimizer.zero_grad();
      const at::Tensor logits =
          head().logits(ordered(case_.encoder->encode(case_.batch, false)), false);
      const at::Tensor loss = head().losses(logits, case_.labels).mean();
      loss.backward();
      widen(losses, loss.item<double>() - recorded("train.losses", step));
      widen(rates, optimizer.learning_rate() - recorded("train.learning_rates", step));
      const double norm = recorded("train.grad_norms", step);
      widen(norms, (optimizer.step() - norm) / norm);
    }
    report_.lines.insert(report_.lines.end(), {losses, rates, norms});
    compare_parameters(parameters);
  }

  void compare_parameters(const StateDict& parameters) {
    CaseLine line{.name = "parameters after " + std::to_string(case_.steps) + " steps"};
    for (const auto& [name, tensor] : parameters) {
      const at::Tensor* after = case_.after_training.find(name);
      if (after == nullptr || after->sizes() != tensor.sizes()) {
        report_.problems.push_back(
            "parameter `" + name + "` of shape " + shape_text(tensor.sizes()) +
            (after == nullptr ? " is not in `after_3_steps.safetensors`"
                              : " is recorded with the shape " + shape_text(after->sizes())));
        continue;
      }
      const double deviation = difference(tensor, *after);
      if (line.worst.empty() || deviation > line.deviation) {
        line.deviation = deviation;
        line.worst = name;
      }
    }
    report_.lines.push_back(line);
    for (const auto& [name, tensor] : case_.after_training) {
      if (!parameters.contains(name)) {
        report_.problems.push_back("the model has no parameter `" + name + "` of shape " +
                                   shape_text(tensor.sizes()));
      }
    }
  }

  RecordedCase case_;
  at::Tensor valid_;  ///< [rows, length, 1] bool
  CaseReport report_;
};

}  // namespace

bool CaseReport::passed() const {
  return problems.empty() && std::ranges::all_of(lines, [&](const CaseLine& line) {
           return line.deviation <= tolerance;
         });
}

CaseReport verify_case(const std::filesystem::path& folder, double tolerance, Precision precision,
                       at::Device device) {
  return Verifier(read_recorded_case(folder), tolerance, precision, device).run();
}

std::string to_text(const CaseReport& report) {
  std::size_t width = 0;
  for (const CaseLine& line : report.lines) {
    width = std::max(width, line.name.size());
  }
  std::string text = report.architecture + ", " + report.task + "\n";
  for (const CaseLine& line : report.lines) {
    text += line.name + std::string(width - line.name.size() + 2, ' ') +
            short_number(line.deviation) + (line.deviation <= report.tolerance ? "" : "  too far") +
            (line.worst.empty() ? "" : "  " + line.worst) + "\n";
  }
  for (const std::string& problem : report.problems) {
    text += problem + "\n";
  }
  return text + (report.passed() ? "passed: " : "failed: not ") + "everything is within " +
         short_number(report.tolerance) + "\n";
}

std::string to_json(const CaseReport& report) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const CaseLine& line : report.lines) {
    nlohmann::ordered_json each = {{"name", line.name}, {"max_abs_deviation", nullptr}};
    if (std::isfinite(line.deviation)) {
      each["max_abs_deviation"] = line.deviation;
    }
    each["within_tolerance"] = line.deviation <= report.tolerance;
    if (!line.worst.empty()) {
      each["worst"] = line.worst;
    }
    lines.push_back(std::move(each));
  }
  const nlohmann::ordered_json json = {
      {"architecture", report.architecture}, {"task", report.task},
      {"tolerance", report.tolerance},       {"passed", report.passed()},
      {"problems", report.problems},         {"lines", std::move(lines)}};
  return ascii_json(json);
}

}  // namespace ncmlab
