// SPDX-License-Identifier: Apache-2.0
#include "config/values.hpp"

#include <algorithm>
#include <cstdlib>

#include "ncmlab/core/ascii.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab::config {
namespace {

constexpr std::size_t kFirstListType = 4;  // of the alternatives of Value

bool takes_list(const Parameter& parameter) {
  return parameter.default_value.index() >= kFirstListType;
}

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

// The replacement of what stands between `${` and `}`.
std::string variable(std::string_view inside, Environment environment) {
  const std::size_t mark = inside.find(":-");
  const std::string name(inside.substr(0, mark));
  if (!is_variable_name(name)) {
    throw Error("config.variable", "`" + name + "` is not the name of a variable",
                {"write `$${` for the characters `${`"});
  }
  const auto value = environment(name);
  const bool has_fallback = mark != std::string_view::npos;
  if (value && !(has_fallback && value->empty())) {
    return *value;
  }
  if (!has_fallback) {
    throw Error("config.variable", "the environment variable `" + name + "` is not set",
                {"set it, or give a fallback: `${" + name + ":-fallback}`"});
  }
  return std::string(inside.substr(mark + 2));
}

std::optional<Value> scalar_of(const toml::node& node, Problems& problems) {
  if (const auto* flag = node.as_boolean()) {
    return Value(flag->get());
  }
  if (const auto* integer = node.as_integer()) {
    return Value(integer->get());
  }
  if (const auto* number = node.as_floating_point()) {
    return Value(number->get());
  }
  if (const auto* text = node.as_string()) {
    try {
      return Value(expand_variables(text->get(), process_environment));
    } catch (const Error& error) {
      const Diagnostic& cause = error.diagnostics().front();
      problems.add(cause.code, cause.message, node.source()).help = cause.help;
      return std::nullopt;
    }
  }
  problems.add("config.wrong-type",
               node.is_table() ? "a table cannot be the value of a parameter"
                               : "dates, times and nested lists cannot be values of a parameter",
               node.source());
  return std::nullopt;
}

template <typename T>
std::optional<std::vector<T>> all_of_type(const std::vector<Value>& items) {
  std::vector<T> result;
  for (const Value& item : items) {
    if (const T* content = std::get_if<T>(&item)) {
      result.push_back(*content);
    } else if (std::is_same_v<T, double> && std::holds_alternative<std::int64_t>(item)) {
      if constexpr (std::is_same_v<T, double>) {
        result.push_back(static_cast<double>(std::get<std::int64_t>(item)));
      }
    } else {
      return std::nullopt;
    }
  }
  return result;
}

std::optional<Value> list_of(const toml::array& array, Problems& problems) {
  std::vector<Value> items;
  for (const toml::node& node : array) {
    auto item = scalar_of(node, problems);
    if (!item) {
      return std::nullopt;
    }
    items.push_back(std::move(*item));
  }
  if (auto integers = all_of_type<std::int64_t>(items)) {
    return Value(std::move(*integers));
  }
  if (auto numbers = all_of_type<double>(items)) {
    return Value(std::move(*numbers));
  }
  if (auto texts = all_of_type<std::string>(items)) {
    return Value(std::move(*texts));
  }
  problems.add("config.wrong-type",
               "the elements of a list must all be integers, numbers or strings", array.source());
  return std::nullopt;
}

}  // namespace

std::string expand_variables(std::string_view text, Environment environment) {
  std::string result;
  while (!text.empty()) {
    const std::size_t start = text.find("${");
    result += text.substr(0, start);
    if (start == std::string_view::npos) {
      break;
    }
    text.remove_prefix(start + 2);
    if (!result.empty() && result.back() == '$' && start > 0) {
      result += "{";
      continue;
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) {
      throw Error("config.variable", "`${` is not closed by `}`",
                  {"write `$${` for the characters `${`"});
    }
    result += variable(text.substr(0, end), environment);
    text.remove_prefix(end + 1);
  }
  return result;
}

std::optional<Value> value_of(const toml::node& node, Problems& problems) {
  const toml::array* array = node.as_array();
  return array != nullptr ? list_of(*array, problems) : scalar_of(node, problems);
}

bool fits(const Parameter& parameter, Value& value, const toml::source_region& place,
          const std::string& owner, Problems& problems) {
  const auto wrong = check(parameter, value);
  if (!wrong) {
    return true;
  }
  const bool right_type = value.index() == parameter.default_value.index();
  Diagnostic& problem = problems.add(right_type ? "config.bad-value" : "config.wrong-type",
                                     "`" + parameter.name + "` of " + owner + " " + *wrong, place);
  if (const auto* text = std::get_if<std::string>(&value); text != nullptr && right_type) {
    problem.help = similar_name("choice", *text, parameter.choices);
  }
  return false;
}

std::vector<Value> alternatives(const Parameter& parameter, const toml::node& node,
                                const std::string& owner, Problems& problems) {
  std::vector<const toml::node*> nodes{&node};
  const toml::array* array = node.as_array();
  const bool is_axis = array != nullptr &&
                       (!takes_list(parameter) || (!array->empty() && array->front().is_array()));
  if (is_axis) {
    nodes.clear();
    for (const toml::node& element : *array) {
      nodes.push_back(&element);
    }
    if (nodes.empty()) {
      problems.add("config.empty-axis",
                   "the list for parameter `" + parameter.name + "` of " + owner + " is empty",
                   node.source());
    }
  }
  std::vector<Value> values;
  for (const toml::node* element : nodes) {
    auto value = value_of(*element, problems);
    if (value && fits(parameter, *value, element->source(), owner, problems)) {
      values.push_back(std::move(*value));
    }
  }
  return values;
}

Settings plain_settings(const std::vector<Parameter>& parameters, const toml::table& table,
                        const std::string& owner, Problems& problems,
                        const std::vector<std::string>& others) {
  Settings settings;
  std::vector<std::string> names = others;
  for (const Parameter& parameter : parameters) {
    names.push_back(parameter.name);
  }
  for (const auto& [key, node] : items_of(table)) {
    const std::string_view name = key->str();
    const auto parameter = std::find_if(parameters.begin(), parameters.end(),
                                        [&](const Parameter& p) { return p.name == name; });
    if (parameter != parameters.end()) {
      auto value = value_of(*node, problems);
      if (value && fits(*parameter, *value, node->source(), owner, problems)) {
        settings.emplace(name, std::move(*value));
      }
    } else if (std::find(others.begin(), others.end(), name) == others.end()) {
      add_unknown_key(*key, "key `" + std::string(name) + "` in " + owner, names, problems);
    }
  }
  return settings;
}

Diagnostic& add_unknown_key(const toml::key& key, const std::string& what,
                            const std::vector<std::string>& candidates, Problems& problems) {
  const std::string_view kind = what.substr(0, what.find(' ')) == "parameter" ? "parameter" : "key";
  Diagnostic& problem = problems.add("config.unknown-key", "unknown " + what, key.source());
  problem.help = similar_name(kind, key.str(), candidates);
  return problem;
}

}  // namespace ncmlab::config
