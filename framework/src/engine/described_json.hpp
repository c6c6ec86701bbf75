// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/json_number.hpp"
#include "ncmlab/core/enum_names.hpp"

namespace ncmlab {

/// The JSON form of a type: `write` makes it, `read` takes it and throws nlohmann::json::exception
/// for whatever is not of the type. A struct is an object of the members that
/// BOOST_DESCRIBE_STRUCT names; an optional among them is left out where it is empty.
///
/// Not NLOHMANN_DEFINE_TYPE_*: it reads by json's get(), which makes integers of fractions and
/// booleans, and it has no form for infinities and optionals.
template <typename T>
struct JsonForm;

template <typename T>
nlohmann::json json_of(const T& value) {
  return JsonForm<T>::write(value);
}

template <typename T>
T value_of(const nlohmann::json& json) {
  return JsonForm<T>::read(json);
}

template <>
struct JsonForm<bool> {
  static nlohmann::json write(bool value) { return value; }
  static bool read(const nlohmann::json& json) { return json.get<bool>(); }
};

template <>
struct JsonForm<std::string> {
  static nlohmann::json write(const std::string& value) { return value; }
  static std::string read(const nlohmann::json& json) { return json.get<std::string>(); }
};

template <>
struct JsonForm<double> {
  static nlohmann::json write(double value) { return number_to_json(value); }
  static double read(const nlohmann::json& json) { return number_from_json(json); }
};

template <>
struct JsonForm<std::int64_t> {
  static nlohmann::json write(std::int64_t value) { return value; }
  static std::int64_t read(const nlohmann::json& json) { return integer_from_json(json); }
};

template <>
struct JsonForm<std::size_t> {
  static nlohmann::json write(std::size_t value) { return value; }
  static std::size_t read(const nlohmann::json& json) {
    return json.get_ref<const nlohmann::json::number_unsigned_t&>();
  }
};

template <NamedEnum E>
struct JsonForm<E> {
  static nlohmann::json write(E value) { return std::string(to_string(value)); }
  static E read(const nlohmann::json& json) {
    const auto value = from_string<E>(json.get_ref<const std::string&>());
    if (!value) {
      throw nlohmann::json::type_error::create(
          302, "expected " + listed_names<E>() + ", found " + json.dump(), &json);
    }
    return *value;
  }
};

/// By itself, an optional that is empty is null.
template <typename T>
struct JsonForm<std::optional<T>> {
  static nlohmann::json write(const std::optional<T>& value) {
    return value ? json_of(*value) : nlohmann::json();
  }
  static std::optional<T> read(const nlohmann::json& json) {
    return json.is_null() ? std::nullopt : std::optional(value_of<T>(json));
  }
};

template <typename T>
struct JsonForm<std::vector<T>> {
  static nlohmann::json write(const std::vector<T>& items) {
    nlohmann::json array = nlohmann::json::array();
    for (const T& item : items) {
      array.push_back(json_of(item));
    }
    return array;
  }
  static std::vector<T> read(const nlohmann::json& json) {
    std::vector<T> items;
    for (const nlohmann::json& item : json.get_ref<const nlohmann::json::array_t&>()) {
      items.push_back(value_of<T>(item));
    }
    return items;
  }
};

template <typename T>
struct JsonForm<std::set<T>> {
  static nlohmann::json write(const std::set<T>& items) {
    return json_of(std::vector<T>(items.begin(), items.end()));
  }
  static std::set<T> read(const nlohmann::json& json) {
    const std::vector<T> items = value_of<std::vector<T>>(json);
    return {items.begin(), items.end()};
  }
};

template <typename T>
struct JsonForm<std::map<std::string, T>> {
  static nlohmann::json write(const std::map<std::string, T>& items) {
    nlohmann::json object = nlohmann::json::object();
    for (const auto& [name, item] : items) {
      object[name] = json_of(item);
    }
    return object;
  }
  static std::map<std::string, T> read(const nlohmann::json& json) {
    std::map<std::string, T> items;
    for (const auto& [name, item] : json.get_ref<const nlohmann::json::object_t&>()) {
      items[name] = value_of<T>(item);
    }
    return items;
  }
};

template <typename T>
constexpr bool kIsOptional = false;
template <typename T>
constexpr bool kIsOptional<std::optional<T>> = true;

/// Whether a struct leaves out its described lists where they are empty.
template <typename T>
constexpr bool kOmitsEmptyLists = false;

template <typename T>
constexpr bool kIsList = false;
template <typename T>
constexpr bool kIsList<std::vector<T>> = true;

/// The described members alone, for a struct whose other members have a form of their own.
template <typename T>
struct DescribedForm {
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

  static nlohmann::json write(const T& value) {
    nlohmann::json object = nlohmann::json::object();
    boost::mp11::mp_for_each<Members>([&](auto member) {
      const auto& held = value.*member.pointer;
      if constexpr (kIsOptional<std::remove_cvref_t<decltype(held)>>) {
        if (held) {
          object[member.name] = json_of(*held);
        }
      } else if (!is_left_out(held)) {
        object[member.name] = json_of(held);
      }
    });
    return object;
  }
  static T read(const nlohmann::json& json) {
    T value{};
    boost::mp11::mp_for_each<Members>([&](auto member) {
      auto& held = value.*member.pointer;
      using Held = std::remove_cvref_t<decltype(held)>;
      if constexpr (kIsOptional<Held>) {
        if (json.contains(member.name)) {
          held = value_of<typename Held::value_type>(json.at(member.name));
        }
      } else if (!is_left_out(held) || json.contains(member.name)) {
        held = value_of<Held>(json.at(member.name));
      }
    });
    return value;
  }

 private:
  template <typename Held>
  static bool is_left_out(const Held& held) {
    if constexpr (kIsList<Held>) {
      return kOmitsEmptyLists<T> && held.empty();
    }
    return false;
  }
};

template <typename T>
requires boost::describe::has_describe_members<T>::value struct JsonForm<T> : DescribedForm<T> {
};

}  // namespace ncmlab
