// SPDX-License-Identifier: Apache-2.0
#include "tokenize/normalizer.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tokenize/unicode.hpp"

namespace ncmlab::bpe {
namespace {

ByteRange source_of(const NormalizedText& input, std::size_t begin, std::size_t end) {
  return {input.sources[begin].begin, input.sources[end - 1].end};
}

NormalizedText lowercase(const NormalizedText& input) {
  const bool with_sources = !input.sources.empty();
  NormalizedText output;
  output.text.reserve(input.text.size());
  output.sources.reserve(input.sources.size());
  for (std::size_t at = 0; at < input.text.size();) {
    const CodePoint code_point = decode_utf8(input.text, at);
    const std::size_t old_size = output.text.size();
    if (code_point.value < 0x80) {
      const bool upper = code_point.value >= 'A' && code_point.value <= 'Z';
      output.text += static_cast<char>(upper ? code_point.value + ('a' - 'A') : code_point.value);
    } else if (code_point.value == kInvalidByte) {
      output.text += input.text[at];
    } else {
      append_lower(code_point.value, output.text);
    }
    if (with_sources && output.text.size() - old_size == code_point.size) {
      output.sources.insert(output.sources.end(), input.sources.begin() + at,
                            input.sources.begin() + at + code_point.size);
    } else if (with_sources) {
      output.sources.resize(output.text.size(), source_of(input, at, at + code_point.size));
    }
    at += code_point.size;
  }
  return output;
}

/// A decomposed code point and the bytes of the original it came from.
struct Sourced {
  utf8proc_int32_t value;
  ByteRange source;
};

bool is_starter(utf8proc_int32_t value) {
  return utf8proc_get_property(value)->combining_class == 0;
}

/// Characters that Unicode 12.1 to 15 added with a decomposition. Hugging Face's tokenizers, whose
/// tables are older, leave them as they are.
bool is_newer(char32_t value) {
  constexpr std::array<std::pair<char32_t, char32_t>, 8> kNewer = {{{0x32FF, 0x32FF},
                                                                    {0xA7F2, 0xA7F4},
                                                                    {0xAB69, 0xAB69},
                                                                    {0x10780, 0x107BA},
                                                                    {0x11938, 0x11938},
                                                                    {0x1E030, 0x1E06D},
                                                                    {0x1F16C, 0x1F16C},
                                                                    {0x1FBF0, 0x1FBF9}}};
  return std::any_of(kNewer.begin(), kNewer.end(), [&](const auto& range) {
    return range.first <= value && value <= range.second;
  });
}

void append_decomposed(char32_t value, bool compatibility, ByteRange source,
                       std::vector<Sourced>& output) {
  if (is_newer(value)) {
    output.push_back({static_cast<utf8proc_int32_t>(value), source});
    return;
  }
  constexpr int kLongest = 32;
  std::array<utf8proc_int32_t, kLongest> parts;
  int boundary = 0;
  const int options = UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0);
  const auto count =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(value), parts.data(), kLongest,
                              static_cast<utf8proc_option_t>(options), &boundary);
  for (int i = 0; i < count; ++i) {
    output.push_back({parts[i], source});
  }
}

/// Canonical order: marks after a starter sorted by their combining class.
void sort_marks(std::vector<Sourced>& decomposed) {
  const auto combining_class = [](const Sourced& item) {
    return utf8proc_get_property(item.value)->combining_class;
  };
  for (auto begin = decomposed.begin(); begin != decomposed.end();) {
    if (is_starter(begin->value)) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, decomposed.end(),
                                  [](const Sourced& item) { return is_starter(item.value); });
    std::stable_sort(begin, end, [&](const Sourced& left, const Sourced& right) {
      return combining_class(left) < combining_class(right);
    });
    begin = end;
  }
}

std::vector<utf8proc_int32_t> compose(const std::vector<Sourced>& items, std::size_t begin,
                                      std::size_t end) {
  std::vector<utf8proc_int32_t> values;
  for (std::size_t i = begin; i < end; ++i) {
    values.push_back(items[i].value);
  }
  const auto size =
      utf8proc_normalize_utf32(values.data(), static_cast<utf8proc_ssize_t>(values.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  values.resize(static_cast<std::size_t>(size));
  return values;
}

/// The end of the code points from `begin` on that compose with each other: a starter, its marks,
/// and further starters (Hangul vowels, Indic vowel signs) as long as they are absorbed.
std::size_t composed_end(const std::vector<Sourced>& items, std::size_t begin) {
  const auto next_starter = [&](std::size_t at) {
    while (at < items.size() && !is_starter(items[at].value)) {
      ++at;
    }
    return at;
  };
  std::size_t end = next_starter(begin + 1);
  while (end < items.size() && items[end].value >= 0x80) {
    const std::size_t longer = next_starter(end + 1);
    if (compose(items, begin, longer).size() ==
        compose(items, begin, end).size() + compose(items, end, longer).size()) {
      break;
    }
    end = longer;
  }
  return end;
}

void append_items(const std::vector<Sourced>& items, bool composed, bool with_sources,
                  NormalizedText& output) {
  const auto append = [&](utf8proc_int32_t value, ByteRange source) {
    append_utf8(static_cast<char32_t>(value), output.text);
    if (with_sources) {
      output.sources.resize(output.text.size(), source);
    }
  };
  for (std::size_t begin = 0; begin < items.size();) {
    const std::size_t end = composed ? composed_end(items, begin) : begin + 1;
    ByteRange source = items[begin].source;
    for (std::size_t i = begin; i < end; ++i) {
      source.begin = std::min(source.begin, items[i].source.begin);
      source.end = std::max(source.end, items[i].source.end);
    }
    if (end == begin + 1) {
      append(items[begin].value, source);
    } else {
      for (const utf8proc_int32_t value : compose(items, begin, end)) {
        append(value, source);
      }
    }
    begin = end;
  }
}

/// Normal forms of Unicode. ASCII is inert under all four and is never absorbed by what precedes
/// it, so only the stretches from the last ASCII character before a non-ASCII run are worked on.
NormalizedText normal_form(const NormalizedText& input, bool compatibility, bool composed) {
  const bool with_sources = !input.sources.empty();
  NormalizedText output;
  output.text.reserve(input.text.size());
  std::vector<Sourced> items;
  const auto flush = [&] {
    sort_marks(items);
    append_items(items, composed, with_sources, output);
    items.clear();
  };
  for (std::size_t at = 0; at < input.text.size();) {
    const CodePoint code_point = decode_utf8(input.text, at);
    const ByteRange source =
        with_sources ? source_of(input, at, at + code_point.size) : ByteRange{};
    if (code_point.value < 0x80) {
      flush();
      items.push_back({static_cast<utf8proc_int32_t>(code_point.value), source});
    } else if (code_point.value == kInvalidByte) {
      flush();
      output.text += input.text[at];
      if (with_sources) {
        output.sources.push_back(source);
      }
    } else {
      append_decomposed(code_point.value, compatibility, source, items);
    }
    at += code_point.size;
  }
  flush();
  return output;
}

NormalizedText apply(const NormalizedText& input, NormalizerStep step) {
  switch (step) {
    case NormalizerStep::lowercase:
      return lowercase(input);
    case NormalizerStep::nfc:
      return normal_form(input, false, true);
    case NormalizerStep::nfd:
      return normal_form(input, false, false);
    case NormalizerStep::nfkc:
      return normal_form(input, true, true);
    case NormalizerStep::nfkd:
      return normal_form(input, true, false);
  }
  return input;
}

}  // namespace

NormalizedText normalize(std::string_view text, const std::vector<NormalizerStep>& steps,
                         bool with_sources) {
  NormalizedText result{std::string(text), {}};
  if (with_sources) {
    result.sources.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
      result.sources.push_back({i, i + 1});
    }
  }
  for (const NormalizerStep step : steps) {
    result = apply(result, step);
  }
  return result;
}

}  // namespace ncmlab::bpe
