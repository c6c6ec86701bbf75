// SPDX-License-Identifier: Apache-2.0
// For clang-tidy on Debian 12: vectors whose members are no constexpr. clang instantiates those that
// are where LibTorch's headers hold vectors of an incomplete type.
#pragma once

#include <bits/c++config.h>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#include <vector>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
