// SPDX-License-Identifier: Apache-2.0
#include "config/experiment.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "config/axis.hpp"
#include "config/paths.hpp"
#include "config/values.hpp"
#include "ncmlab/core/ascii.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/networks/device.hpp"

namespace ncmlab {
namespace {

using config::Draft;
using config::Item;
using config::Problems;

constexpr std::int64_t kMostSeeds = 1000;
constexpr std::string_view kControl = "none";
// A file system takes 255 bytes; the rest is for endings.
constexpr std::size_t kLongestName = 200;

bool is_experiment_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '_' || c == '-';
  });
}

// The seeds of `{from = 1, count = 3}`.
std::vector<std::int64_t> seed_range(const toml::table& table, Problems& problems) {
  const std::vector<Parameter> parameters{
      {.name = "from", .doc = {}, .default_value = std::int64_t{1}, .minimum = 0},
      {.name = "count",
       .doc = {},
       .default_value = std::int64_t{1},
       .minimum = 1,
       .maximum = kMostSeeds}};
  const std::size_t before = problems.count();
  const Settings given = config::plain_settings(parameters, table, "`seeds`", problems);
  if (problems.count() != before) {
    return {};
  }
  const Settings settings = complete(parameters, given);
  const auto from = std::get<std::int64_t>(settings.at("from"));
  std::vector<std::int64_t> seeds;
  for (std::int64_t i = 0; i < std::get<std::int64_t>(settings.at("count")); ++i) {
    if (from > std::numeric_limits<std::int64_t>::max() - i) {
      problems.add("config.bad-value", "the seeds exceed the largest integer", table.source());
      return {};
    }
    seeds.push_back(from + i);
  }
  return seeds;
}

std::vector<std::int64_t> read_seeds(const toml::node& node, Problems& problems) {
  if (const toml::table* table = node.as_table()) {
    return seed_range(*table, problems);
  }
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    problems
        .add("config.wrong-type", "`seeds` must be a list of integers or a table", node.source())
        .help.push_back("write `seeds = [1, 2, 3]` or `seeds = {from = 1, count = 3}`");
    return {};
  }
  if (array->empty() || array->size() > static_cast<std::size_t>(kMostSeeds)) {
    problems.add("config.bad-value",
                 "`seeds` must hold 1 to " + std::to_string(kMostSeeds) + " seeds, found " +
                     std::to_string(array->size()),
                 node.source());
  }
  std::vector<std::int64_t> seeds;
  std::set<std::int64_t> seen;
  for (const toml::node& element : *array) {
    const auto* seed = element.as_integer();
    if (seed == nullptr || seed->get() < 0) {
      problems.add("config.bad-value", "a seed must be an integer that is at least 0",
                   element.source());
    } else if (!seen.insert(seed->get()).second) {
      problems.add("config.bad-value", "seed `" + std::to_string(seed->get()) + "` is there twice",
                   element.source());
    } else {
      seeds.push_back(seed->get());
    }
  }
  return seeds;
}

void read_header(const toml::table& table, Experiment& experiment, Problems& problems) {
  const std::vector<Parameter> parameters{
      {.name = "name", .doc = {}, .default_value = std::string()},
      {.name = "description", .doc = {}, .default_value = std::string()},
      {.name = "clean_share",
       .doc = {},
       .default_value = experiment.clean_share,
       .minimum = 0.0,
       .maximum = 1.0},
      {.name = "clean_from",
       .doc = {},
       .default_value = std::string(to_string(experiment.clean_from)),
       .choices = all_names<CleanSource>()},
      {.name = "device", .doc = {}, .default_value = experiment.device},
  };
  const Settings settings =
      config::plain_settings(parameters, table, "`[experiment]`", problems, {"seeds"});
  if (const toml::node* seeds = table.get("seeds")) {
    experiment.seeds = read_seeds(*seeds, problems);
  } else {
    experiment.seeds = {1};
  }
  const toml::node* name = table.get("name");
  if (name == nullptr) {
    problems.add("config.missing-key", "`[experiment]` needs a `name`", table.source());
  } else if (const auto found = settings.find("name"); found != settings.end()) {
    experiment.name = std::get<std::string>(found->second);
    if (!is_experiment_name(experiment.name)) {
      problems.add("config.bad-value",
                   "`name` must consist of the characters a-z, 0-9, `_` and `-`, found `" +
                       experiment.name + "`",
                   name->source());
    } else if (experiment.name.size() > kLongestName) {
      problems.add("config.bad-value",
                   "`name` becomes the name of a folder and may have at most " +
                       std::to_string(kLongestName) + " characters, found " +
                       std::to_string(experiment.name.size()),
                   name->source());
    }
  }
  if (const auto found = settings.find("description"); found != settings.end()) {
    experiment.description = std::get<std::string>(found->second);
  }
  if (const auto found = settings.find("device"); found != settings.end()) {
    experiment.device = std::get<std::string>(found->second);
    if (!is_device_name(experiment.device)) {
      problems.add("config.bad-value",
                   "`device` must be `auto`, `cpu` or `cuda:N`, found `" + experiment.device + "`",
                   table.get("device")->source());
    }
  }
  if (const auto found = settings.find("clean_share"); found != settings.end()) {
    experiment.clean_share = std::get<double>(found->second);
  }
  if (const auto found = settings.find("clean_from"); found != settings.end()) {
    experiment.clean_from = *from_string<CleanSource>(std::get<std::string>(found->second));
  }
}

// The array of tables of one axis; empty after a problem was added.
const toml::array* tables_of(const toml::table& root, const std::string& kind, Problems& problems) {
  const toml::node* node = root.get(kind);
  if (node == nullptr) {
    return nullptr;
  }
  const toml::array* array = node->as_array();
  const bool all_tables =
      array != nullptr && std::all_of(array->begin(), array->end(),
                                      [](const toml::node& entry) { return entry.is_table(); });
  if (!all_tables) {
    problems.add("config.wrong-type", "`" + kind + "` must be an array of tables", node->source())
        .help.push_back("write `[[" + kind + "]]`");
    return nullptr;
  }
  return array;
}

std::vector<Draft> read_axis(const toml::table& root, PluginKind kind, const Settings& training,
                             const Catalogue& catalogue, Problems& problems) {
  const std::string name(to_string(kind));
  const bool is_required = kind == PluginKind::task || kind == PluginKind::model;
  const std::size_t before = problems.count();
  std::vector<Draft> drafts;
  const toml::array* tables = tables_of(root, name, problems);
  if (tables != nullptr) {
    drafts = config::AxisReader(kind, catalogue, problems).read(*tables, training);
  }
  if (is_required && problems.count() == before && drafts.empty()) {
    problems.add("config.empty-axis", "an experiment needs at least one `[[" + name + "]]`");
  }
  config::set_labels(drafts, catalogue, problems);
  if (is_required) {
    return drafts;
  }
  // The controls come first on their axes, whatever the file says.
  const auto control = std::stable_partition(drafts.begin(), drafts.end(), [](const Draft& draft) {
    return draft.choice.plugin == kControl;
  });
  if (control == drafts.begin()) {
    Draft draft;
    draft.choice = {.kind = kind, .plugin = std::string(kControl), .label = std::string(kControl)};
    if (const LoadedPlugin* plugin = catalogue.find(kind, kControl)) {
      draft.choice.settings = complete(plugin->entry.parameters, {});
    }
    drafts.insert(drafts.begin(), std::move(draft));
  }
  return drafts;
}

Schema<BudgetChoice> budget_schema() {
  using B = BudgetChoice;
  return Schema<B>{}
      .field("steps", &B::steps, "Steps of the optimiser in one repair.", range(1, 1'000'000))
      .field("batch_size", &B::batch_size, "Samples per step.", range(1, 65'536))
      .field("learning_rates", &B::learning_rates,
             "Peak rates; the best by the accuracy on tuning samples is taken.", range(0.0, 1.0))
      .field("tuning_share", &B::tuning_share,
             "Share of the clean samples by which the rate is chosen.", range(0.0, 0.9))
      .field("poison_share", &B::poison_share,
             "Share of each class that defenses assume to be poisoned.", range(0.0, 0.5));
}

BudgetChoice read_budget(const toml::table& table, Problems& problems) {
  const Schema<BudgetChoice> schema = budget_schema();
  const std::size_t before = problems.count();
  const Settings settings =
      config::plain_settings(schema.parameters(), table, "`[defense_budget]`", problems);
  if (problems.count() != before) {
    return {};
  }
  BudgetChoice budget = schema.bind(settings);
  std::ranges::sort(budget.learning_rates);
  const auto repeated = std::ranges::unique(budget.learning_rates);
  budget.learning_rates.erase(repeated.begin(), repeated.end());
  if (budget.learning_rates.empty()) {
    problems.add("config.bad-value", "`learning_rates` must hold at least one rate",
                 table.get("learning_rates")->source());
  }
  return budget;
}

Schema<LanguageModelChoice> language_model_schema() {
  using L = LanguageModelChoice;
  return Schema<L>{}
      .field("order", &L::order, "Longest n-gram of the n-gram model.", range(1, 8))
      .field("corpus", &L::corpus, "Code that the n-gram model learns from.", path())
      .field("field", &L::field, "Field of JSON lines that holds the code.")
      .field("masked", &L::masked, "Folder of the masked model in Hugging Face layout.", path());
}

LanguageModelChoice read_language_model(const toml::table& table, Problems& problems) {
  const Schema<LanguageModelChoice> schema = language_model_schema();
  const std::size_t before = problems.count();
  const Settings settings =
      config::plain_settings(schema.parameters(), table, "`[language_model]`", problems);
  if (problems.count() != before) {
    return {};
  }
  LanguageModelChoice choice = schema.bind(settings);
  for (const auto& [key, node] : config::items_of(table)) {
    choice.places.emplace(std::string(key->str()), problems.span(node->source()));
  }
  return choice;
}

/// Grants the defense what its schema takes of the budget and its table does not set itself.
DefenseChoice with_grants(PluginChoice choice, const Catalogue& catalogue) {
  DefenseChoice defense{std::move(choice)};
  const LoadedPlugin* plugin = catalogue.find(PluginKind::defense, defense.plugin);
  if (plugin == nullptr || defense.plugin == kControl) {
    return defense;
  }
  std::set<Allowance> own;
  for (const Parameter& parameter : plugin->entry.parameters) {
    if (!parameter.allowance) {
      continue;
    }
    defense.granted.insert(*parameter.allowance);
    if (defense.places.contains(parameter.name)) {
      own.insert(*parameter.allowance);
      defense.departures.push_back(parameter.name + " = " +
                                   to_toml(defense.settings.at(parameter.name)));
    }
  }
  if (defense.granted.empty()) {
    defense.departures.push_back("it takes nothing of it");
  }
  std::erase_if(defense.granted, [&](Allowance allowance) { return own.contains(allowance); });
  return defense;
}

const toml::table* section(const toml::table& root, const std::string& name, Problems& problems) {
  const toml::node* node = root.get(name);
  if (node == nullptr) {
    return nullptr;
  }
  if (!node->is_table()) {
    problems.add("config.wrong-type", "`" + name + "` must be a table", node->source())
        .help.push_back("write `[" + name + "]`");
  }
  return node->as_table();
}

void check_sections(const toml::table& root, Problems& problems) {
  const std::vector<std::string> known{"experiment", "training", "defense_budget", "language_model",
                                       "task",       "model",    "attack",         "defense"};
  for (const auto& [key, node] : config::items_of(root)) {
    if (std::find(known.begin(), known.end(), key->str()) == known.end()) {
      config::add_unknown_key(*key, "section `" + std::string(key->str()) + "`", known, problems);
    }
  }
}

}  // namespace

std::string in_words(const BudgetChoice& budget) {
  const bool is_chosen = budget.learning_rates.size() > 1;
  return std::to_string(budget.steps) + " steps of " + std::to_string(budget.batch_size) +
         " samples; learning rate " +
         joined(budget.learning_rates, ", ", [](double rate) { return to_toml(rate); }) +
         (is_chosen ? ", by accuracy on " + to_toml(budget.tuning_share) +
                          " of the clean samples, which nothing else is done with"
                    : "") +
         "; share of a class that is assumed to be poisoned: " + to_toml(budget.poison_share);
}

Value allowed(const BudgetChoice& budget, Allowance allowance) {
  switch (allowance) {
    case Allowance::steps:
      return budget.steps;
    case Allowance::batch_size:
      return budget.batch_size;
    case Allowance::learning_rates:
      return budget.learning_rates;
    case Allowance::poison_share:
      break;
  }
  return budget.poison_share;
}

DefenseBudget share_of(const BudgetChoice& budget, const std::set<Allowance>& granted) {
  DefenseBudget share;
  if (granted.contains(Allowance::steps)) {
    share.steps = budget.steps;
  }
  if (granted.contains(Allowance::batch_size)) {
    share.batch_size = budget.batch_size;
  }
  if (granted.contains(Allowance::learning_rates)) {
    share.learning_rates = budget.learning_rates;
  }
  if (granted.contains(Allowance::poison_share)) {
    share.poison_share = budget.poison_share;
  }
  return share;
}

Experiment read_experiment(const std::filesystem::path& file, const Catalogue& catalogue) {
  const std::string text = read_file(file);
  const toml::table root = config::parse_toml(text, file.string());
  Problems problems(file.string(), text);
  Experiment experiment;
  experiment.file = file;
  experiment.source = text;
  check_sections(root, problems);
  if (const toml::table* table = section(root, "experiment", problems)) {
    read_header(*table, experiment, problems);
  } else if (root.get("experiment") == nullptr) {
    problems.add("config.missing-key", "the section `[experiment]` is missing")
        .help.push_back("start the file with `[experiment]` and `name = \"...\"`");
  }
  Settings training;
  if (const toml::table* table = section(root, "training", problems)) {
    training =
        config::plain_settings(config::training_parameters(), *table, "`[training]`", problems);
  }
  if (const toml::table* table = section(root, "defense_budget", problems)) {
    experiment.defense_budget = read_budget(*table, problems);
  }
  if (const toml::table* table = section(root, "language_model", problems)) {
    experiment.language_model = read_language_model(*table, problems);
  }
  const auto axis = [&](PluginKind kind) {
    return read_axis(root, kind, training, catalogue, problems);
  };
  for (Draft& draft : axis(PluginKind::task)) {
    experiment.tasks.push_back(std::move(draft.choice));
  }
  for (Draft& draft : axis(PluginKind::model)) {
    experiment.models.push_back({std::move(draft.choice), draft.training});
  }
  for (Draft& draft : axis(PluginKind::attack)) {
    experiment.attacks.push_back({std::move(draft.choice), std::move(draft.victim_label),
                                  std::move(draft.target_label), std::move(draft.target_word),
                                  std::move(draft.surrogate)});
  }
  for (Draft& draft : axis(PluginKind::defense)) {
    experiment.defenses.push_back(experiment.defense_budget
                                      ? with_grants(std::move(draft.choice), catalogue)
                                      : DefenseChoice{std::move(draft.choice)});
  }
  config::resolve_paths(experiment, catalogue, problems);
  problems.throw_if_any();
  return experiment;
}

}  // namespace ncmlab
