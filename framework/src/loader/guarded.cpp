// SPDX-License-Identifier: Apache-2.0
#include "loader/guarded.hpp"

#include <utility>

#include "ncmlab/plugin/code_backdoor.hpp"
#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/surrogate_attack.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/plugin/task_writer.hpp"
#include "ncmlab/plugin/training_defense.hpp"

namespace ncmlab {
namespace {

/// What all wrappers have, beside the interface of their kind.
class Guarded {
 public:
  explicit Guarded(PluginOrigin origin) : origin_(std::move(origin)) {}
  virtual ~Guarded() = default;
  const PluginOrigin& origin() const { return origin_; }

 protected:
  template <typename Work>
  auto call(const char* function, const Work& work) const {
    return call_plugin(origin_, function, work);
  }

 private:
  PluginOrigin origin_;
};

class GuardedModel final : public Model, public Guarded {
 public:
  GuardedModel(std::shared_ptr<Model> inner, PluginOrigin origin)
      : Guarded(std::move(origin)), inner_(std::move(inner)) {}

  CodeModel build(const ModelContext& context) const override {
    return call("build", [&] { return inner_->build(context); });
  }
  CodeModel open(const std::filesystem::path& folder, const ModelContext& context) const override {
    return call("open", [&] { return inner_->open(folder, context); });
  }
  bool starts_from_checkpoint() const override {
    return call("starts_from_checkpoint", [&] { return inner_->starts_from_checkpoint(); });
  }
  std::vector<std::string> check(const ModelContext& context) const override {
    return call("check", [&] { return inner_->check(context); });
  }
  std::string data_fingerprint() const override {
    return call("data_fingerprint", [&] { return inner_->data_fingerprint(); });
  }

 private:
  std::shared_ptr<Model> inner_;
};

class GuardedTask : public Task, public Guarded {
 public:
  GuardedTask(std::shared_ptr<Task> inner, PluginOrigin origin)
      : Guarded(std::move(origin)), inner_(std::move(inner)) {}

  TaskKind kind() const override {
    return call("kind", [&] { return inner_->kind(); });
  }
  Corpus load(const Rng& rng) const override {
    return call("load", [&] { return inner_->load(rng); });
  }
  Corpus peek(std::int64_t records) const override {
    return call("peek", [&] { return inner_->peek(records); });
  }
  std::string data_fingerprint() const override {
    return call("data_fingerprint", [&] { return inner_->data_fingerprint(); });
  }
  std::vector<std::string> label_names() const override {
    return call("label_names", [&] { return inner_->label_names(); });
  }
  std::int64_t positive_label() const override {
    return call("positive_label", [&] { return inner_->positive_label(); });
  }
  std::string target_word() const override {
    return call("target_word", [&] { return inner_->target_word(); });
  }
  std::int64_t pool_size() const override {
    return call("pool_size", [&] { return inner_->pool_size(); });
  }
  InputRules input_rules() const override {
    return call("input_rules", [&] { return inner_->input_rules(); });
  }
  HeadShape head_shape() const override {
    return call("head_shape", [&] { return inner_->head_shape(); });
  }
  std::vector<std::string> parts(const Example& example) const override {
    return call("parts", [&] { return inner_->parts(example); });
  }

 private:
  std::shared_ptr<Task> inner_;
};

/// The same of a task that writes data, too.
class GuardedTaskWriter final : public GuardedTask, public TaskWriter {
 public:
  GuardedTaskWriter(const std::shared_ptr<Task>& inner, const TaskWriter& writer,
                    PluginOrigin origin)
      : GuardedTask(inner, std::move(origin)), writer_(writer) {}

  void write(const Corpus& corpus, const std::filesystem::path& folder) const override {
    call("write", [&] { writer_.write(corpus, folder); });
  }

 private:
  const TaskWriter& writer_;  ///< a part of the inner task
};

class GuardedBackdoor final : public Backdoor, public Guarded {
 public:
  GuardedBackdoor(std::unique_ptr<Backdoor> inner, PluginOrigin origin)
      : Guarded(std::move(origin)), inner_(std::move(inner)) {}

  PoisonedSet poison(const std::vector<Example>& train, Rng rng) const override {
    return call("poison", [&] { return inner_->poison(train, rng); });
  }
  std::optional<Example> trigger(const Example& example, const AttackGoal& goal,
                                 Rng rng) const override {
    return call("trigger", [&] { return inner_->trigger(example, goal, rng); });
  }
  std::vector<std::string> trigger_words() const override {
    return call("trigger_words", [&] { return inner_->trigger_words(); });
  }
  void foresee_triggers(const std::vector<Example>& samples, const AttackGoal& goal,
                        const Rng& rng) const {
    if (const auto* edits = dynamic_cast<const CodeBackdoor*>(inner_.get())) {
      call("foresee", [&] { edits->foresee_triggers(samples, goal, rng); });
    }
  }

 private:
  std::unique_ptr<Backdoor> inner_;
};

/// What both kinds of attacks have.
template <typename Interface>
class GuardedAttackBase : public Interface, public Guarded {
 public:
  GuardedAttackBase(std::shared_ptr<Interface> inner, PluginOrigin origin)
      : Guarded(std::move(origin)), inner_(std::move(inner)) {}

  bool has_trigger() const override {
    return call("has_trigger", [&] { return inner_->has_trigger(); });
  }
  std::vector<AttackGoal> goals(const AttackGoal& given, const TaskView& task) const override {
    return call("goals", [&] { return inner_->goals(given, task); });
  }

 protected:
  const Interface& inner() const { return *inner_; }

  std::unique_ptr<Backdoor> wrapped(std::unique_ptr<Backdoor> backdoor) const {
    if (backdoor == nullptr) {
      throw blame(*this, "plugin.nothing-returned", "returned no backdoor from `prepare`");
    }
    return std::make_unique<GuardedBackdoor>(std::move(backdoor), origin());
  }

 private:
  std::shared_ptr<Interface> inner_;
};

class GuardedAttack final : public GuardedAttackBase<Attack> {
 public:
  using GuardedAttackBase::GuardedAttackBase;

  std::unique_ptr<Backdoor> prepare(const AttackContext& context) const override {
    return wrapped(call("prepare", [&] { return inner().prepare(context); }));
  }
};

class GuardedSurrogateAttack final : public GuardedAttackBase<SurrogateAttack> {
 public:
  using GuardedAttackBase::GuardedAttackBase;

  std::unique_ptr<Backdoor> prepare_with(const AttackContext& context,
                                         CodeModel& surrogate) const override {
    return wrapped(call("prepare_with", [&] { return inner().prepare_with(context, surrogate); }));
  }
};

/// What the defenses of all stages have.
template <typename Interface>
class GuardedDefense : public Interface, public Guarded {
 public:
  GuardedDefense(std::shared_ptr<Interface> inner, PluginOrigin origin)
      : Guarded(std::move(origin)), inner_(std::move(inner)) {}

  DefenseNeeds needs() const override {
    return call("needs", [&] { return inner_->needs(); });
  }
  bool supports(TaskKind kind) const override {
    return call("supports", [&] { return inner_->supports(kind); });
  }

 protected:
  const Interface& inner() const { return *inner_; }

 private:
  std::shared_ptr<Interface> inner_;
};

class GuardedModelDefense final : public GuardedDefense<ModelDefense> {
 public:
  using GuardedDefense::GuardedDefense;

  DefenseOutcome defend(DefenseContext& context) const override {
    return call("defend", [&] { return inner().defend(context); });
  }
};

class GuardedDataDefense final : public GuardedDefense<DataDefense> {
 public:
  using GuardedDefense::GuardedDefense;

  Suspicion inspect(DefenseContext& context) const override {
    return call("inspect", [&] { return inner().inspect(context); });
  }
};

class GuardedDefendedTraining final : public DefendedTraining, public Guarded {
 public:
  GuardedDefendedTraining(std::unique_ptr<DefendedTraining> inner, PluginOrigin origin)
      : Guarded(std::move(origin)), inner_(std::move(inner)) {}

  std::optional<TrainingPhase> next(const Losses& losses) override {
    return call("next", [&] { return inner_->next(losses); });
  }
  at::Tensor losses(const Head& head, const at::Tensor& logits, const at::Tensor& labels,
                    const BatchPlace& place) const override {
    return call("losses", [&] { return inner_->losses(head, logits, labels, place); });
  }
  std::map<std::string, double> figures() const override {
    return call("figures", [&] { return inner_->figures(); });
  }

 private:
  std::unique_ptr<DefendedTraining> inner_;
};

class GuardedTrainingDefense final : public GuardedDefense<TrainingDefense> {
 public:
  using GuardedDefense::GuardedDefense;

  std::unique_ptr<DefendedTraining> begin(const DefendedTrainingContext& context) const override {
    auto training = call("begin", [&] { return inner().begin(context); });
    if (training == nullptr) {
      throw blame(*this, "plugin.nothing-returned", "returned no training from `begin`");
    }
    return std::make_unique<GuardedDefendedTraining>(std::move(training), origin());
  }
};

class GuardedInputFilter final : public InputFilter, public Guarded {
 public:
  GuardedInputFilter(std::unique_ptr<InputFilter> inner, PluginOrigin origin)
      : Guarded(std::move(origin)), inner_(std::move(inner)) {}

  std::vector<double> scores(const std::vector<Example>& samples, Progress& progress) override {
    return call("scores", [&] { return inner_->scores(samples, progress); });
  }
  std::optional<std::vector<Example>> cleaned(const std::vector<Example>& samples, double threshold,
                                              Progress& progress) override {
    return call("cleaned", [&] { return inner_->cleaned(samples, threshold, progress); });
  }

 private:
  std::unique_ptr<InputFilter> inner_;
};

class GuardedInputDefense final : public GuardedDefense<InputDefense> {
 public:
  using GuardedDefense::GuardedDefense;

  double false_rejection_rate() const override {
    return call("false_rejection_rate", [&] { return inner().false_rejection_rate(); });
  }
  std::optional<double> threshold() const override {
    return call("threshold", [&] { return inner().threshold(); });
  }
  std::unique_ptr<InputFilter> fit(DefenseContext& context) const override {
    auto filter = call("fit", [&] { return inner().fit(context); });
    if (filter == nullptr) {
      throw blame(*this, "plugin.nothing-returned", "returned no filter from `fit`");
    }
    return std::make_unique<GuardedInputFilter>(std::move(filter), origin());
  }
};

/// `Wrapper` around an instance that implements `Interface`; else null.
template <typename Wrapper, typename Interface>
std::shared_ptr<Plugin> wrap_as(const std::shared_ptr<Plugin>& instance,
                                const PluginOrigin& origin) {
  auto inner = std::dynamic_pointer_cast<Interface>(instance);
  return inner == nullptr ? nullptr : std::make_shared<Wrapper>(std::move(inner), origin);
}

std::shared_ptr<Plugin> wrap_defense(const std::shared_ptr<Plugin>& instance,
                                     const PluginOrigin& origin) {
  auto wrapped = wrap_as<GuardedModelDefense, ModelDefense>(instance, origin);
  if (wrapped == nullptr) {
    wrapped = wrap_as<GuardedDataDefense, DataDefense>(instance, origin);
  }
  if (wrapped == nullptr) {
    wrapped = wrap_as<GuardedTrainingDefense, TrainingDefense>(instance, origin);
  }
  return wrapped == nullptr ? wrap_as<GuardedInputDefense, InputDefense>(instance, origin)
                            : wrapped;
}

std::shared_ptr<Plugin> wrap(const std::shared_ptr<Plugin>& instance, PluginOrigin origin) {
  switch (origin.kind) {
    case PluginKind::model:
      if (auto model = std::dynamic_pointer_cast<Model>(instance)) {
        return std::make_shared<GuardedModel>(std::move(model), std::move(origin));
      }
      break;
    case PluginKind::task:
      if (auto task = std::dynamic_pointer_cast<Task>(instance)) {
        if (const auto* writer = dynamic_cast<const TaskWriter*>(instance.get())) {
          return std::make_shared<GuardedTaskWriter>(task, *writer, std::move(origin));
        }
        return std::make_shared<GuardedTask>(std::move(task), std::move(origin));
      }
      break;
    case PluginKind::attack:
      if (auto attack = std::dynamic_pointer_cast<SurrogateAttack>(instance)) {
        return std::make_shared<GuardedSurrogateAttack>(std::move(attack), std::move(origin));
      }
      if (auto attack = std::dynamic_pointer_cast<Attack>(instance)) {
        return std::make_shared<GuardedAttack>(std::move(attack), std::move(origin));
      }
      break;
    case PluginKind::defense:
      return wrap_defense(instance, origin);
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<Plugin> guarded(std::shared_ptr<Plugin> instance, PluginOrigin origin) {
  auto result = wrap(instance, std::move(origin));
  return result == nullptr ? std::move(instance) : result;
}

const PluginOrigin* origin_of(const Plugin& plugin) {
  const auto* wrapper = dynamic_cast<const Guarded*>(&plugin);
  return wrapper == nullptr ? nullptr : &wrapper->origin();
}

Error blame(const Plugin& plugin, std::string code, const std::string& what,
            std::vector<std::string> help) {
  const PluginOrigin* origin = origin_of(plugin);
  Diagnostic diagnostic{.code = std::move(code),
                        .message = (origin == nullptr ? "a plugin" : origin->text()) + " " + what,
                        .help = std::move(help)};
  if (origin != nullptr) {
    diagnostic.notes.push_back("loaded from " + origin->file.string());
  }
  return Error(std::move(diagnostic));
}

void foresee_triggers(const Backdoor& backdoor, const std::vector<Example>& samples,
                      const AttackGoal& goal, const Rng& rng) {
  if (const auto* wrapper = dynamic_cast<const GuardedBackdoor*>(&backdoor)) {
    wrapper->foresee_triggers(samples, goal, rng);
  }
}

}  // namespace ncmlab
