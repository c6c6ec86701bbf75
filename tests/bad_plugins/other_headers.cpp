// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "fake_attack.hpp"

namespace stranger {

// Built with the same toolchain and other public headers: one folder has changed, one is not known
// yet, one is known no more.
const ncmlab::Manifest& manifest() {
  static const ncmlab::Manifest instance = [] {
    ncmlab::Manifest result{ncmlab::current_build_stamp(), {}};
    for (ncmlab::HeaderStamp& header : result.stamp.headers) {
      const std::string_view folder = header.folder.data();
      if (folder == "model") {
        header.digest ^= 1;
      } else if (folder == "train") {
        header.folder = ncmlab::detail::fixed<24>("training");
      }
    }
    return result;
  }();
  return instance;
}

}  // namespace stranger

BOOST_DLL_ALIAS_SECTIONED(stranger::manifest, ncmlab_plugin_v4, ncmlab)
