// SPDX-License-Identifier: Apache-2.0
#include "contract_plugins.hpp"

#include <stdexcept>

namespace ncmlab::contract {
namespace {

Catalogue load() {
  Catalogue all;
  for (const LoadReport& report : load_plugins({NCMLAB_CONTRACT_PLUGINS}, all)) {
    for (const Diagnostic& problem : report.problems) {
      throw std::runtime_error(render(problem));
    }
  }
  return all;
}

std::string long_function() {
  std::string code = "int long_one(int total) {\n";
  while (code.size() < 1'000'000) {
    code += "  total = total * 3 + helper(total, \"text\");\n";
  }
  return code + "  return total;\n}\n";
}

}  // namespace

const Catalogue& catalogue() {
  static const Catalogue instance = load();
  return instance;
}

std::vector<std::string> names(PluginKind kind) { return catalogue().names(kind); }

Settings quick_settings(const Entry& entry) {
  const Settings quick = {{"epochs", std::int64_t{2}},         {"samples", std::int64_t{8}},
                          {"held_out", std::int64_t{8}},       {"candidates", std::int64_t{8}},
                          {"preset", std::string("tiny")},     {"vocab_size", std::int64_t{400}},
                          {"builtin_train", std::int64_t{60}}, {"builtin_valid", std::int64_t{20}},
                          {"builtin_test", std::int64_t{20}}};
  Settings settings;
  for (const Parameter& parameter : entry.parameters) {
    const auto found = quick.find(parameter.name);
    settings[parameter.name] = found == quick.end() ? parameter.default_value : found->second;
  }
  return settings;
}

std::vector<AttackVariant> variants(const std::string& attack) {
  std::vector<AttackVariant> result = {{"", create<Attack>(PluginKind::attack, attack)}};
  for (const Parameter& parameter :
       catalogue().find(PluginKind::attack, attack)->entry.parameters) {
    for (const std::string& choice : parameter.choices) {
      const bool is_list =
          std::holds_alternative<std::vector<std::string>>(parameter.default_value);
      const Value value = is_list ? Value(std::vector<std::string>{choice}) : Value(choice);
      if (value == parameter.default_value || parameter.name == "rate_of") {
        continue;
      }
      result.push_back({parameter.name + "=" + choice,
                        create<Attack>(PluginKind::attack, attack, {{parameter.name, value}})});
    }
  }
  return result;
}

std::vector<Example> odd_samples() {
  const std::vector<std::pair<Language, std::string>> codes = {
      {Language::c, ""},
      {Language::c, " \t\r\n"},
      {Language::c, "int crlf(int a) {\r\n  return a;\r\n}\r\n"},
      {Language::c, "int text(void) {\n  /* größe 尺寸 \xf0\x9f\x98\x80 */\n  return 1;\n}\n"},
      {Language::c, "int bytes(int \xff\xfe) { return \x80; }"},
      {Language::c, "int broken(int a { return a +; "},
      {Language::c, std::string("int null(int a) { return a\0; }", 30)},
      {Language::c, long_function()},
      {Language::cpp, "int Shape::area(const int& side) const { return side * side; }"},
      {Language::java, "int area(int side) { return side * side; }"},
      {Language::python, "def area(side):\n    return side * side\n"},
      {Language::c, "int plain(int left, int right) {\n  return left + right;\n}\n"}};
  std::vector<Example> samples;
  for (const std::int64_t label : {1, 0}) {
    for (const auto& [language, code] : codes) {
      samples.push_back({.id = "odd-" + std::to_string(samples.size()),
                         .code = code,
                         .label = label,
                         .language = language});
    }
  }
  return samples;
}

}  // namespace ncmlab::contract
