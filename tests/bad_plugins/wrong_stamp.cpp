// SPDX-License-Identifier: Apache-2.0
#include "fake_attack.hpp"

namespace stranger {

// Entries of another toolchain: reading them would end in undefined behaviour.
const ncmlab::Manifest& manifest() {
  static const ncmlab::Manifest instance = [] {
    ncmlab::Manifest result{ncmlab::current_build_stamp(), {}};
    result.stamp.compiler = ncmlab::detail::fixed<64>("g++ 7");
    result.stamp.torch = ncmlab::detail::fixed<16>("0.4.0");
    result.stamp.cxx11_abi = 0;
    return result;
  }();
  return instance;
}

}  // namespace stranger

BOOST_DLL_ALIAS_SECTIONED(stranger::manifest, ncmlab_plugin_v4, ncmlab)
