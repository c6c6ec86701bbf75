// SPDX-License-Identifier: Apache-2.0
#include "fake_attack.hpp"

namespace stranger {

// As large as a manifest, so that the host may read it, but nothing like one.
struct Bytes {
  unsigned char content[sizeof(ncmlab::Manifest)];
};

const Bytes& manifest() {
  static const Bytes instance{{'n', 'o', 't', ' ', 'u', 's'}};
  return instance;
}

}  // namespace stranger

BOOST_DLL_ALIAS_SECTIONED(stranger::manifest, ncmlab_plugin_v4, ncmlab)
