// SPDX-License-Identifier: Apache-2.0
#include "weights/safetensors_header.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "ncmlab/core/ascii.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "weights/shape_text.hpp"
#include "weights/weight_readers.hpp"

namespace ncmlab {
namespace {

using Json = nlohmann::json;

/// Bits of an element of the types that safetensors has beside those that ncmlab computes with.
constexpr std::pair<std::string_view, std::uint64_t> kForeignBits[] = {
    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"F8_E5M2", 8},
    {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
    {"U16", 16},    {"U32", 32},    {"U64", 64},        {"C64", 64}};

/// Whether a type that is not known looks like one that a later safetensors might add.
bool may_be_type(std::string_view name) {
  constexpr std::size_t kLongest = 24;
  return !name.empty() && name.size() <= kLongest && is_upper(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_upper(c) || is_digit(c) || c == '_'; });
}

/// Bits of one element; nothing for a type that is not known.
std::optional<std::uint64_t> element_bits(const SafetensorsEntry& entry) {
  if (entry.foreign_type.empty()) {
    return 8 * c10::elementSize(entry.type);
  }
  const auto* found = std::ranges::find(kForeignBits, entry.foreign_type,
                                        &std::pair<std::string_view, std::uint64_t>::first);
  return found == std::end(kForeignBits) ? std::nullopt : std::optional(found->second);
}

/// Turns the events of the JSON parser into entries. Anything that has no place in a header ends
/// the parsing at once, so that nothing is built for it.
class HeaderReader final : public Json::json_sax_t {
 public:
  explicit HeaderReader(std::string_view header) : size_(header.size()) {}

  std::vector<SafetensorsEntry> entries;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string problem;

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    return unexpected("a number with a fraction");
  }
  bool binary(binary_t&) override { return unexpected("bytes"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ == Place::shape && value <= std::uint64_t{INT64_MAX} &&
        entry().shape.size() < kMostDimensions) {
      entry().shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (place_ == Place::offsets && offsets_ < 2) {
      (offsets_++ == 0 ? entry().begin : entry().end) = value;
      return true;
    }
    return unexpected("the number " + std::to_string(value));
  }

  bool string(string_t& value) override {
    if (place_ == Place::metadata) {
      metadata.emplace_back(std::move(field_), std::move(value));
      return true;
    }
    if (place_ != Place::tensor || field_ != "dtype") {
      return unexpected("a string");
    }
    const auto* found = std::ranges::find(kSafetensorsTypes, value,
                                          &std::pair<std::string_view, at::ScalarType>::first);
    if (found != std::end(kSafetensorsTypes)) {
      entry().type = found->second;
    } else if (may_be_type(value)) {
      entry().foreign_type = std::move(value);
    } else {
      return fail("tensor `" + entry().name + "` has the impossible dtype `" + value + "`");
    }
    return true;
  }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::before:
        place_ = Place::header;
        return true;
      case Place::header:
        seen_ = 0;
        place_ = is_metadata_ ? Place::metadata : Place::tensor;
        return true;
      default:
        return unexpected("an object");
    }
  }

  bool key(string_t& name) override {
    if (place_ == Place::header) {
      is_metadata_ = name == "__metadata__";
      if (!is_metadata_) {
        entries.push_back({.name = name, .foreign_type = {}, .shape = {}});
      }
      return true;
    }
    if (place_ == Place::metadata) {
      field_ = name;
    }
    if (place_ == Place::tensor) {
      field_ = name;
      const unsigned bit = name == "dtype"          ? 1
                           : name == "shape"        ? 2
                           : name == "data_offsets" ? 4
                                                    : 0;
      if (bit == 0 || (seen_ & bit) != 0) {
        return fail("tensor `" + entry().name + "` has the field `" + name + "` twice or in vain");
      }
      seen_ |= bit;
    }
    return true;
  }

  bool end_object() override {
    constexpr unsigned kAllFields = 7;
    if (place_ == Place::tensor && seen_ != kAllFields) {
      return fail("tensor `" + entry().name + "` lacks `dtype`, `shape` or `data_offsets`");
    }
    place_ = place_ == Place::header ? Place::after : Place::header;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::tensor && field_ != "dtype") {
      place_ = field_ == "shape" ? Place::shape : Place::offsets;
      offsets_ = 0;
      return true;
    }
    return unexpected("an array");
  }

  bool end_array() override {
    if (place_ == Place::offsets && offsets_ != 2) {
      return fail("tensor `" + entry().name + "` needs two `data_offsets`");
    }
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return fail("its header is not a JSON object: see byte " + std::to_string(position) + " of " +
                std::to_string(size_));
  }

 private:
  enum class Place { before, header, metadata, tensor, shape, offsets, after };

  SafetensorsEntry& entry() { return entries.back(); }
  bool fail(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool unexpected(const std::string& what) {
    return fail(place_ == Place::before ? "its header is not a JSON object"
                : entries.empty()
                    ? "its header holds " + what + " out of place"
                    : "tensor `" + entry().name + "` holds " + what + " out of place");
  }

  std::size_t size_;
  Place place_ = Place::before;
  bool is_metadata_ = false;
  std::string field_;
  unsigned seen_ = 0;
  int offsets_ = 0;
};

/// What is wrong with the shape and the bytes of one tensor; empty if nothing.
std::string misfit(const SafetensorsEntry& entry) {
  const std::string tensor = "tensor `" + entry.name + "` of shape " + shape_text(entry.shape);
  const std::string found =
      "those from " + std::to_string(entry.begin) + " to " + std::to_string(entry.end);
  const std::optional<std::uint64_t> bits = element_bits(entry);
  // A zero extent must not hide others whose product no tensor can have.
  std::uint64_t span = bits.value_or(1);
  bool empty = false;
  for (const std::int64_t extent : entry.shape) {
    empty = empty || extent == 0;
    const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(extent, 1));
    if (__builtin_mul_overflow(span, count, &span) || span > std::uint64_t{INT64_MAX}) {
      return "tensor `" + entry.name + "` has the impossible shape " + shape_text(entry.shape);
    }
  }
  if (!bits) {
    return entry.end < entry.begin ? tensor + " has an impossible range of bytes, " + found
                                   : std::string();
  }
  constexpr std::uint64_t kBitsPerByte = 8;
  const std::uint64_t expected = empty ? 0 : span / kBitsPerByte;
  if (!empty && span % kBitsPerByte != 0) {
    return tensor + " ends within a byte";
  }
  if (entry.end < entry.begin || entry.end - entry.begin != expected) {
    return tensor + " needs " + std::to_string(expected) + " bytes, but has " + found;
  }
  return {};
}

/// What is wrong with how the tensors, sorted by their data, share the data section.
std::string bad_layout(const std::vector<SafetensorsEntry>& entries, std::uint64_t data_size) {
  std::uint64_t at = 0;
  for (const SafetensorsEntry& entry : entries) {
    if (entry.begin != at) {
      return "tensor `" + entry.name + "` begins at byte " + std::to_string(entry.begin) +
             ", but the one before it ends at byte " + std::to_string(at);
    }
    at = entry.end;
  }
  return at == data_size ? std::string()
                         : "its tensors take " + std::to_string(at) + " bytes, but it has " +
                               std::to_string(data_size);
}

std::string repeated_name(const std::vector<SafetensorsEntry>& entries) {
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const SafetensorsEntry& entry : entries) {
    names.emplace_back(entry.name);
  }
  std::ranges::sort(names);
  const auto twin = std::ranges::adjacent_find(names);
  return twin == names.end() ? std::string()
                             : "two tensors are called `" + std::string(*twin) + "`";
}

/// The metadata that gives tensors further names.
std::vector<std::pair<std::string, std::string>> other_names(HeaderReader& reader) {
  std::vector<std::string_view> names;
  for (const SafetensorsEntry& entry : reader.entries) {
    names.emplace_back(entry.name);
  }
  std::ranges::sort(names);
  auto& pairs = reader.metadata;
  std::erase_if(pairs, [&](const auto& pair) {
    return std::ranges::binary_search(names, std::string_view(pair.first)) ||
           !std::ranges::binary_search(names, std::string_view(pair.second));
  });
  // Of a name that is given twice the last counts, as in any JSON reader.
  std::ranges::stable_sort(pairs, {}, &std::pair<std::string, std::string>::first);
  const auto begin = std::unique(pairs.rbegin(), pairs.rend(),
                                 [](const auto& a, const auto& b) { return a.first == b.first; });
  pairs.erase(pairs.begin(), begin.base());
  return std::move(pairs);
}

}  // namespace

SafetensorsHeader read_safetensors_header(FileReader& file) {
  constexpr std::uint64_t kPrefix = 8;
  const std::string prefix = file.read(0, kPrefix, "the header's length");
  const std::uint64_t length = little_endian(prefix.data(), kPrefix);
  const std::string header = file.read(kPrefix, length, "the header");
  const std::uint64_t data = kPrefix + length;
  HeaderReader reader(header);
  Json::sax_parse(header, &reader);
  const auto check = [&](const std::string& problem) {
    if (!problem.empty()) {
      throw Error("checkpoint.bad-safetensors",
                  "`" + file.path().string() + "` is not valid safetensors: " + problem,
                  {"copy or download the file again"});
    }
  };
  check(reader.problem);
  check(repeated_name(reader.entries));
  for (const SafetensorsEntry& entry : reader.entries) {
    check(misfit(entry));
  }
  std::ranges::stable_sort(reader.entries, {}, [](const SafetensorsEntry& entry) {
    return std::pair(entry.begin, entry.end);
  });
  check(bad_layout(reader.entries, file.size() - data));
  auto names = other_names(reader);
  return {std::move(reader.entries), std::move(names), data};
}

}  // namespace ncmlab
