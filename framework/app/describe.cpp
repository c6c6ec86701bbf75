// SPDX-License-Identifier: Apache-2.0
#include "describe.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/printable.hpp"
#include "plugin/value_json.hpp"

namespace ncmlab::app {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string kind_of(const LoadedPlugin& plugin) {
  return std::string(to_string(plugin.entry.kind));
}

Json json_of(const Parameter& parameter) {
  Json json{{"name", parameter.name},
            {"type", type_name(parameter.default_value)},
            {"doc", parameter.doc},
            {"required", parameter.required}};
  if (!parameter.required) {
    json["default"] = value_to_json<Json>(parameter.default_value);
  }
  if (parameter.minimum) {
    json["minimum"] = *parameter.minimum;
  }
  if (parameter.maximum) {
    json["maximum"] = *parameter.maximum;
  }
  if (!parameter.choices.empty()) {
    json["choices"] = parameter.choices;
  }
  if (!parameter.unit.empty()) {
    json["unit"] = parameter.unit;
  }
  json["affects_result"] = parameter.affects_result;
  json["path"] = parameter.is_path;
  if (parameter.allowance) {
    json["budget"] = to_string(*parameter.allowance);
  }
  for (const Condition& condition : parameter.only_where) {
    json["only_where"][condition.parameter] = condition.value;
  }
  return json;
}

Json header_json(const LoadedPlugin& plugin) {
  const Entry& entry = plugin.entry;
  return {{"kind", kind_of(plugin)},          {"name", entry.name},
          {"version", entry.version},         {"summary", entry.summary},
          {"reference", entry.reference},     {"file", plugin.file.string()},
          {"file_digest", plugin.file_digest}};
}

std::string default_text(const Parameter& parameter) {
  return parameter.required ? "required" : to_toml(parameter.default_value);
}

// Type, limits and unit: `number, between 0 and 1`.
std::string type_text(const Parameter& parameter) {
  std::string text = type_name(parameter.default_value);
  const std::string limit = limits(parameter);
  if (!limit.empty()) {
    text += ", " + limit;
  }
  if (!parameter.unit.empty()) {
    text += ", in " + parameter.unit;
  }
  if (parameter.allowance) {
    text += ", or the budget's " + std::string(to_string(*parameter.allowance));
  }
  return text;
}

std::string markdown_cell(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c == '|' ? std::string("\\|") : c == '\n' ? std::string(" ") : std::string(1, c);
  }
  return result;
}

// Code points, so that columns with non-ASCII text stay straight.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

}  // namespace

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width(row[i]));
    }
  }
  std::string result;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  return result;
}

std::string list_as_text(const std::vector<const LoadedPlugin*>& plugins) {
  std::vector<std::vector<std::string>> rows{{"KIND", "NAME", "VERSION", "SUMMARY"}};
  for (const LoadedPlugin* plugin : plugins) {
    rows.push_back({kind_of(*plugin), plugin->entry.name, printable(plugin->entry.version),
                    printable(plugin->entry.summary)});
  }
  return aligned(rows);
}

std::string list_as_json(const std::vector<const LoadedPlugin*>& plugins) {
  Json json = Json::array();
  for (const LoadedPlugin* plugin : plugins) {
    json.push_back(header_json(*plugin));
  }
  return dump(json);
}

std::string describe_as_text(const LoadedPlugin& plugin) {
  const Entry& entry = plugin.entry;
  std::string text = kind_of(plugin) + "/" + entry.name + " " + entry.version + "\n" +
                     entry.summary + "\n\nReference: " + entry.reference +
                     "\nFile: " + plugin.file.string() + "\n";
  if (entry.parameters.empty()) {
    return printable_lines(text + "\nNo parameters.\n");
  }
  text += "\nParameters:\n";
  for (const Parameter& parameter : entry.parameters) {
    text += "  " + parameter.name + " = " + default_text(parameter) + "    (" +
            type_text(parameter) + ")\n      " + parameter.doc + "\n";
  }
  return printable_lines(text);
}

std::string describe_as_json(const LoadedPlugin& plugin) {
  Json json = header_json(plugin);
  json["parameters"] = Json::array();
  for (const Parameter& parameter : plugin.entry.parameters) {
    json["parameters"].push_back(json_of(parameter));
  }
  return dump(json);
}

std::string describe_as_markdown(const LoadedPlugin& plugin) {
  const Entry& entry = plugin.entry;
  std::string text = "## " + kind_of(plugin) + "/" + entry.name + "\n\n" + entry.summary +
                     "\n\nReference: " + entry.reference + "\n";
  if (entry.parameters.empty()) {
    return text + "\nNo parameters.\n";
  }
  text += "\n| parameter | type | default | meaning |\n|---|---|---|---|\n";
  for (const Parameter& parameter : entry.parameters) {
    const std::string value =
        parameter.required ? "required" : "`" + to_toml(parameter.default_value) + "`";
    text += "| `" + parameter.name + "` | " + markdown_cell(type_text(parameter)) + " | " +
            markdown_cell(value) + " | " + markdown_cell(parameter.doc) + " |\n";
  }
  return text;
}

namespace {

/// Whether a parameter has an effect where all others are at their defaults.
bool has_effect(const Parameter& parameter, const std::vector<Parameter>& all) {
  return std::all_of(
      parameter.only_where.begin(), parameter.only_where.end(), [&](const Condition& condition) {
        return std::any_of(all.begin(), all.end(), [&](const Parameter& other) {
          return other.name == condition.parameter && other.default_value == Value(condition.value);
        });
      });
}

}  // namespace

std::string describe_as_toml(const LoadedPlugin& plugin) {
  const Entry& entry = plugin.entry;
  std::string text = "# " + entry.summary + "\n[[" + kind_of(plugin) +
                     "]]\nplugin = " + to_toml(Value(entry.name)) + "\n";
  for (const Parameter& parameter : entry.parameters) {
    text += "# " + parameter.doc + " (" + type_text(parameter) +
            (parameter.required ? ", required" : "") + ")\n" +
            (has_effect(parameter, entry.parameters) && !parameter.allowance ? "" : "# ") +
            parameter.name + " = " + to_toml(parameter.default_value) + "\n";
  }
  return text;
}

}  // namespace ncmlab::app
