// SPDX-License-Identifier: Apache-2.0
#include "report/told_apart.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <tuple>

#include "engine/store_path.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/hash.hpp"
#include "ncmlab/core/wording.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

using Parts = std::map<std::string, std::string>;
using Label = std::string CellRecord::*;

constexpr std::array<Label, 4> kAxes = {&CellRecord::task, &CellRecord::model, &CellRecord::attack,
                                        &CellRecord::defense};
constexpr const char* kControl = "none";
/// Between the owner of a part and its name: `task.data`, `task files`.
constexpr const char* kSeparators = ". ";
constexpr std::size_t kMostParts = 4;
constexpr std::size_t kLongestValue = 40;
constexpr std::size_t kDigestDigits = 8;

/// The axis whose label shows a part. What is of no plugin goes to the model: device, software.
Label axis_of(const std::string& part) {
  const std::string_view owner = std::string_view(part).substr(0, part.find_first_of(kSeparators));
  if (owner == "task" || owner == "limit" || owner.starts_with("clean_")) {
    return &CellRecord::task;
  }
  if (owner == "attack" || owner == "surrogate") {
    return &CellRecord::attack;
  }
  return owner == "defense" ? &CellRecord::defense : &CellRecord::model;
}

/// What a reader is told first, from 0 on.
int rank(const std::string& part, const std::vector<const Parts*>& variants) {
  const bool is_everywhere =
      std::ranges::all_of(variants, [&](const Parts* parts) { return parts->contains(part); });
  const bool is_made_of_digests = std::ranges::all_of(variants, [&](const Parts* parts) {
    const auto found = parts->find(part);
    return found == parts->end() || found->second.empty() || is_key_hash(found->second);
  });
  if (!is_made_of_digests) {
    return is_everywhere ? 0 : 1;
  }
  return part.starts_with("software.") ? 3 : part.ends_with(".library") ? 4 : 2;
}

/// `task.format` as `format`, `task files` as `files`, `"devign"` as `devign`, a digest by its
/// first digits, a long value by its end.
std::string shown(const std::string& part, const Parts& parts) {
  const auto found = parts.find(part);
  std::string value = found == parts.end() ? "absent" : found->second;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  if (is_key_hash(value)) {
    value.resize(kDigestDigits);
  }
  if (value.size() > kLongestValue) {
    std::size_t start = value.size() - kLongestValue;
    const auto continues = [&] {
      return (static_cast<unsigned char>(value[start]) & 0xc0) == 0x80;
    };
    while (start < value.size() && continues()) {
      ++start;
    }
    value = "..." + value.substr(start);
  }
  return part.substr(part.find_last_of(kSeparators) + 1) + "=" + value;
}

std::string digest_of(const Parts& parts) {
  Hasher hasher;
  for (const auto& [name, value] : parts) {
    hasher.field(name).field(value);
  }
  return hasher.hex().substr(0, kDigestDigits);
}

/// The parts that differ, those that a reader is told first in front, and no more ranks of them
/// than it takes to tell all variants apart.
std::vector<std::string> telling_parts(const std::vector<const Parts*>& variants) {
  std::map<int, std::vector<std::string>> by_rank;
  std::set<std::string> names;
  for (const Parts* parts : variants) {
    for (const auto& [name, value] : *parts) {
      names.insert(name);
    }
  }
  for (const std::string& name : names) {
    const auto value_in = [&](const Parts* parts) {
      const auto found = parts->find(name);
      return found == parts->end() ? std::string() : "=" + found->second;
    };
    if (std::ranges::any_of(variants, [&](const Parts* parts) {
          return value_in(parts) != value_in(variants.front());
        })) {
      by_rank[rank(name, variants)].push_back(name);
    }
  }
  std::vector<std::string> telling;
  for (const auto& [rank, parts] : by_rank) {
    telling.insert(telling.end(), parts.begin(), parts.end());
    std::set<std::string> texts;
    for (const Parts* variant : variants) {
      std::string text;
      for (const std::string& part : telling) {
        text += shown(part, *variant) + "\n";
      }
      texts.insert(text);
    }
    if (texts.size() == variants.size()) {
      break;
    }
  }
  return telling;
}

/// `max_tokens=256` for each variant, no two the same.
std::vector<std::string> telling_texts(const std::vector<const Parts*>& variants) {
  std::vector<std::string> parts = telling_parts(variants);
  const std::size_t left_out = parts.size() - std::min(parts.size(), kMostParts);
  parts.resize(parts.size() - left_out);
  std::vector<std::string> texts;
  for (const Parts* variant : variants) {
    texts.push_back(
        joined(parts, ",", [&](const std::string& part) { return shown(part, *variant); }));
  }
  const bool are_distinct =
      left_out == 0 && std::set(texts.begin(), texts.end()).size() == texts.size();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!are_distinct) {
      texts[i] += ",configuration=" + digest_of(*variants[i]);
    }
  }
  return texts;
}

/// The records under one label of an axis in one task, by the parts that belong to the axis.
using Variants = std::map<Parts, std::vector<std::size_t>>;

std::map<std::pair<std::string, std::string>, Variants> variants_of(
    const std::vector<CellRecord>& records, Label axis) {
  std::map<std::pair<std::string, std::string>, Variants> groups;
  for (std::size_t i = 0; i < records.size(); ++i) {
    Parts parts;
    for (const auto& part : records[i].configuration) {
      if (axis_of(part.first) == axis) {
        parts.insert(part);
      }
    }
    groups[{records[i].task, records[i].*axis}][std::move(parts)].push_back(i);
  }
  return groups;
}

/// `codebert` as `codebert[TEXT]`, `badcode[rate=0.1]` as `badcode[rate=0.1,TEXT]`.
void add_to_label(std::string& label, const std::string& text) {
  if (label.ends_with(']')) {
    label.back() = ',';
  } else {
    label += '[';
  }
  label += text + "]";
}

void refuse_mixtures(const std::vector<CellRecord>& records) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, const CellRecord*> first;
  for (const CellRecord& record : records) {
    const auto [place, is_new] = first.emplace(
        std::tuple(record.task, record.model, record.attack, record.defense), &record);
    if (!is_new && place->second->configuration != record.configuration) {
      throw Error("usage.conflicting-records",
                  "two records of task `" + record.task + "`, model `" + record.model +
                      "`, attack `" + record.attack + "`, defense `" + record.defense +
                      "` differ not only by their seeds but in " +
                      differing_parts(place->second->configuration, record.configuration),
                  {"report the experiments one at a time"});
    }
  }
}

}  // namespace

std::string differing_parts(const Parts& a, const Parts& b) {
  std::set<std::string> names;
  for (const auto& [parts, others] : {std::pair(&a, &b), std::pair(&b, &a)}) {
    for (const auto& [name, value] : *parts) {
      const auto other = others->find(name);
      if (other == others->end() || other->second != value) {
        names.insert("`" + printable(name) + "`");
      }
    }
  }
  return joined(names, ", ");
}

std::vector<CellRecord> told_apart(std::vector<CellRecord> records) {
  std::vector<std::tuple<std::size_t, Label, std::string>> additions;
  for (const Label axis : kAxes) {
    const bool has_control = axis == &CellRecord::attack || axis == &CellRecord::defense;
    for (const auto& [place, variants] : variants_of(records, axis)) {
      if (variants.size() < 2 || (has_control && place.second == kControl)) {
        continue;
      }
      std::vector<const Parts*> parts;
      for (const auto& [variant, members] : variants) {
        parts.push_back(&variant);
      }
      const std::vector<std::string> texts = telling_texts(parts);
      auto addition = texts.begin();
      for (const auto& [variant, members] : variants) {
        for (const std::size_t member : members) {
          additions.emplace_back(member, axis, *addition);
        }
        ++addition;
      }
    }
  }
  for (const auto& [record, axis, text] : additions) {
    add_to_label(records[record].*axis, text);
  }
  refuse_mixtures(records);
  return records;
}

}  // namespace ncmlab
