// SPDX-License-Identifier: Apache-2.0
#include "fake_attack.hpp"

namespace stranger {

// The stamp of a time when it said nothing of headers, and no entries behind it: a host that read
// more than the size says would read what is not there.
struct OldStamp {
  std::array<char, 8> magic = ncmlab::detail::fixed<8>("ncmlab");
  std::uint32_t size = 136;
  std::uint32_t api = ncmlab::kPluginApi;
  std::array<char, 120> rest{};
};

const OldStamp& manifest() {
  static const OldStamp instance;
  return instance;
}

}  // namespace stranger

BOOST_DLL_ALIAS_SECTIONED(stranger::manifest, ncmlab_plugin_v4, ncmlab)
