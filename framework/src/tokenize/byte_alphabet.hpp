// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ncmlab::bpe {

/// The printable character, in UTF-8, by which a byte-level vocabulary spells `byte`: itself for
/// 0x21-0x7E, 0xA1-0xAC and 0xAE-0xFF, U+0100 and up, in byte order, for the others (GPT-2).
const std::string& printable(unsigned char byte);
std::string to_printable(std::string_view bytes);

/// The bytes that a token spells; nothing if one of its characters stands for no byte.
std::optional<std::string> from_printable(std::string_view token);

}  // namespace ncmlab::bpe
