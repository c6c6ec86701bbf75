// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ncmlab {

/// The fields of a `config.json`, checked before memory is reserved on their word. A field that
/// is absent or null leaves its value as it is. Throws Error `checkpoint.bad-config`.
class ConfigFields {
 public:
  /// Sizes beyond these are taken for damage.
  static constexpr std::int64_t kLargestVocabulary = 10'000'000;
  static constexpr std::int64_t kLargestWidth = 65'536;
  static constexpr std::int64_t kLargestDepth = 1'000;
  static constexpr std::int64_t kLargestPosition = 10'000'000;

  /// `origin` names the file and `model` the kind of model (`RoBERTa`) in errors; `model_type` is
  /// the one that the file must have.
  ConfigFields(std::string_view json, std::string_view origin, std::string model,
               const std::string& model_type);

  const nlohmann::ordered_json& json() const { return json_; }
  bool has(const char* name) const { return json_.contains(name) && !json_[name].is_null(); }
  [[noreturn]] void fail(const std::string& what) const;

  /// A whole number from 1 to `highest`.
  void required(const char* name, std::int64_t& value, std::int64_t highest) const;
  void optional(const char* name, std::int64_t& value, std::int64_t lowest,
                std::int64_t highest) const;
  /// A number from 0 to below `highest`.
  void optional(const char* name, double& value, double highest) const;
  void optional(const char* name, bool& value) const;
  std::string one_of(const char* name, std::string fallback,
                     const std::vector<std::string>& choices) const;

 private:
  nlohmann::ordered_json json_;
  std::string origin_, model_;
};

}  // namespace ncmlab
