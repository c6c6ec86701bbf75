// SPDX-License-Identifier: Apache-2.0
#include "config/axis.hpp"

#include <algorithm>

#include "config/values.hpp"
#include "loader/reserved_keys.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab::config {
namespace {

constexpr std::size_t kMostEntries = 1000;

Schema<TrainingOptions> training_schema() {
  return Schema<TrainingOptions>{}
      .field("epochs", &TrainingOptions::epochs,
             "Passes over the training set; 0 measures the model as it is.", at_least(0))
      .field("learning_rate", &TrainingOptions::learning_rate, "Peak learning rate.",
             range(0.0, 1.0))
      .field("adam_eps", &TrainingOptions::adam_eps, "Epsilon of AdamW.", range(0.0, 1.0))
      .field("weight_decay", &TrainingOptions::weight_decay, "Weight decay of AdamW.",
             range(0.0, 1.0))
      .field("warmup", &TrainingOptions::warmup, "Share of all steps with a rising rate.",
             range(0.0, 1.0))
      .field("max_grad_norm", &TrainingOptions::max_grad_norm,
             "Longest gradient; 0 for no clipping.", at_least(0))
      .field("batch_size", &TrainingOptions::batch_size, "Samples whose loss is computed together.",
             range(1, 100000))
      .field("accumulation", &TrainingOptions::accumulation, "Batches of one optimiser step.",
             range(1, 100000))
      .field("precision", &TrainingOptions::precision,
             "What the encoder trains in: fp32, or bf16 with parameters and optimiser in fp32.")
      .field("early_stopping", &TrainingOptions::early_stopping,
             "Epochs without a better validation metric after which training stops with the "
             "weights of the best; 0 for all epochs.",
             range(0, 100000))
      .field("stopping_metric", &TrainingOptions::stopping_metric,
             "The validation metric that early stopping goes by.");
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

const std::vector<Parameter>& training_parameters() {
  static const std::vector<Parameter> parameters = training_schema().parameters();
  return parameters;
}

std::vector<Draft> AxisReader::read(const toml::array& tables, const Settings& training) const {
  std::vector<Draft> all;
  std::size_t index = 0;
  for (const toml::node& node : tables) {
    for (Draft& draft : read_table(*node.as_table(), training)) {
      draft.table = index;
      all.push_back(std::move(draft));
    }
    ++index;
  }
  return all;
}

const LoadedPlugin* AxisReader::find_plugin(const toml::table& table, Span& span) const {
  const std::string kind(to_string(kind_));
  const toml::node* node = table.get("plugin");
  if (node == nullptr) {
    problems_.add("config.missing-key", "this " + kind + " names no plugin", table.source())
        .help.push_back("add a line such as `plugin = \"NAME\"`");
    return nullptr;
  }
  const auto* text = node->as_string();
  if (text == nullptr) {
    problems_.add("config.wrong-type", "`plugin` must be a string", node->source());
    return nullptr;
  }
  span = problems_.span(node->source());
  const std::string& name = text->get();
  if (const LoadedPlugin* plugin = catalogue_.find(kind_, name)) {
    return plugin;
  }
  for (const Diagnostic& reason : catalogue_.refusals(kind_, name)) {
    problems_.add(reason);
  }
  Diagnostic& problem =
      problems_.add("config.unknown-plugin", kind + " `" + name + "` not found", node->source());
  problem.help = similar_name(kind, name, catalogue_.names(kind_));
  for (const auto& [other, other_name] : enum_names(PluginKind{})) {
    if (catalogue_.find(other, name) != nullptr) {
      const std::string other_kind(other_name);
      problem.help.push_back("`" + name + "` is " + with_article(other_kind) + ", not " +
                             with_article(kind) + ": use `[[" + other_kind + "]]`");
    }
  }
  problem.notes.push_back("`ncmlab plugins list --kind " + kind + "` lists what there is");
  return nullptr;
}

std::optional<ModelChoice> AxisReader::read_surrogate(const toml::node& node,
                                                      const Settings& training) const {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    problems_.add("config.wrong-type", "`surrogate` must be a table", node.source())
        .help.push_back("write a model, for example `surrogate = { plugin = \"NAME\" }`");
    return std::nullopt;
  }
  std::vector<Draft> drafts =
      AxisReader(PluginKind::model, catalogue_, problems_).read_table(*table, training);
  if (drafts.size() > 1) {
    problems_.add("config.bad-value",
                  "`surrogate` is one model: no parameter takes a list of values", node.source());
  }
  if (drafts.empty()) {
    return std::nullopt;
  }
  set_labels(drafts, catalogue_, problems_);
  return ModelChoice{std::move(drafts.front().choice), drafts.front().training};
}

void AxisReader::read_reserved(const toml::key& key, const toml::node& node, Draft& draft,
                               Settings& training) const {
  const std::string name(key.str());
  if (name == "plugin") {
    return;
  }
  if (name == "training") {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      problems_.add("config.wrong-type", "`training` must be a table", node.source())
          .help.push_back("write for example `training = { epochs = 2 }`");
      return;
    }
    for (auto& [key_name, value] :
         plain_settings(training_parameters(), *table, "`training`", problems_)) {
      training.insert_or_assign(key_name, std::move(value));
    }
    return;
  }
  if (name == "surrogate") {
    draft.surrogate = read_surrogate(node, training);
    return;
  }
  const auto* text = node.as_string();
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (text == nullptr || text->get().empty() ||
      std::any_of(text->get().begin(), text->get().end(), is_control)) {
    problems_.add("config.wrong-type", "`" + name + "` must be a string of printable characters",
                  node.source());
    return;
  }
  if (name == "name") {
    draft.choice.label = text->get();
    draft.named = true;
  } else if (name == "victim_label") {
    draft.victim_label = text->get();
  } else if (name == "target_label") {
    draft.target_label = text->get();
  } else {
    draft.target_word = text->get();
  }
}

std::vector<Settings> AxisReader::all_settings(const LoadedPlugin& plugin,
                                               const toml::table& table) const {
  const std::string kind(to_string(kind_));
  const std::string owner = kind + " `" + plugin.entry.name + "`";
  const auto& parameters = plugin.entry.parameters;
  std::vector<std::string> known = reserved_keys(kind_);
  for (const Parameter& parameter : parameters) {
    known.push_back(parameter.name);
    if (parameter.required && table.get(parameter.name) == nullptr) {
      problems_
          .add("config.missing-parameter", owner + " needs the parameter `" + parameter.name + "`",
               table.get("plugin")->source())
          .notes.push_back(parameter.doc);
    }
  }
  std::vector<Settings> all{Settings{}};
  for (const auto& [key, node] : items_of(table)) {
    if (contains(reserved_keys(kind_), key->str())) {
      continue;
    }
    const auto parameter =
        std::find_if(parameters.begin(), parameters.end(),
                     [name = key->str()](const Parameter& p) { return p.name == name; });
    if (parameter == parameters.end()) {
      add_unknown_key(*key, "parameter `" + std::string(key->str()) + "` of " + owner, known,
                      problems_)
          .notes.push_back("`ncmlab plugins describe " + kind + "/" + plugin.entry.name +
                           "` lists all parameters");
      continue;
    }
    const auto values = alternatives(*parameter, *node, owner, problems_);
    if (values.size() * all.size() > kMostEntries) {
      problems_.add("config.too-many-entries",
                    "the lists of " + owner + " make more than " + std::to_string(kMostEntries) +
                        " combinations",
                    key->source());
      return {};
    }
    std::vector<Settings> longer;
    for (const Settings& settings : all) {
      for (const Value& value : values) {
        longer.push_back(settings);
        longer.back().emplace(parameter->name, value);
      }
    }
    if (!longer.empty()) {
      all = std::move(longer);
    }
  }
  return all;
}

// A parameter that the table gives has an effect in at least one of its entries.
void AxisReader::check_effects(const LoadedPlugin& plugin, const toml::table& table,
                               const std::vector<Settings>& entries) const {
  const auto& parameters = plugin.entry.parameters;
  for (const Parameter& parameter : parameters) {
    const toml::node* node = table.get(parameter.name);
    for (const Condition& condition : parameter.only_where) {
      const auto other = std::find_if(
          parameters.begin(), parameters.end(),
          [&](const Parameter& candidate) { return candidate.name == condition.parameter; });
      if (node == nullptr || other == parameters.end()) {
        continue;
      }
      const auto value_in = [&](const Settings& settings) {
        const auto given = settings.find(other->name);
        return given == settings.end() ? other->default_value : given->second;
      };
      if (std::none_of(entries.begin(), entries.end(), [&](const Settings& settings) {
            return value_in(settings) == Value(condition.value);
          })) {
        problems_
            .add("config.no-effect",
                 "`" + parameter.name + "` of " + std::string(to_string(kind_)) + " `" +
                     plugin.entry.name + "` has no effect where `" + other->name + "` is " +
                     to_toml(value_in(entries.front())),
                 node->source())
            .help.push_back(condition.value.empty()
                                ? "remove `" + parameter.name + "`, or `" + other->name + "`"
                                : "remove `" + parameter.name + "`, or set `" + other->name +
                                      " = " + to_toml(condition.value) + "`");
      }
    }
  }
}

std::vector<Draft> AxisReader::read_table(const toml::table& table,
                                          const Settings& training) const {
  const std::size_t problems_before = problems_.count();
  Draft draft;
  draft.choice.kind = kind_;
  const LoadedPlugin* plugin = find_plugin(table, draft.choice.span);
  Settings own_training = training;
  for (const auto& [key, node] : items_of(table)) {
    if (contains(reserved_keys(kind_), key->str())) {
      read_reserved(*key, *node, draft, own_training);
    }
  }
  if (!draft.victim_label.empty() && draft.victim_label == draft.target_label) {
    problems_.add("config.bad-value",
                  "`victim_label` and `target_label` are both `" + draft.target_label + "`",
                  table.get("target_label")->source());
  }
  if (plugin == nullptr) {
    return {};
  }
  const auto settings = all_settings(*plugin, table);
  if (problems_.count() != problems_before) {
    return {};
  }
  check_effects(*plugin, table, settings);
  if (problems_.count() != problems_before) {
    return {};
  }
  draft.choice.plugin = plugin->entry.name;
  for (const auto& [key, node] : items_of(table)) {
    draft.choice.places.emplace(key->str(), problems_.span(node->source()));
  }
  draft.training = training_schema().bind(own_training);
  std::vector<Draft> drafts;
  for (const Settings& each : settings) {
    drafts.push_back(draft);
    drafts.back().choice.settings = complete(plugin->entry.parameters, each);
  }
  return drafts;
}

}  // namespace ncmlab::config
