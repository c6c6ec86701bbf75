// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef BOOST_DLL_USE_STD_FS
#define BOOST_DLL_USE_STD_FS  // Boost.DLL without Boost.Filesystem
#endif
#include <boost/dll/alias.hpp>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ncmlab/plugin/attack.hpp"
#include "ncmlab/plugin/build_stamp.hpp"
#include "ncmlab/plugin/defense.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/schema.hpp"
#include "ncmlab/plugin/task.hpp"

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

/// What a plugin library exports. The stamp comes first and holds plain bytes only, so that the
/// host can compare it before it touches anything else.
struct Manifest {
  BuildStamp stamp;
  std::vector<Entry> entries;
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
  return detail::make_entry<P, Defense>(PluginKind::defense);
}

}  // namespace ncmlab

/// The one line that makes a shared library a plugin: NCMLAB_PLUGIN(ncmlab::attack<DeadCode>()).
/// Several entries may be listed.
#define NCMLAB_PLUGIN(...)                                                                    \
  namespace ncmlab_plugin_detail {                                                            \
  const ::ncmlab::Manifest& manifest() {                                                      \
    static const ::ncmlab::Manifest instance{::ncmlab::current_build_stamp(), {__VA_ARGS__}}; \
    return instance;                                                                          \
  }                                                                                           \
  }                                                                                           \
  BOOST_DLL_ALIAS_SECTIONED(ncmlab_plugin_detail::manifest, ncmlab_plugin_v3, ncmlab)
