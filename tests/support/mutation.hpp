// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ncmlab/core/rng.hpp"

namespace ncmlab::testing {

/// How many damaged inputs a test tries: NCMLAB_FUZZ_INPUTS asks for more than the suite takes time
/// for, which is `few`.
inline std::size_t wanted_inputs(std::size_t few) {
  const char* text = std::getenv("NCMLAB_FUZZ_INPUTS");
  return text != nullptr ? std::stoul(text) : few;
}

/// Damages valid inputs of a parser. Same seeds, dictionary and number: same inputs.
class Mutator {
 public:
  /// `dictionary` holds words of the format that are put in here and there.
  Mutator(std::vector<std::string> seeds, std::vector<std::string> dictionary, std::uint64_t number)
      : seeds_(std::move(seeds)), dictionary_(std::move(dictionary)), rng_(number) {}

  /// One of the seeds with one to eight edits; with a single one half of the time.
  std::string next() {
    std::string input = rng_.pick(seeds_);
    for (std::int64_t edits = rng_.between(1, rng_.chance(0.5) ? 1 : 8); edits > 0; --edits) {
      edit(input);
    }
    return input;
  }

 private:
  /// A place in `input`, its end included.
  std::size_t place(const std::string& input) {
    return static_cast<std::size_t>(rng_.between(0, static_cast<std::int64_t>(input.size())));
  }

  /// A range of at most `longest` bytes: begin and length.
  std::pair<std::size_t, std::size_t> range(const std::string& input, std::int64_t longest) {
    const std::size_t begin = place(input);
    const auto room = static_cast<std::int64_t>(input.size() - begin);
    return {begin, static_cast<std::size_t>(rng_.between(0, std::min(room, longest)))};
  }

  void edit(std::string& input) {
    constexpr std::int64_t kLongest = 64;
    const auto [begin, length] = range(input, kLongest);
    switch (rng_.between(0, 9)) {
      case 0:
        return flip_bit(input);
      case 1:
        return overwrite(input, std::string(1, static_cast<char>(rng_.between(0, 255))));
      case 2:
        return overwrite(input, binary_number());
      case 3:
        return replace_digits(input);
      case 4:
        input.erase(begin, length);
        return;
      case 5:
        input.insert(place(input), input.substr(begin, length));
        return;
      case 6:
        input.resize(place(input));
        return;
      case 7:
        if (!dictionary_.empty()) {
          input.insert(begin, rng_.pick(dictionary_));
        }
        return;
      case 8:
        return repeat(input);
      default:
        return splice(input);
    }
  }

  void flip_bit(std::string& input) {
    if (!input.empty()) {
      const std::size_t at = rng_.between(0, static_cast<std::int64_t>(input.size()) - 1);
      input[at] = static_cast<char>(input[at] ^ 1 << rng_.between(0, 7));
    }
  }

  void overwrite(std::string& input, const std::string& bytes) {
    const std::size_t at = place(input);
    input.replace(at, std::min(bytes.size(), input.size() - at), bytes);
  }

  /// A number at the edge of some type, little-endian, of 2, 4 or 8 bytes.
  std::string binary_number() {
    const std::uint64_t value = edge();
    const auto size = std::size_t{2} << rng_.between(0, 2);
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) {
      bytes += static_cast<char>(value >> (8 * i) & 0xFF);
    }
    return bytes;
  }

  std::uint64_t edge() {
    const std::uint64_t power = std::uint64_t{1} << rng_.between(0, 63);
    const std::vector<std::uint64_t> choices = {0,         1,      power,     power - 1,
                                                power + 1, ~power, ~power + 1};
    return rng_.pick(choices);
  }

  /// Puts another number in the place of a decimal one.
  void replace_digits(std::string& input) {
    constexpr std::string_view kDigits = "0123456789";
    std::size_t begin = input.find_first_of(kDigits, place(input));
    if (begin == std::string::npos) {
      begin = input.find_first_of(kDigits);
    }
    if (begin != std::string::npos) {
      const std::size_t end = std::min(input.find_first_not_of(kDigits, begin), input.size());
      const std::string sign = rng_.chance(0.1) ? "-" : "";
      input.replace(begin, end - begin, sign + std::to_string(edge()));
    }
  }

  /// A short piece many times over, as nesting and long lists need it.
  void repeat(std::string& input) {
    const auto [begin, length] = range(input, 8);
    const std::string piece = input.substr(begin, length);
    std::string many;
    for (std::int64_t count = rng_.between(1, 200); count > 0; --count) {
      many += piece;
    }
    input.insert(begin, many);
  }

  /// The end of another seed behind the beginning of this one.
  void splice(std::string& input) {
    const std::string& other = rng_.pick(seeds_);
    const std::size_t from = place(other);
    input.resize(place(input));
    input += other.substr(from);
  }

  std::vector<std::string> seeds_, dictionary_;
  Rng rng_;
};

}  // namespace ncmlab::testing
