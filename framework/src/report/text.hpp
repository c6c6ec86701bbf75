// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/printable.hpp"
#include "ncmlab/core/number_text.hpp"

namespace ncmlab {

/// Columns that a terminal needs for a printable text.
int display_width(std::string_view text);

/// The text, or its beginning and `..` when it needs more than `width` columns.
std::string cut_to_width(const std::string& text, int width);

/// Spaces up to `width` columns, behind the text or before it.
std::string pad_right(const std::string& text, int width);
std::string pad_left(const std::string& text, int width);

std::string escape_markdown(std::string_view text);
/// Plain LaTeX text for pdflatex without packages. Code points beyond ASCII and the accented
/// letters of Latin-1 become `U+XXXX` in typewriter face.
std::string escape_latex(std::string_view text);
/// The text with `'` before it where a spreadsheet would take it for a formula: it begins with `=`,
/// `+`, `-`, `@` or one of their full-width forms. Not for numbers.
std::string plain_text_cell(std::string text);
/// One field by RFC 4180; quoted also where a semicolon would divide it in some countries.
std::string quote_csv(std::string_view text);

/// 950, 12.3k, 4.56M, 7.89G.
std::string compact_count(double value);

/// Wilson's 95 % score interval of a proportion measured on `n` > 0 samples.
std::pair<double, double> wilson_interval(double rate, std::int64_t n);

}  // namespace ncmlab
