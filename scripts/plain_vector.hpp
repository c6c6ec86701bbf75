// SPDX-License-Identifier: Apache-2.0
// For clang-tidy on Debian 12: vectors whose members are no constexpr. clang instantiates those that
// are where LibTorch's headers hold vectors of an incomplete type.
#pragma once

#include <string>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
// That of bits is declared a constexpr by <string>.
#define __fill_a1 __fill_bits
#include <vector>
#undef __fill_a1
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
