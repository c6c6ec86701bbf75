// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

// What a plugin for the next plugin API exports. The host must not run any of it.
extern "C" {
__attribute__((visibility("default"), section("ncmlab"), used)) const void* ncmlab_plugin_v5 =
    nullptr;
}

namespace {
[[maybe_unused]] const int ran = setenv("NCMLAB_WRONG_API_WAS_RUN", "1", 1);
}  // namespace
