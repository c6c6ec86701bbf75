// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "config/axis.hpp"

namespace ncmlab::config {
namespace {

using Trait = std::pair<std::string, std::string>;  // name and value of a setting

std::string display(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : to_toml(value);
}

// Everything by which two entries with one name may differ, in the order of the schema.
std::vector<Trait> traits_of(const Draft& draft, const Catalogue& catalogue) {
  std::vector<Trait> traits;
  const LoadedPlugin* plugin = catalogue.find(draft.choice.kind, draft.choice.plugin);
  for (const Parameter& parameter : plugin->entry.parameters) {
    traits.emplace_back(parameter.name, display(draft.choice.settings.at(parameter.name)));
  }
  if (draft.choice.kind == PluginKind::attack) {
    traits.emplace_back("victim_label", draft.victim_label);
    traits.emplace_back("target_label", draft.target_label);
    traits.emplace_back("target_word", draft.target_word);
    traits.emplace_back("surrogate", draft.surrogate ? draft.surrogate->label : "");
  } else if (draft.choice.kind == PluginKind::model) {
    const TrainingOptions& training = draft.training;
    traits.emplace_back("epochs", display(training.epochs));
    traits.emplace_back("learning_rate", display(training.learning_rate));
    traits.emplace_back("adam_eps", display(training.adam_eps));
    traits.emplace_back("weight_decay", display(training.weight_decay));
    traits.emplace_back("warmup", display(training.warmup));
    traits.emplace_back("max_grad_norm", display(training.max_grad_norm));
    traits.emplace_back("batch_size", display(training.batch_size));
  }
  return traits;
}

// `[rate=0.05,trigger=rb]` for each entry of a group, from the traits that are not equal in all.
std::vector<std::string> differences(const std::vector<std::vector<Trait>>& traits) {
  std::vector<std::string> result(traits.size());
  for (std::size_t t = 0; t < traits.front().size(); ++t) {
    const bool all_equal = std::all_of(traits.begin(), traits.end(), [&](const auto& other) {
      return other[t] == traits.front()[t];
    });
    for (std::size_t i = 0; !all_equal && i < traits.size(); ++i) {
      const auto& [name, value] = traits[i][t];
      result[i] += (result[i].empty() ? "[" : ",") + name + "=" + value;
    }
  }
  for (std::string& text : result) {
    text += text.empty() ? "" : "]";
  }
  return result;
}

}  // namespace

void set_labels(std::vector<Draft>& drafts, const Catalogue& catalogue, Problems& problems) {
  // A name stands for its own table; without one all tables of a plugin are one group.
  std::map<std::string, std::vector<Draft*>> groups;
  for (Draft& draft : drafts) {
    const std::string group =
        draft.named ? "table " + std::to_string(draft.table) : "plugin " + draft.choice.plugin;
    groups[group].push_back(&draft);
  }
  for (auto& [name, members] : groups) {
    std::vector<std::vector<Trait>> traits;
    for (const Draft* member : members) {
      traits.push_back(traits_of(*member, catalogue));
    }
    const auto suffixes = differences(traits);
    for (std::size_t i = 0; i < members.size(); ++i) {
      Draft& draft = *members[i];
      const std::string base = draft.named ? draft.choice.label : draft.choice.plugin;
      draft.choice.label = base + suffixes[i];
    }
  }
  std::map<std::string, const Draft*> first;
  for (const Draft& draft : drafts) {
    const auto [place, is_new] = first.emplace(draft.choice.label, &draft);
    if (is_new) {
      continue;
    }
    const Span& span = draft.choice.span;
    Diagnostic& problem =
        problems.add("config.duplicate-label", std::string(to_string(draft.choice.kind)) + " `" +
                                                   draft.choice.label + "` is there twice");
    problem.span = span;
    problem.help.push_back("remove one, or give one a `name` of its own");
    problem.notes.push_back("first on line " + std::to_string(place->second->choice.span.line));
  }
}

}  // namespace ncmlab::config
