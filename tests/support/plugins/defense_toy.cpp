// SPDX-License-Identifier: Apache-2.0
#include <torch/types.h>

#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "ncmlab/language/masked_model.hpp"
#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "ncmlab/plugin/training_defense.hpp"

namespace {

struct Config {
  bool repair = false;
  std::int64_t sleep_ms = 0;
  bool fail = false;
};

// Does what its options say, in no time unless told to sleep.
class Toy final : public ncmlab::ModelDefense {
 public:
  static constexpr std::string_view kName = "toy", kVersion = "0.1.0",
                                    kSummary = "Scales the head, sleeps or fails.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<Config> schema() {
    return ncmlab::Schema<Config>{}
        .field("repair", &Config::repair, "Whether the head's last layer is halved.")
        .field("sleep_ms", &Config::sleep_ms, "Time that the defense takes.", ncmlab::at_least(0),
               ncmlab::unit("ms"), ncmlab::operational())
        .field("fail", &Config::fail, "Whether the defense throws.");
  }

  explicit Toy(Config config) : config_(config) {}

  ncmlab::DefenseNeeds needs() const override { return {.clean_samples = true}; }

  ncmlab::DefenseOutcome defend(ncmlab::DefenseContext& context) const override {
    wait(context.progress);
    if (config_.fail) {
      throw std::runtime_error("the toy defense was told to fail");
    }
    ncmlab::DefenseOutcome outcome;
    outcome.backdoored = config_.repair;
    outcome.figures["clean_samples"] = static_cast<double>(context.clean_samples.size());
    if (config_.repair) {
      const at::NoGradGuard no_grad;
      for (const auto& [name, tensor] : context.victim.parameters()) {
        if (name.rfind("classifier.out_proj.", 0) == 0) {
          at::Tensor weights = tensor;
          weights.mul_(0.5);
        }
      }
      outcome.repaired = true;
    }
    return outcome;
  }

 private:
  void wait(ncmlab::Progress& progress) const {
    progress.begin("sleeping", config_.sleep_ms);
    for (std::int64_t slept = 0; slept < config_.sleep_ms; slept += 10) {
      progress.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      progress.advance(10);
    }
    progress.check();
  }

  Config config_;
};

struct FlaggerConfig {
  std::int64_t count = 0;
};

class Flagger final : public ncmlab::DataDefense {
 public:
  static constexpr std::string_view kName = "flagger", kVersion = "0.1.0",
                                    kSummary = "Flags the first training samples.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<FlaggerConfig> schema() {
    return ncmlab::Schema<FlaggerConfig>{}.field("count", &FlaggerConfig::count,
                                                 "How many samples are flagged.",
                                                 ncmlab::at_least(0), ncmlab::unit("samples"));
  }

  explicit Flagger(FlaggerConfig config) : config_(config) {}

  ncmlab::Suspicion inspect(ncmlab::DefenseContext& context) const override {
    context.progress.check();
    const std::size_t size = context.training_set.size();
    ncmlab::Suspicion suspicion;
    for (std::size_t i = 0; i < size; ++i) {
      suspicion.scores.push_back(static_cast<double>(size - i));
      if (i < static_cast<std::size_t>(config_.count)) {
        suspicion.flagged.push_back(i);
      }
    }
    return suspicion;
  }

 private:
  FlaggerConfig config_;
};

struct BrakeConfig {
  double factor = 1;
  std::int64_t phases = 1;
};

/// Trains in so many phases on a loss that is scaled.
class Brake final : public ncmlab::TrainingDefense {
 public:
  static constexpr std::string_view kName = "brake", kVersion = "0.1.0",
                                    kSummary = "Scales the loss.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<BrakeConfig> schema() {
    return ncmlab::Schema<BrakeConfig>{}
        .field("factor", &BrakeConfig::factor, "What the loss is multiplied by.")
        .field("phases", &BrakeConfig::phases, "How often it is trained.", ncmlab::at_least(0));
  }

  explicit Brake(BrakeConfig config) : config_(config) {}

  std::unique_ptr<ncmlab::DefendedTraining> begin(
      const ncmlab::DefendedTrainingContext& context) const override {
    return std::make_unique<Training>(config_, context);
  }

 private:
  class Training final : public ncmlab::DefendedTraining {
   public:
    Training(const BrakeConfig& config, const ncmlab::DefendedTrainingContext& context)
        : config_(config), context_(context) {}

    std::optional<ncmlab::TrainingPhase> next(const Losses& losses) override {
      if (done_ == config_.phases) {
        return std::nullopt;
      }
      const std::vector<double> now = losses();
      mean_ = std::accumulate(now.begin(), now.end(), 0.0) / static_cast<double>(now.size());
      std::vector<std::size_t> all(context_.training_set.size());
      std::iota(all.begin(), all.end(), std::size_t{0});
      return ncmlab::TrainingPhase{.name = "phase " + std::to_string(++done_),
                                   .samples = std::move(all),
                                   .options = context_.options};
    }
    at::Tensor losses(const ncmlab::Head& head, const at::Tensor& logits, const at::Tensor& labels,
                      const ncmlab::BatchPlace& place) const override {
      return DefendedTraining::losses(head, logits, labels, place) * config_.factor;
    }
    std::map<std::string, double> figures() const override { return {{"mean_loss", mean_}}; }

   private:
    BrakeConfig config_;
    const ncmlab::DefendedTrainingContext& context_;
    std::int64_t done_ = 0;
    double mean_ = 0;
  };

  BrakeConfig config_;
};

struct GateConfig {
  std::string word = "backdoor";
  bool clean = false;
};

/// Suspects inputs that hold a word; rejects them or takes it out.
class Gate final : public ncmlab::InputDefense {
 public:
  static constexpr std::string_view kName = "gate", kVersion = "0.1.0",
                                    kSummary = "Suspects a word.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<GateConfig> schema() {
    return ncmlab::Schema<GateConfig>{}
        .field("word", &GateConfig::word, "The word.")
        .field("clean", &GateConfig::clean, "Whether the word is taken out.");
  }

  explicit Gate(GateConfig config) : config_(std::move(config)) {}

  double false_rejection_rate() const override { return 0.05; }
  std::unique_ptr<ncmlab::InputFilter> fit(ncmlab::DefenseContext& context) const override {
    context.progress.check();
    return std::make_unique<Filter>(config_);
  }

 private:
  class Filter final : public ncmlab::InputFilter {
   public:
    explicit Filter(GateConfig config) : config_(std::move(config)) {}

    std::vector<double> scores(const std::vector<ncmlab::Example>& samples,
                               ncmlab::Progress& progress) override {
      progress.check();
      std::vector<double> result;
      for (const ncmlab::Example& sample : samples) {
        result.push_back(sample.code.find(config_.word) == std::string::npos ? 0 : 1);
      }
      return result;
    }
    std::optional<std::vector<ncmlab::Example>> cleaned(const std::vector<ncmlab::Example>& samples,
                                                        double,
                                                        ncmlab::Progress& progress) override {
      progress.check();
      if (!config_.clean) {
        return std::nullopt;
      }
      std::vector<ncmlab::Example> result = samples;
      for (ncmlab::Example& sample : result) {
        for (auto at = sample.code.find(config_.word); at != std::string::npos;
             at = sample.code.find(config_.word)) {
          sample.code.replace(at, config_.word.size(), "x");
        }
      }
      return result;
    }

   private:
    GateConfig config_;
  };

  GateConfig config_;
};

struct ReaderConfig {
  bool ngram = false;
  bool masked = false;
};

/// Suspects inputs of many tokens that the language models find unlikely.
class Reader final : public ncmlab::InputDefense {
 public:
  static constexpr std::string_view kName = "reader", kVersion = "0.1.0",
                                    kSummary = "Asks language models.",
                                    kReference = "tests/support/plugins";
  static ncmlab::Schema<ReaderConfig> schema() {
    return ncmlab::Schema<ReaderConfig>{}
        .field("ngram", &ReaderConfig::ngram, "Whether it asks an n-gram model.")
        .field("masked", &ReaderConfig::masked, "Whether it asks a masked model.");
  }

  explicit Reader(ReaderConfig config) : config_(config) {}

  ncmlab::DefenseNeeds needs() const override {
    return {.clean_samples = true, .ngram_model = config_.ngram, .masked_model = config_.masked};
  }
  double false_rejection_rate() const override { return 0.05; }
  std::unique_ptr<ncmlab::InputFilter> fit(ncmlab::DefenseContext& context) const override {
    context.progress.check();
    if (config_.ngram != (context.ngram_model != nullptr) ||
        config_.masked != (context.masked_model != nullptr)) {
      throw std::logic_error("the reader was given other models than it asked for");
    }
    return std::make_unique<Filter>(context);
  }

 private:
  class Filter final : public ncmlab::InputFilter {
   public:
    explicit Filter(const ncmlab::DefenseContext& context)
        : victim_(context.victim), ngram_(context.ngram_model), masked_(context.masked_model) {}

    std::vector<double> scores(const std::vector<ncmlab::Example>& samples,
                               ncmlab::Progress& progress) override {
      std::vector<double> result;
      for (const ncmlab::Example& sample : samples) {
        progress.check();
        const std::vector<std::int64_t> ids = victim_.tokenize(sample.code).ids;
        double score = 0;
        if (ngram_ != nullptr) {
          for (const double log : ngram_->log10_probabilities(ids)) {
            score -= log;
          }
        }
        if (masked_ != nullptr) {
          score -= masked_->log_probabilities({ids})[0][1];
        }
        result.push_back(score);
      }
      return result;
    }

   private:
    const ncmlab::CodeModel& victim_;
    const ncmlab::NgramModel* ngram_;
    ncmlab::MaskedModel* masked_;
  };

  ReaderConfig config_;
};

}  // namespace

NCMLAB_PLUGIN(ncmlab::defense<Toy>(), ncmlab::defense<Flagger>(), ncmlab::defense<Brake>(),
              ncmlab::defense<Gate>(), ncmlab::defense<Reader>())
