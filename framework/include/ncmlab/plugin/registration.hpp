// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef BOOST_DLL_USE_STD_FS
#define BOOST_DLL_USE_STD_FS  // Boost.DLL without Boost.Filesystem
#endif
#include <boost/dll/alias.hpp>
#include <vector>

#include "ncmlab/plugin/build_stamp.hpp"
#include "ncmlab/plugin/entry.hpp"

namespace ncmlab {

/// What a plugin library exports. The stamp comes first and holds plain bytes only, so that the
/// host can compare it before it touches anything else.
struct Manifest {
  BuildStamp stamp;
  std::vector<Entry> entries;
};

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
  BOOST_DLL_ALIAS_SECTIONED(ncmlab_plugin_detail::manifest, ncmlab_plugin_v4, ncmlab)
