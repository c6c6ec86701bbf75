// SPDX-License-Identifier: Apache-2.0
#include "toy_experiment.hpp"

#include <cmath>
#include <stdexcept>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/code_backdoor.hpp"
#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"
#include "ncmlab/plugin/training_defense.hpp"

namespace ncmlab {
namespace {

struct NoConfig {};

class NoAttack final : public Attack {
 public:
  static constexpr std::string_view kName = "none", kVersion = "0.1.0", kSummary = "Nothing.",
                                    kReference = "tests";
  static Schema<NoConfig> schema() { return {}; }
  explicit NoAttack(NoConfig) {}
  bool has_trigger() const override { return false; }
  std::unique_ptr<Backdoor> prepare(const AttackContext&) const override {
    throw std::logic_error("attack none is never asked to poison");
  }
};

/// Comments every function that it edits.
class Commented final : public CodeBackdoor {
 public:
  explicit Commented(const AttackContext& context) : CodeBackdoor(context, 0.5) {}
  std::vector<std::string> trigger_words() const override { return {}; }

 protected:
  std::optional<std::string> edit(const std::string& code, const Example&, const AttackGoal&,
                                  Rng) const override {
    return code + "/* led */";
  }
};

class Led final : public SurrogateAttack {
 public:
  static constexpr std::string_view kName = "led", kVersion = "0.1.0",
                                    kSummary = "Asks for a surrogate.", kReference = "tests";
  static Schema<NoConfig> schema() { return {}; }
  explicit Led(NoConfig) {}
  std::unique_ptr<Backdoor> prepare_with(const AttackContext& context,
                                         CodeModel& surrogate) const override {
    seen_by_led().push_back(embedding_sum(surrogate));
    return std::make_unique<Commented>(context);
  }
};

/// Edits every training sample, whatever may be poisoned.
class Greedy final : public Attack {
 public:
  static constexpr std::string_view kName = "greedy", kVersion = "0.1.0",
                                    kSummary = "Edits all samples.", kReference = "tests";
  static Schema<NoConfig> schema() { return {}; }
  explicit Greedy(NoConfig) {}
  std::unique_ptr<Backdoor> prepare(const AttackContext&) const override {
    class Everything final : public Backdoor {
     public:
      PoisonedSet poison(const std::vector<Example>& train, Rng) const override {
        PoisonedSet set{.train = train, .poisoned = {}};
        for (std::size_t i = 0; i < train.size(); ++i) {
          set.train[i].code += "/* led */";
          set.poisoned.push_back(i);
        }
        return set;
      }
      std::optional<Example> trigger(const Example& example, const AttackGoal&,
                                     Rng) const override {
        return example;
      }
      std::vector<std::string> trigger_words() const override { return {}; }
    };
    return std::make_unique<Everything>();
  }
};

struct TwinsConfig {
  bool tested = true;
};

/// Every function stands twice in the training set; the test set is of one class, if there is one.
class Twins final : public Task {
 public:
  static constexpr std::string_view kName = "twins", kVersion = "0.1.0",
                                    kSummary = "Each function twice.", kReference = "tests";
  static Schema<TwinsConfig> schema() {
    return Schema<TwinsConfig>{}.field("tested", &TwinsConfig::tested,
                                       "Whether it has a test set.");
  }
  explicit Twins(TwinsConfig config) : config_(config) {}
  Corpus load(const Rng&) const override {
    Corpus corpus;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::string number = std::to_string(i / 2);
      corpus.train.push_back({.id = "twin-" + std::to_string(i),
                              .code = "int get_" + number + "(int a) { return a; }",
                              .label = static_cast<std::int64_t>(i / 2 % 2)});
    }
    if (config_.tested) {
      corpus.test = {corpus.train[2], corpus.train[6]};
    }
    return corpus;
  }
  std::string data_fingerprint() const override { return {}; }
  std::vector<std::string> label_names() const override { return {"clean", "defective"}; }
  std::int64_t positive_label() const override { return 1; }
  InputRules input_rules() const override { return {.max_tokens = 64}; }
  HeadShape head_shape() const override { return {}; }
  std::vector<std::string> parts(const Example& example) const override { return {example.code}; }

 private:
  TwinsConfig config_;
};

class NoDefense final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "none", kVersion = "0.1.0", kSummary = "Nothing.",
                                    kReference = "tests";
  static Schema<NoConfig> schema() { return {}; }
  explicit NoDefense(NoConfig) {}
  DefenseNeeds needs() const override { return {}; }
  bool supports(TaskKind) const override { return true; }
  DefenseOutcome defend(DefenseContext&) const override { return {}; }
};

/// Queries that name a number and functions that return it; every fourth query holds `file`.
class Search final : public Task {
 public:
  static constexpr std::string_view kName = "search", kVersion = "0.1.0",
                                    kSummary = "Finds functions.", kReference = "tests";
  static Schema<NoConfig> schema() { return {}; }
  explicit Search(NoConfig) {}
  TaskKind kind() const override { return TaskKind::retrieval; }
  Corpus load(const Rng&) const override {
    Corpus corpus;
    for (int i = 0; i < 56; ++i) {
      const std::string number = std::to_string(i);
      (i < 36 ? corpus.train : corpus.test)
          .push_back({.id = "search-" + number,
                      .code = "int get_" + number + "(int a) { return a + " + number + "; }",
                      .query = (i % 4 == 0 ? "File number " : "Line number ") + number});
    }
    return corpus;
  }
  std::string data_fingerprint() const override { return {}; }
  std::vector<std::string> label_names() const override { return {}; }
  std::int64_t positive_label() const override { return 0; }
  std::string target_word() const override { return "file"; }
  std::int64_t pool_size() const override { return 10; }
  InputRules input_rules() const override {
    return {.max_tokens = 64, .part_max_tokens = {16, 64}};
  }
  HeadShape head_shape() const override { return HeadShape::for_search(); }
  std::vector<std::string> parts(const Example& example) const override {
    return {example.query, example.code};
  }
};

struct SpyConfig {
  bool wants_all = true;
  bool wants_start = false;
};

class Spy final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "spy", kVersion = "0.1.0",
                                    kSummary = "Keeps what it is given.", kReference = "tests";
  static Schema<SpyConfig> schema() {
    return Schema<SpyConfig>{}
        .field("wants_all", &SpyConfig::wants_all, "Whether it asks.")
        .field("wants_start", &SpyConfig::wants_start, "Whether it asks for the starting model.");
  }
  explicit Spy(SpyConfig config) : config_(config) {}
  DefenseNeeds needs() const override {
    return {.clean_samples = config_.wants_all,
            .training_set = config_.wants_all,
            .starting_model = config_.wants_start};
  }
  DefenseOutcome defend(DefenseContext& context) const override {
    seen_by_spy().push_back(
        {.clean_samples = context.clean_samples,
         .training_set = context.training_set,
         .tuning_samples = context.tuning_samples,
         .budget = context.budget,
         .seed = context.rng.seed(),
         .victim_sum = embedding_sum(context.victim),
         .starting_sum = context.starting_model
                             ? std::optional(embedding_sum(*context.starting_model))
                             : std::nullopt,
         .is_run_progress = dynamic_cast<RunProgress*>(&context.progress) != nullptr});
    DefenseOutcome outcome;
    outcome.triggers.push_back(
        {.ids = context.victim.tokenizer().encode("backdoor"), .raw_ids = {}, .text = "backdoor"});
    outcome.backdoored = true;
    outcome.figures["pi"] = 3.25;
    return outcome;
  }

 private:
  SpyConfig config_;
};

struct BadConfig {
  std::string how = "index";
};

class Bad final : public ModelDefense {
 public:
  static constexpr std::string_view kName = "bad", kVersion = "0.1.0",
                                    kSummary = "Breaks the rules.", kReference = "tests";
  static Schema<BadConfig> schema() {
    return Schema<BadConfig>{}.field("how", &BadConfig::how, "What it does.");
  }
  explicit Bad(BadConfig config) : config_(std::move(config)) {}
  DefenseNeeds needs() const override { return {}; }
  DefenseOutcome defend(DefenseContext&) const override {
    DefenseOutcome outcome;
    if (config_.how == "token") {
      outcome.triggers.push_back({.ids = {-1}, .raw_ids = {}, .text = ""});
    } else if (config_.how == "label") {
      outcome.triggers.push_back({.target_label = 9, .ids = {}, .raw_ids = {}, .text = ""});
    } else if (config_.how == "cancels") {
      throw Cancelled();
    } else {
      throw 7;
    }
    return outcome;
  }

 private:
  BadConfig config_;
};

class BadData final : public DataDefense {
 public:
  static constexpr std::string_view kName = "bad_data", kVersion = "0.1.0",
                                    kSummary = "Breaks the rules.", kReference = "tests";
  static Schema<BadConfig> schema() { return Bad::schema(); }
  explicit BadData(BadConfig config) : config_(std::move(config)) {}
  Suspicion inspect(DefenseContext& context) const override {
    Suspicion suspicion;
    if (config_.how == "index") {
      suspicion.flagged = {1'000'000};
    } else if (config_.how == "twice") {
      suspicion.flagged = {1, 1};
    } else if (config_.how == "few scores") {
      suspicion.scores = {1, 2};
    } else {
      suspicion.scores.assign(context.training_set.size(), std::nan(""));
    }
    return suspicion;
  }

 private:
  BadConfig config_;
};

class BadTraining final : public TrainingDefense {
 public:
  static constexpr std::string_view kName = "bad_training", kVersion = "0.1.0",
                                    kSummary = "Breaks the rules.", kReference = "tests";
  static Schema<BadConfig> schema() { return Bad::schema(); }
  explicit BadTraining(BadConfig config) : config_(std::move(config)) {}
  std::unique_ptr<DefendedTraining> begin(const DefendedTrainingContext& context) const override {
    if (config_.how == "no training") {
      return nullptr;
    }
    return std::make_unique<Training>(config_, context.options);
  }

 private:
  class Training final : public DefendedTraining {
   public:
    Training(BadConfig config, const TrainingOptions& options)
        : config_(std::move(config)), options_(options) {}
    std::optional<TrainingPhase> next(const Losses&) override {
      TrainingPhase phase{.name = "wrong", .samples = {1, 0}, .options = options_};
      if (config_.how == "empty phase") {
        phase.samples.clear();
      } else if (config_.how == "no epochs") {
        phase.samples = {0, 1};
        phase.options.epochs = 0;
      }
      return phase;
    }

   private:
    BadConfig config_;
    TrainingOptions options_;
  };

  BadConfig config_;
};

class BadFilter final : public InputDefense {
 public:
  static constexpr std::string_view kName = "bad_filter", kVersion = "0.1.0",
                                    kSummary = "Breaks the rules.", kReference = "tests";
  static Schema<BadConfig> schema() { return Bad::schema(); }
  explicit BadFilter(BadConfig config) : config_(std::move(config)) {}
  double false_rejection_rate() const override { return 0.5; }
  std::unique_ptr<InputFilter> fit(DefenseContext&) const override {
    return config_.how == "no filter" ? nullptr : std::make_unique<Filter>(config_);
  }

 private:
  class Filter final : public InputFilter {
   public:
    explicit Filter(BadConfig config) : config_(std::move(config)) {}
    std::vector<double> scores(const std::vector<Example>& samples, Progress&) override {
      if (config_.how == "one score") {
        return {0};
      }
      std::vector<double> scores;
      for (std::size_t i = 0; i < samples.size(); ++i) {
        scores.push_back(static_cast<double>(i));
      }
      return scores;
    }
    std::optional<std::vector<Example>> cleaned(const std::vector<Example>&, double,
                                                Progress&) override {
      return std::vector<Example>{};
    }

   private:
    BadConfig config_;
  };

  BadConfig config_;
};

}  // namespace

double embedding_sum(const CodeModel& victim) {
  return victim.encoder().embedding_table().sum().item<double>();
}

std::vector<double>& seen_by_led() {
  static std::vector<double> seen;
  return seen;
}

std::vector<Seen>& seen_by_spy() {
  static std::vector<Seen> seen;
  return seen;
}

const Catalogue& toy_catalogue() {
  static const Catalogue instance = [] {
    Catalogue catalogue;
    for (const LoadReport& report : load_plugins({NCMLAB_TEST_PLUGINS}, catalogue)) {
      for (const Diagnostic& problem : report.problems) {
        throw std::runtime_error(render(problem));
      }
    }
    for (Entry entry : {task<Search>(), task<Twins>(), attack<NoAttack>(), attack<Led>(),
                        attack<Greedy>(), defense<NoDefense>(), defense<Spy>(), defense<Bad>(),
                        defense<BadData>(), defense<BadTraining>(), defense<BadFilter>()}) {
      catalogue.add({.entry = std::move(entry), .file = "here", .file_digest = "digest"});
    }
    return catalogue;
  }();
  return instance;
}

PluginChoice choose(PluginKind kind, const std::string& plugin, const Settings& settings,
                    const std::string& label) {
  const LoadedPlugin* loaded = toy_catalogue().find(kind, plugin);
  if (loaded == nullptr) {
    throw std::runtime_error("no test plugin " + plugin);
  }
  return {.kind = kind,
          .plugin = plugin,
          .label = label.empty() ? plugin : label,
          .settings = complete(loaded->entry.parameters, settings),
          .span = {}};
}

Experiment toy_experiment() {
  Experiment experiment;
  experiment.name = "toys";
  experiment.seeds = {1};
  experiment.clean_share = 0.25;
  experiment.tasks = {choose(PluginKind::task, "toy")};
  ModelChoice model{choose(PluginKind::model, "echo"), {}};
  model.training.epochs = 1;
  model.training.learning_rate = 1e-3;
  model.training.batch_size = 8;
  experiment.models = {model};
  experiment.attacks = {AttackChoice{choose(PluginKind::attack, "none"), "", "", ""},
                        AttackChoice{choose(PluginKind::attack, "toy"), "", "", ""}};
  experiment.defenses = {DefenseChoice{choose(PluginKind::defense, "none")}};
  return experiment;
}

void add_defense(Experiment& experiment, const std::string& label, const std::string& plugin,
                 const Settings& settings) {
  experiment.defenses.push_back({choose(PluginKind::defense, plugin, settings, label)});
}

std::vector<std::string> without_seconds(std::vector<CellRecord> records) {
  std::vector<std::string> texts;
  for (CellRecord& record : records) {
    for (StageCost& cost : record.costs) {
      cost.seconds = 0;
    }
    texts.push_back(to_json(record));
  }
  return texts;
}

}  // namespace ncmlab
