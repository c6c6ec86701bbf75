// SPDX-License-Identifier: Apache-2.0
#include "engine/plan_json.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "engine/json_number.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/json_depth.hpp"
#include "plugin/value_json.hpp"

namespace ncmlab {
namespace {

using nlohmann::json;

constexpr std::int64_t kFormat = 1;
constexpr const char* kMakeAgain = "make the plan again: `ncmlab plan FILE --out PLAN.json`";

[[noreturn]] void refuse(const std::string& origin, const std::string& what) {
  throw Error("plan.bad-file", "`" + origin + "` " + what, {kMakeAgain});
}

json to_object(const PluginChoice& choice) {
  return {{"plugin", choice.plugin},
          {"label", choice.label},
          {"settings", settings_to_json(choice.settings)}};
}

json to_object(const TrainingOptions& training) {
  return {{"epochs", training.epochs},
          {"learning_rate", training.learning_rate},
          {"adam_eps", training.adam_eps},
          {"weight_decay", training.weight_decay},
          {"warmup", training.warmup},
          {"max_grad_norm", training.max_grad_norm},
          {"batch_size", training.batch_size},
          {"accumulation", training.accumulation},
          {"precision", to_string(training.precision)},
          {"early_stopping", training.early_stopping},
          {"stopping_metric", to_string(training.stopping_metric)},
          {"head_only", training.head_only}};
}

template <NamedEnum E>
E enum_from(const json& name, const std::string& origin) {
  const auto value = from_string<E>(name.get_ref<const std::string&>());
  if (!value) {
    refuse(origin, "is not a plan: expected " + listed_names<E>() + ", found " + name.dump());
  }
  return *value;
}

TrainingOptions training_from(const json& object, const std::string& origin) {
  return {.epochs = integer_from_json(object.at("epochs")),
          .learning_rate = object.at("learning_rate"),
          .adam_eps = object.at("adam_eps"),
          .weight_decay = object.at("weight_decay"),
          .warmup = object.at("warmup"),
          .max_grad_norm = object.at("max_grad_norm"),
          .batch_size = integer_from_json(object.at("batch_size")),
          .accumulation = integer_from_json(object.at("accumulation")),
          .precision = enum_from<Precision>(object.at("precision"), origin),
          .early_stopping = integer_from_json(object.at("early_stopping")),
          .stopping_metric = enum_from<ValidationMetric>(object.at("stopping_metric"), origin),
          .head_only = object.at("head_only")};
}

json to_object(const ModelChoice& choice) {
  json object = to_object(static_cast<const PluginChoice&>(choice));
  object["training"] = to_object(choice.training);
  return object;
}

json to_object(const AttackChoice& choice) {
  json object = to_object(static_cast<const PluginChoice&>(choice));
  object["victim_label"] = choice.victim_label;
  object["target_label"] = choice.target_label;
  object["target_word"] = choice.target_word;
  if (choice.surrogate) {
    object["surrogate"] = to_object(*choice.surrogate);
  }
  return object;
}

json to_object(const BudgetChoice& budget) {
  return {{"steps", budget.steps},
          {"batch_size", budget.batch_size},
          {"learning_rates", budget.learning_rates},
          {"tuning_share", budget.tuning_share},
          {"poison_share", budget.poison_share}};
}

BudgetChoice budget_from(const json& object) {
  return {.steps = integer_from_json(object.at("steps")),
          .batch_size = integer_from_json(object.at("batch_size")),
          .learning_rates = object.at("learning_rates"),
          .tuning_share = object.at("tuning_share"),
          .poison_share = object.at("poison_share")};
}

json to_object(const DefenseChoice& choice) {
  json object = to_object(static_cast<const PluginChoice&>(choice));
  object["departures"] = choice.departures;
  json granted = json::object();
  if (choice.budget.steps) {
    granted["steps"] = *choice.budget.steps;
  }
  if (choice.budget.batch_size) {
    granted["batch_size"] = *choice.budget.batch_size;
  }
  if (!choice.budget.learning_rates.empty()) {
    granted["learning_rates"] = choice.budget.learning_rates;
  }
  if (choice.budget.poison_share) {
    granted["poison_share"] = *choice.budget.poison_share;
  }
  object["budget"] = std::move(granted);
  return object;
}

json to_object(const AttackGoal& goal) {
  return {{"victim_label", goal.victim_label},
          {"target_label", goal.target_label},
          {"target_word", goal.target_word}};
}

template <typename Item>
json to_array(const std::vector<Item>& items) {
  json array = json::array();
  for (const Item& item : items) {
    array.push_back(to_object(item));
  }
  return array;
}

json to_object(const Experiment& e) {
  return {{"name", e.name},
          {"defense_budget", e.defense_budget ? to_object(*e.defense_budget) : json()},
          {"description", e.description},
          {"file", e.file.string()},
          {"source", e.source},
          {"seeds", e.seeds},
          {"clean_share", e.clean_share},
          {"clean_from", to_string(e.clean_from)},
          {"device", e.device},
          {"limit", e.limit},
          {"tasks", to_array(e.tasks)},
          {"models", to_array(e.models)},
          {"attacks", to_array(e.attacks)},
          {"defenses", to_array(e.defenses)}};
}

/// Reads choices of plugins by the schemas of the catalogue.
class ChoiceReader {
 public:
  ChoiceReader(const Catalogue& catalogue, const std::string& origin)
      : catalogue_(catalogue), origin_(origin) {}

  PluginChoice plugin(PluginKind kind, const json& object) const {
    PluginChoice choice{.kind = kind,
                        .plugin = object.at("plugin"),
                        .label = object.at("label"),
                        .settings = {},
                        .span = {}};
    const LoadedPlugin* loaded = catalogue_.find(kind, choice.plugin);
    if (loaded == nullptr) {
      throw Error("plugin.unknown",
                  "there is no " + std::string(to_string(kind)) + " `" + choice.plugin + "`");
    }
    for (const auto& [name, value] : object.at("settings").items()) {
      const auto parameter = std::ranges::find(loaded->entry.parameters, name, &Parameter::name);
      if (parameter != loaded->entry.parameters.end()) {
        choice.settings[name] = std::visit(
            [&held = value](const auto& like) {
              return Value(held.template get<std::decay_t<decltype(like)>>());
            },
            parameter->default_value);
      }
    }
    choice.settings = complete(loaded->entry.parameters, std::move(choice.settings));
    return choice;
  }

  ModelChoice model(const json& object) const {
    return {plugin(PluginKind::model, object), training_from(object.at("training"), origin_)};
  }

  AttackChoice attack(const json& object) const {
    AttackChoice choice{plugin(PluginKind::attack, object), object.at("victim_label"),
                        object.at("target_label"), object.at("target_word"), std::nullopt};
    if (object.contains("surrogate")) {
      choice.surrogate = model(object.at("surrogate"));
    }
    return choice;
  }

  DefenseChoice defense(const json& object) const {
    DefenseChoice choice{plugin(PluginKind::defense, object)};
    choice.departures = object.at("departures");
    const json& granted = object.at("budget");
    if (granted.contains("steps")) {
      choice.budget.steps = integer_from_json(granted.at("steps"));
    }
    if (granted.contains("batch_size")) {
      choice.budget.batch_size = integer_from_json(granted.at("batch_size"));
    }
    if (granted.contains("learning_rates")) {
      choice.budget.learning_rates = granted.at("learning_rates").get<std::vector<double>>();
    }
    if (granted.contains("poison_share")) {
      choice.budget.poison_share = granted.at("poison_share").get<double>();
    }
    return choice;
  }

 private:
  const Catalogue& catalogue_;
  const std::string& origin_;
};

Experiment experiment_from(const json& object, const Catalogue& catalogue,
                           const std::string& origin) {
  const ChoiceReader reader(catalogue, origin);
  Experiment e{.name = object.at("name"),
               .description = object.at("description"),
               .file = object.at("file").get<std::string>(),
               .source = object.at("source"),
               .seeds = object.at("seeds"),
               .clean_share = object.at("clean_share"),
               .clean_from = enum_from<CleanSource>(object.at("clean_from"), origin),
               .device = object.at("device"),
               .limit = integer_from_json(object.at("limit"))};
  if (!object.at("defense_budget").is_null()) {
    e.defense_budget = budget_from(object.at("defense_budget"));
  }
  for (const json& choice : object.at("tasks")) {
    e.tasks.push_back(reader.plugin(PluginKind::task, choice));
  }
  for (const json& choice : object.at("models")) {
    e.models.push_back(reader.model(choice));
  }
  for (const json& choice : object.at("attacks")) {
    e.attacks.push_back(reader.attack(choice));
  }
  for (const json& choice : object.at("defenses")) {
    e.defenses.push_back(reader.defense(choice));
  }
  return e;
}

json to_object(const Subject& subject) {
  json object{{"task", subject.task},     {"model", subject.model},
              {"attack", subject.attack}, {"defense", subject.defense},
              {"seed", subject.seed},     {"victim", to_string(subject.victim)}};
  if (subject.triggers_of) {
    object["triggers_of"] = *subject.triggers_of;
  }
  return object;
}

json to_object(const Edge& edge) {
  json object{{"role", edge.role}, {"stage", edge.stage}, {"is_control", edge.is_control}};
  if (edge.when) {
    object["when"] = {{"stage", edge.when->stage}, {"outcome", edge.when->outcome}};
  }
  return object;
}

json to_object(const Stage& stage) {
  json parts = json::array(), needs = json::array();
  for (const auto& [name, value] : stage.key.parts()) {
    parts.push_back({name, value});
  }
  for (const Edge& edge : stage.needs) {
    needs.push_back(to_object(edge));
  }
  return {{"kind", stage.kind()},    {"subject", to_object(stage.subject)},
          {"hash", stage.hash},      {"name", stage.name},
          {"key", std::move(parts)}, {"needs", std::move(needs)}};
}

json to_object(const Cell& cell) {
  return {{"subject", to_object(cell.subject)},
          {"kind", to_string(cell.kind)},
          {"measure", cell.measure},
          {"supported", cell.supported}};
}

/// All of the plan that follows from the experiment.
json without_experiment(const Plan& plan) {
  json goals = json::array(), stages = json::array(), cells = json::array();
  for (const auto& task : plan.goals) {
    json of_task = json::array();
    for (const auto& attack : task) {
      of_task.push_back(to_array(attack));
    }
    goals.push_back(std::move(of_task));
  }
  for (const Stage& stage : plan.stages) {
    stages.push_back(to_object(stage));
  }
  for (const Cell& cell : plan.cells) {
    cells.push_back(to_object(cell));
  }
  return {{"device", plan.device},
          {"threads", plan.threads},
          {"goals", std::move(goals)},
          {"stages", std::move(stages)},
          {"cells", std::move(cells)}};
}

/// What of a stage's key is not what it was, or nothing.
std::string changed_part(const json& then, const json& now) {
  const json& before = then.at("key");
  for (const json& part : now.at("key")) {
    if (std::find(before.begin(), before.end(), part) == before.end()) {
      return "`" + part.at(0).get<std::string>() + "` of stage `" +
             now.at("kind").get<std::string>() + ": " + now.at("name").get<std::string>() + "`";
    }
  }
  return {};
}

/// That `now` is what was written down: the same data, checkpoints, settings and software.
void check_same(const json& then, const json& now, const std::string& origin) {
  for (std::size_t i = 0; i < std::min(then.at("stages").size(), now.at("stages").size()); ++i) {
    if (const auto part = changed_part(then.at("stages")[i], now.at("stages")[i]); !part.empty()) {
      throw Error("plan.outdated",
                  "`" + origin + "` is not what would be planned now: " + part + " changed",
                  {kMakeAgain});
    }
  }
  for (const auto& [name, value] : now.items()) {
    if (then.at(name) != value) {
      throw Error("plan.outdated",
                  "`" + origin + "` is not what would be planned now: `" + name + "` changed",
                  {kMakeAgain});
    }
  }
}

int threads_from(const json& value, const std::string& origin) {
  constexpr std::int64_t kMost = 1024;
  const std::int64_t threads = integer_from_json(value);
  if (threads < 1 || threads > kMost) {
    refuse(origin, "asks for " + std::to_string(threads) + " threads");
  }
  return static_cast<int>(threads);
}

}  // namespace

std::string to_json(const Plan& plan) {
  json object = without_experiment(plan);
  object["format"] = kFormat;
  object["experiment"] = to_object(plan.experiment);
  return object.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Plan plan_from_json(const std::string& text, const std::string& origin,
                    const Catalogue& catalogue) {
  if (const std::string problem = too_deep_json(text); !problem.empty()) {
    refuse(origin, "is not a plan: " + problem);
  }
  try {
    const json object = json::parse(text);
    if (const std::int64_t format = integer_from_json(object.at("format")); format != kFormat) {
      refuse(origin, "has format " + std::to_string(format) + ", this ncmlab reads " +
                         std::to_string(kFormat));
    }
    Experiment experiment = experiment_from(object.at("experiment"), catalogue, origin);
    const std::string asked_for = std::exchange(experiment.device, object.at("device"));
    at::set_num_threads(threads_from(object.at("threads"), origin));
    Plan plan = make_plan(std::move(experiment), catalogue);
    check_same(object, without_experiment(plan), origin);
    plan.experiment.device = asked_for;
    return plan;
  } catch (const json::exception& error) {
    refuse(origin, std::string("is not a plan: ") + error.what());
  }
}

}  // namespace ncmlab
