// SPDX-License-Identifier: Apache-2.0
#include "networks/config_fields.hpp"

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/json_depth.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab {

ConfigFields::ConfigFields(std::string_view json, std::string_view origin, std::string model,
                           const std::string& model_type)
    : origin_(origin), model_(std::move(model)) {
  if (const std::string deep = too_deep_json(json); !deep.empty()) {
    fail(deep);
  }
  json_ = nlohmann::ordered_json::parse(json, nullptr, false);
  if (!json_.is_object()) {
    fail("it is not a JSON object");
  }
  if (!json_.contains("model_type")) {
    fail("`model_type` is missing");
  }
  one_of("model_type", "", {model_type});
}

void ConfigFields::fail(const std::string& what) const {
  throw Error("checkpoint.bad-config",
              "`" + origin_ + "` describes no " + model_ + " model: " + what);
}

void ConfigFields::required(const char* name, std::int64_t& value, std::int64_t highest) const {
  if (!json_.contains(name)) {
    fail("`" + std::string(name) + "` is missing");
  }
  optional(name, value, 1, highest);
}

void ConfigFields::optional(const char* name, std::int64_t& value, std::int64_t lowest,
                            std::int64_t highest) const {
  if (!has(name)) {
    return;
  }
  if (!json_[name].is_number_integer() || json_[name].get<std::int64_t>() < lowest ||
      json_[name].get<std::int64_t>() > highest) {
    fail("`" + std::string(name) + "` should be a whole number from " + std::to_string(lowest) +
         " to " + std::to_string(highest) + ", but is " + json_[name].dump());
  }
  value = json_[name].get<std::int64_t>();
}

void ConfigFields::optional(const char* name, double& value, double highest) const {
  if (!has(name)) {
    return;
  }
  if (!json_[name].is_number() || !(json_[name].get<double>() >= 0) ||
      !(json_[name].get<double>() < highest)) {
    fail("`" + std::string(name) + "` should be a number from 0 to below " +
         std::to_string(highest) + ", but is " + json_[name].dump());
  }
  value = json_[name].get<double>();
}

void ConfigFields::optional(const char* name, bool& value) const {
  if (!has(name)) {
    return;
  }
  if (!json_[name].is_boolean()) {
    fail("`" + std::string(name) + "` should be true or false, but is " + json_[name].dump());
  }
  value = json_[name].get<bool>();
}

std::string ConfigFields::one_of(const char* name, std::string fallback,
                                 const std::vector<std::string>& choices) const {
  if (!has(name)) {
    return fallback;
  }
  for (const std::string& choice : choices) {
    if (json_[name] == choice) {
      return choice;
    }
  }
  fail("`" + std::string(name) + "` should be " + ticked_list(choices, " or ") + ", but is " +
       json_[name].dump());
}

}  // namespace ncmlab
