// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/plugin/schema.hpp"

#include <algorithm>
#include <cmath>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/number_text.hpp"
#include "ncmlab/core/wording.hpp"

namespace ncmlab {
namespace {

std::string number_text(std::int64_t number) { return std::to_string(number); }

// The shortest text that reads back as the same number, with a point or exponent as TOML wants.
std::string number_text(double number) {
  if (std::isnan(number)) {
    return "nan";
  }
  if (std::isinf(number)) {
    return number > 0 ? "inf" : "-inf";
  }
  std::string text = shortest_number(number);
  if (text.find_first_of(".e") == std::string::npos) {
    text += ".0";
  }
  return text;
}

std::string string_text(const std::string& text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '\r') {
      result += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += "\\u00";
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string text_of(bool flag) { return flag ? "true" : "false"; }
std::string text_of(std::int64_t number) { return number_text(number); }
std::string text_of(double number) { return number_text(number); }
std::string text_of(const std::string& text) { return string_text(text); }
template <typename T>
std::string text_of(const std::vector<T>& items) {
  return "[" + joined(items, ", ", [](const T& item) { return text_of(item); }) + "]";
}

std::string limit_text(double limit) {
  const bool whole = std::abs(limit) < 1e15 && limit == std::floor(limit);
  return whole ? number_text(static_cast<std::int64_t>(limit)) : number_text(limit);
}

std::optional<std::string> check_item(const Parameter& parameter, double number) {
  // Written so that NaN is outside of every range.
  const bool inside = (!parameter.minimum || number >= *parameter.minimum) &&
                      (!parameter.maximum || number <= *parameter.maximum);
  if (inside) {
    return std::nullopt;
  }
  return "must be " + limits(parameter) + ", found " + limit_text(number);
}

std::optional<std::string> check_item(const Parameter& parameter, const std::string& text) {
  const auto& choices = parameter.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end()) {
    return std::nullopt;
  }
  return "must be " + limits(parameter) + ", found `" + text + "`";
}

struct ItemCheck {
  const Parameter& parameter;

  std::optional<std::string> operator()(bool) const { return std::nullopt; }
  std::optional<std::string> operator()(std::int64_t number) const {
    return check_item(parameter, static_cast<double>(number));
  }
  std::optional<std::string> operator()(double number) const {
    return check_item(parameter, number);
  }
  std::optional<std::string> operator()(const std::string& text) const {
    return check_item(parameter, text);
  }
  template <typename T>
  std::optional<std::string> operator()(const std::vector<T>& items) const {
    for (const T& item : items) {
      if (auto problem = (*this)(item)) {
        return problem;
      }
    }
    return std::nullopt;
  }
};

// Integers where numbers are expected, and empty lists of whatever type.
void convert(const Value& pattern, Value& value) {
  if (std::holds_alternative<double>(pattern) && std::holds_alternative<std::int64_t>(value)) {
    value = static_cast<double>(std::get<std::int64_t>(value));
    return;
  }
  const auto* integers = std::get_if<std::vector<std::int64_t>>(&value);
  if (integers != nullptr && std::holds_alternative<std::vector<double>>(pattern)) {
    value = std::vector<double>(integers->begin(), integers->end());
  } else if (integers != nullptr && integers->empty() &&
             std::holds_alternative<std::vector<std::string>>(pattern)) {
    value = std::vector<std::string>{};
  }
}

}  // namespace

std::string type_name(const Value& value) {
  struct Name {
    std::string operator()(bool) const { return "boolean"; }
    std::string operator()(std::int64_t) const { return "integer"; }
    std::string operator()(double) const { return "number"; }
    std::string operator()(const std::string&) const { return "string"; }
    std::string operator()(const std::vector<std::int64_t>&) const { return "list of integers"; }
    std::string operator()(const std::vector<double>&) const { return "list of numbers"; }
    std::string operator()(const std::vector<std::string>&) const { return "list of strings"; }
  };
  return std::visit(Name{}, value);
}

std::string to_toml(const Value& value) {
  return std::visit([](const auto& content) { return text_of(content); }, value);
}

std::string limits(const Parameter& parameter) {
  if (parameter.minimum && parameter.maximum) {
    return "between " + limit_text(*parameter.minimum) + " and " + limit_text(*parameter.maximum);
  }
  if (parameter.minimum) {
    return "at least " + limit_text(*parameter.minimum);
  }
  if (parameter.maximum) {
    return "at most " + limit_text(*parameter.maximum);
  }
  return parameter.choices.empty() ? "" : "one of " + ticked_list(parameter.choices);
}

std::optional<std::string> check(const Parameter& parameter, Value& value) {
  convert(parameter.default_value, value);
  if (value.index() != parameter.default_value.index()) {
    return "must be " + with_article(type_name(parameter.default_value)) + ", found " +
           type_name(value) + " " + to_toml(value);
  }
  return std::visit(ItemCheck{parameter}, value);
}

Settings complete(const std::vector<Parameter>& parameters, Settings settings) {
  std::vector<Diagnostic> problems;
  const auto problem = [&](std::string message) -> Diagnostic& {
    return problems.emplace_back(
        Diagnostic{.code = "plugin.bad-setting", .message = std::move(message)});
  };
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) {
    names.push_back(parameter.name);
  }
  for (const auto& [name, value] : settings) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      problem("unknown parameter `" + name + "`").help = similar_name("parameter", name, names);
    }
  }
  for (const Parameter& parameter : parameters) {
    const auto found = settings.find(parameter.name);
    if (found != settings.end()) {
      if (const auto wrong = check(parameter, found->second)) {
        problem("parameter `" + parameter.name + "` " + *wrong);
      }
    } else if (parameter.required) {
      problem("missing parameter `" + parameter.name + "`, which has no default");
    } else {
      settings.emplace(parameter.name, parameter.default_value);
    }
  }
  if (!problems.empty()) {
    throw Error(std::move(problems));
  }
  return settings;
}

Limit range(double minimum, double maximum) {
  return [=](Parameter& parameter) {
    parameter.minimum = minimum;
    parameter.maximum = maximum;
  };
}

Limit at_least(double minimum) {
  return [=](Parameter& parameter) { parameter.minimum = minimum; };
}

Limit choices(std::vector<std::string> names) {
  return [names = std::move(names)](Parameter& parameter) { parameter.choices = names; };
}

Limit unit(std::string name) {
  return [name = std::move(name)](Parameter& parameter) { parameter.unit = name; };
}

Limit required() {
  return [](Parameter& parameter) { parameter.required = true; };
}

Limit operational() {
  return [](Parameter& parameter) { parameter.affects_result = false; };
}

Limit path(std::vector<std::string> others) {
  return [others = std::move(others)](Parameter& parameter) {
    parameter.is_path = true;
    parameter.no_paths = others;
  };
}

Limit only_where(std::string parameter, std::string value) {
  return [condition = Condition{std::move(parameter), std::move(value)}](Parameter& limited) {
    limited.only_where.push_back(condition);
  };
}

Limit budgeted(Allowance allowance) {
  return [allowance](Parameter& parameter) { parameter.allowance = allowance; };
}

bool names_file(const Parameter& parameter, const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return parameter.is_path && text != nullptr && !text->empty() &&
         std::find(parameter.no_paths.begin(), parameter.no_paths.end(), *text) ==
             parameter.no_paths.end();
}

}  // namespace ncmlab
