// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/data_defense.hpp"
#include "ncmlab/plugin/input_defense.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/model_defense.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/task.hpp"
#include "ncmlab/plugin/training_defense.hpp"

namespace ncmlab {

/// One plugin of a library: how it is described, validated and created.
struct Entry {
  PluginKind kind;
  std::string name;  ///< `^[a-z][a-z0-9_]{1,31}$`, unique within its kind
  std::string version;
  std::string summary;    ///< one sentence
  std::string reference;  ///< the paper: DOI, arXiv id or address
  std::vector<Parameter> parameters;
  std::function<std::shared_ptr<Plugin>(const Settings&)> create;
};

namespace detail {

template <typename P, typename Interface>
Entry make_entry(PluginKind kind) {
  static_assert(std::derived_from<P, Interface>, "the class does not implement this plugin kind");
  return Entry{.kind = kind,
               .name = std::string(P::kName),
               .version = std::string(P::kVersion),
               .summary = std::string(P::kSummary),
               .reference = std::string(P::kReference),
               .parameters = P::schema().parameters(),
               .create = [](const Settings& settings) -> std::shared_ptr<Plugin> {
                 return std::make_shared<P>(P::schema().bind(settings));
               }};
}

}  // namespace detail

/// An entry for class P, which has kName, kVersion, kSummary, kReference, a static schema() and a
/// constructor from its config struct.
template <typename P>
Entry model() {
  return detail::make_entry<P, Model>(PluginKind::model);
}
template <typename P>
Entry task() {
  return detail::make_entry<P, Task>(PluginKind::task);
}
template <typename P>
Entry attack() {
  return detail::make_entry<P, Attack>(PluginKind::attack);
}
template <typename P>
Entry defense() {
  static_assert(std::derived_from<P, ModelDefense> || std::derived_from<P, DataDefense> ||
                    std::derived_from<P, TrainingDefense> || std::derived_from<P, InputDefense>,
                "a defense derives from the class of the stage at which it acts");
  return detail::make_entry<P, Defense>(PluginKind::defense);
}

}  // namespace ncmlab
