// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// What a parameter can hold.
using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                           std::vector<double>, std::vector<std::string>>;

/// The values of a plugin's parameters by name.
using Settings = std::map<std::string, Value, std::less<>>;

/// What another parameter, a string, must be for a parameter to have an effect.
struct Condition {
  std::string parameter;
  std::string value;
};

/// What `[defense_budget]` of an experiment allows every defense the same of, by the names of its
/// keys, see DefenseBudget.
enum class Allowance { steps, batch_size, learning_rates, poison_share };

constexpr auto enum_names(Allowance) {
  using enum Allowance;
  return std::to_array<EnumName<Allowance>>({{steps, "steps"},
                                             {batch_size, "batch_size"},
                                             {learning_rates, "learning_rates"},
                                             {poison_share, "poison_share"}});
}

/// One parameter of a plugin: what `plugins describe` prints and what validation checks.
struct Parameter {
  std::string name;
  std::string doc;      ///< one sentence that ends with a period
  Value default_value;  ///< its alternative is the parameter's type
  bool required = false;
  std::optional<double> minimum = std::nullopt, maximum = std::nullopt;  ///< of each number
  std::vector<std::string> choices = {};                                 ///< of each string
  std::string unit = {};
  bool affects_result = true;                         ///< false: not part of cache keys
  bool is_path = false;                               ///< see path()
  std::vector<std::string> no_paths = {};             ///< values of a path that name no file
  std::vector<Condition> only_where = {};             ///< without effect unless all hold
  std::optional<Allowance> allowance = std::nullopt;  ///< see budgeted()
};

/// `boolean`, `integer`, `number`, `string`, `list of ...`.
std::string type_name(const Value& value);
/// TOML notation: `0.05`, `"rb"`, `["a", "b"]`.
std::string to_toml(const Value& value);
/// What a value of the parameter must be besides its type: `between 0 and 1`, `at least 1`,
/// "one of `a`, `b`", or nothing.
std::string limits(const Parameter& parameter);
/// What is wrong with `value` for `parameter` (type, range, choice), or nothing. An integer is
/// accepted where a number is expected; `value` is then converted.
std::optional<std::string> check(const Parameter& parameter, Value& value);
/// The settings with every missing parameter at its default. Throws Error `plugin.bad-setting`
/// that lists all unknown names, wrong values and missing required parameters.
Settings complete(const std::vector<Parameter>& parameters, Settings settings);

/// A limit on a parameter; made by range(), choices(), unit(), required(), operational(), path(),
/// only_where() and budgeted().
using Limit = std::function<void(Parameter&)>;
Limit range(double minimum, double maximum);
Limit at_least(double minimum);
Limit choices(std::vector<std::string> names);
Limit unit(std::string name);
Limit required();
/// The parameter changes how the work is done, not what comes out of it.
Limit operational();
/// The parameter is the path of a file or folder, unless it is empty or one of `others`. Relative
/// paths start at the folder of the experiment file. Where the plugin has a data_fingerprint(), the
/// keys of results hold that and not the path, so that data can be moved.
Limit path(std::vector<std::string> others = {});
/// The parameter has an effect only where `parameter`, a string, is `value`: an experiment that
/// sets it elsewhere is refused.
Limit only_where(std::string parameter, std::string value);

/// Of a defense: where the experiment has a `[defense_budget]` and the defense's table does not set
/// the parameter, the budget's allowance stands in its place (DefenseContext::budget), and the
/// parameter's value has no effect. A table that sets it departs from the budget, which its rows
/// say.
Limit budgeted(Allowance allowance);

/// Whether `value` of `parameter` is the path of a file or folder.
bool names_file(const Parameter& parameter, const Value& value);

template <typename T>
concept ParameterValue =
    std::same_as<T, bool> || std::same_as<T, std::int64_t> || std::same_as<T, double> ||
    std::same_as<T, std::string> || std::same_as<T, std::vector<std::int64_t>> ||
    std::same_as<T, std::vector<double>> || std::same_as<T, std::vector<std::string>>;

/// What the values of an enum are called where they have no names of their own.
template <typename E>
using ValueNames = std::vector<std::pair<E, std::string>>;

/// The parameters of a plugin, bound to the members of its config struct, whose member
/// initialisers are the defaults. A member may be one that Config inherits.
template <typename Config>
class Schema {
 public:
  template <ParameterValue T, typename Owner, std::convertible_to<Limit>... Limits>
  requires std::derived_from<Config, Owner> Schema &&
      field(std::string name, T Owner::*member, std::string doc, Limits... limits) && {
    add(std::move(name), Config{}.*member, std::move(doc), {Limit(limits)...},
        [member](Config& config, const Value& value) { config.*member = std::get<T>(value); });
    return std::move(*this);
  }

  /// An enum: to the outside a string, one of the enum's names or of those that choices() leaves.
  template <NamedEnum E, typename Owner, std::convertible_to<Limit>... Limits>
  requires std::derived_from<Config, Owner> Schema &&
      field(std::string name, E Owner::*member, std::string doc, Limits... limits) && {
    ValueNames<E> names;
    for (const auto& [value, text] : enum_names(E{})) {
      names.emplace_back(value, text);
    }
    return std::move(*this).field(std::move(name), member, std::move(doc), std::move(names),
                                  std::move(limits)...);
  }

  /// An enum that is called by these `names`.
  template <typename E, typename Owner, std::convertible_to<Limit>... Limits>
  requires std::derived_from<Config, Owner> Schema &&
      field(std::string name, E Owner::*member, std::string doc,
            std::type_identity_t<ValueNames<E>> names, Limits... limits) && {
    using Pair = std::pair<E, std::string>;
    std::vector<std::string> all;
    std::ranges::transform(names, std::back_inserter(all), &Pair::second);
    const auto initial = std::ranges::find(names, Config{}.*member, &Pair::first);
    add(std::move(name), initial->second, std::move(doc),
        {choices(std::move(all)), Limit(limits)...},
        [member, names](Config& config, const Value& value) {
          config.*member =
              std::ranges::find(names, std::get<std::string>(value), &Pair::second)->first;
        });
    return std::move(*this);
  }

  /// A list of enums: to the outside of strings.
  template <NamedEnum E, typename Owner, std::convertible_to<Limit>... Limits>
  requires std::derived_from<Config, Owner> Schema &&
      field(std::string name, std::vector<E> Owner::*member, std::string doc, Limits... limits) && {
    const Config defaults{};
    std::vector<std::string> initial;
    for (const E value : defaults.*member) {
      initial.emplace_back(to_string(value));
    }
    add(std::move(name), std::move(initial), std::move(doc),
        {choices(all_names<E>()), Limit(limits)...}, [member](Config& config, const Value& value) {
          (config.*member).clear();
          for (const std::string& each : std::get<std::vector<std::string>>(value)) {
            (config.*member).push_back(*from_string<E>(each));
          }
        });
    return std::move(*this);
  }

  const std::vector<Parameter>& parameters() const { return parameters_; }

  /// The config struct of `settings`, which are completed and checked first.
  Config bind(const Settings& settings) const {
    const Settings all = complete(parameters_, settings);
    Config config;
    for (const auto& [name, assign] : assignments_) {
      assign(config, all.at(name));
    }
    return config;
  }

 private:
  using Assignment = std::function<void(Config&, const Value&)>;

  void add(std::string name, Value initial, std::string doc, const std::vector<Limit>& limits,
           Assignment assign) {
    Parameter parameter{.name = name, .doc = std::move(doc), .default_value = std::move(initial)};
    for (const Limit& limit : limits) {
      limit(parameter);
    }
    parameters_.push_back(std::move(parameter));
    assignments_.emplace_back(std::move(name), std::move(assign));
  }

  std::vector<Parameter> parameters_;
  std::vector<std::pair<std::string, Assignment>> assignments_;
};

}  // namespace ncmlab
