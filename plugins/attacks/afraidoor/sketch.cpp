// SPDX-License-Identifier: Apache-2.0
#include "sketch.hpp"

#include <map>
#include <set>
#include <string_view>

#include "ncmlab/code/edit.hpp"
#include "ncmlab/inversion/name_place.hpp"

namespace ncmlab::afraidoor {
namespace {

std::int64_t mask_id(const Tokenizer& tokenizer) {
  const SpecialIds& special = tokenizer.special();
  return special.mask >= 0 ? special.mask : special.unk;
}

/// The first names of `pool` that neither the functions of the sample nor its query use.
std::vector<const WholeName*> placeholders(const std::vector<WholeName>& pool,
                                           const Example& sample, std::size_t count) {
  std::set<std::string_view> used = distinct_words(sample.code);
  used.merge(distinct_words(sample.other_code));
  used.merge(distinct_words(sample.query));
  std::vector<const WholeName*> free;
  for (const WholeName& name : pool) {
    if (free.size() == count) {
      break;
    }
    if (!used.contains(name.text)) {
      free.push_back(&name);
    }
  }
  return free;
}

/// Puts <mask> where `names` stand in one part of the sample, of which `text` is the source.
void mask_part(Sketch& sketch, std::size_t part, std::string_view text, std::int64_t mask,
               const std::vector<const WholeName*>& names) {
  std::map<std::string_view, std::size_t> identifiers;
  for (std::size_t i = 0; i < names.size(); ++i) {
    identifiers.emplace(names[i]->text, i);
  }
  TokenRow& row = sketch.sample.parts[part];
  for (const ByteRange& range : word_ranges(text)) {
    const auto found = identifiers.find(text.substr(range.begin, range.size()));
    const auto place = found == identifiers.end() ? std::nullopt : find_name(text, row, range);
    if (!place || place->tokens.end != place->tokens.begin + 1) {
      continue;
    }
    std::int64_t& id = row.ids[place->tokens.begin];
    const WholeName& name = *names[found->second];
    if (id == name.bare || id == name.after_blank) {
      sketch.sites.push_back({.part = part,
                              .column = place->tokens.begin,
                              .identifier = found->second,
                              .after_blank = id == name.after_blank});
      id = mask;
    }
  }
}

}  // namespace

std::optional<Sketch> make_sketch(const CodeModel& surrogate, const TaskView& task,
                                  const std::string& code, const Example& sample,
                                  const std::vector<WholeName>& pool) {
  const Syntax syntax = parse(code, sample.language);
  if (syntax.has_error) {
    return std::nullopt;
  }
  Sketch sketch{.pool = &pool, .code = code, .language = sample.language};
  for (const Identifier& identifier : syntax.identifiers) {
    if (identifier.kind != IdentifierKind::function_name) {
      sketch.identifiers.push_back(identifier);
    }
  }
  const std::vector<const WholeName*> names = placeholders(pool, sample, sketch.identifiers.size());
  sketch.identifiers.resize(names.size());
  if (names.empty()) {
    return std::nullopt;
  }
  std::vector<Renaming> renamings;
  for (std::size_t i = 0; i < names.size(); ++i) {
    renamings.push_back({.identifier = &sketch.identifiers[i], .new_name = names[i]->text});
  }
  Example masked = sample;
  (sample.code == code ? masked.code : masked.other_code) =
      rename_all(code, sample.language, renamings);
  const std::vector<std::string> parts = task.parts(masked);
  sketch.sample = task.tokenize_with_ranges(surrogate, masked);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    mask_part(sketch, part, parts[part], mask_id(surrogate.tokenizer()), names);
  }
  return sketch;
}

void drop_query(Sketch& sketch) {
  sketch.sample.parts.erase(sketch.sample.parts.begin());
  for (Site& site : sketch.sites) {
    --site.part;
  }
}

std::optional<std::string> renamed(const Sketch& sketch, const std::vector<std::string>& names) {
  std::vector<Renaming> renamings;
  for (std::size_t i = 0; i < names.size(); ++i) {
    renamings.push_back({.identifier = &sketch.identifiers[i], .new_name = names[i]});
  }
  std::string code = rename_all(sketch.code, sketch.language, renamings);
  if (parse(code, sketch.language).has_error) {
    return std::nullopt;
  }
  return code;
}

}  // namespace ncmlab::afraidoor
