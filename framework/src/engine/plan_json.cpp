// SPDX-License-Identifier: Apache-2.0
#include "engine/plan_json.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "core/parsed_json.hpp"
#include "engine/described_json.hpp"
#include "engine/json_number.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "plugin/value_json.hpp"

namespace ncmlab {

using nlohmann::json;

BOOST_DESCRIBE_STRUCT(TrainingOptions, (),
                      (epochs, learning_rate, adam_eps, weight_decay, warmup, max_grad_norm,
                       batch_size, accumulation, precision, early_stopping, stopping_metric,
                       head_only))
BOOST_DESCRIBE_STRUCT(BudgetChoice, (),
                      (steps, batch_size, learning_rates, tuning_share, poison_share))
BOOST_DESCRIBE_STRUCT(LanguageModelChoice, (), (order, corpus, field, masked))
BOOST_DESCRIBE_STRUCT(AttackChoice, (), (victim_label, target_label, target_word))
BOOST_DESCRIBE_STRUCT(DefenseChoice, (), (granted, departures))
BOOST_DESCRIBE_STRUCT(Experiment, (),
                      (name, description, source, seeds, clean_share, clean_from, defense_budget,
                       language_model, device, limit))
BOOST_DESCRIBE_STRUCT(AttackGoal, (), (victim_label, target_label, target_word))
BOOST_DESCRIBE_STRUCT(Subject, (), (task, model, attack, defense, seed, victim, triggers_of))
BOOST_DESCRIBE_STRUCT(When, (), (stage, outcome))
BOOST_DESCRIBE_STRUCT(Edge, (), (role, stage, is_control, when))
BOOST_DESCRIBE_STRUCT(Cell, (), (subject, kind, measure, skipped))

namespace {

constexpr std::int64_t kFormat = 2;
constexpr const char* kMakeAgain = "make the plan again: `ncmlab plan FILE --out PLAN.json`";
constexpr BadJson kBadPlan{.code = "plan.bad-file", .problem = "is not a plan", .help = kMakeAgain};

[[noreturn]] void refuse(const std::string& origin, const std::string& what) {
  throw Error("plan.bad-file", "`" + origin + "` " + what, {kMakeAgain});
}

json to_object(const PluginChoice& choice) {
  return {{"plugin", choice.plugin},
          {"label", choice.label},
          {"settings", settings_to_json(choice.settings)}};
}

json to_object(const ModelChoice& choice) {
  json object = to_object(static_cast<const PluginChoice&>(choice));
  object["training"] = json_of(choice.training);
  return object;
}

json to_object(const AttackChoice& choice) {
  json object = to_object(static_cast<const PluginChoice&>(choice));
  object.update(json_of(choice));
  if (choice.surrogate) {
    object["surrogate"] = to_object(*choice.surrogate);
  }
  return object;
}

json to_object(const DefenseChoice& choice) {
  json object = to_object(static_cast<const PluginChoice&>(choice));
  object.update(json_of(choice));
  return object;
}

json to_object(const Stage& stage) {
  return {{"kind", stage.kind()},     {"subject", json_of(stage.subject)},
          {"hash", stage.hash},       {"name", stage.name},
          {"key", stage.key.parts()}, {"needs", json_of(stage.needs)}};
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
  json object = json_of(e);
  object["file"] = e.file.string();
  object["tasks"] = to_array(e.tasks);
  object["models"] = to_array(e.models);
  object["attacks"] = to_array(e.attacks);
  object["defenses"] = to_array(e.defenses);
  return object;
}

/// Reads choices of plugins by the schemas of the catalogue.
class ChoiceReader {
 public:
  explicit ChoiceReader(const Catalogue& catalogue) : catalogue_(catalogue) {}

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
    return {plugin(PluginKind::model, object), value_of<TrainingOptions>(object.at("training"))};
  }

  AttackChoice attack(const json& object) const {
    AttackChoice choice = value_of<AttackChoice>(object);
    static_cast<PluginChoice&>(choice) = plugin(PluginKind::attack, object);
    if (object.contains("surrogate")) {
      choice.surrogate = model(object.at("surrogate"));
    }
    return choice;
  }

  DefenseChoice defense(const json& object) const {
    DefenseChoice choice = value_of<DefenseChoice>(object);
    static_cast<PluginChoice&>(choice) = plugin(PluginKind::defense, object);
    return choice;
  }

 private:
  const Catalogue& catalogue_;
};

Experiment experiment_from(const json& object, const Catalogue& catalogue) {
  const ChoiceReader reader(catalogue);
  Experiment e = value_of<Experiment>(object);
  e.file = object.at("file").get<std::string>();
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

/// All of the plan that follows from the experiment.
json without_experiment(const Plan& plan) {
  return {{"device", plan.device},
          {"threads", plan.threads},
          {"goals", json_of(plan.goals)},
          {"stages", to_array(plan.stages)},
          {"cells", json_of(plan.cells)}};
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
  return take_json(text, origin, kBadPlan, [&](const json& object) {
    if (const std::int64_t format = integer_from_json(object.at("format")); format != kFormat) {
      refuse(origin, "has format " + std::to_string(format) + ", this ncmlab reads " +
                         std::to_string(kFormat));
    }
    Experiment experiment = experiment_from(object.at("experiment"), catalogue);
    const std::string asked_for = std::exchange(experiment.device, object.at("device"));
    at::set_num_threads(threads_from(object.at("threads"), origin));
    Plan plan = make_plan(std::move(experiment), catalogue);
    check_same(object, without_experiment(plan), origin);
    plan.experiment.device = asked_for;
    return plan;
  });
}

}  // namespace ncmlab
