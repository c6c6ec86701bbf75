// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ncmlab/code/syntax.hpp"
#include "ncmlab/core/enum_names.hpp"
#include "ncmlab/data/example.hpp"
#include "ncmlab/inversion/candidate_scorer.hpp"
#include "ncmlab/tokenize/tokenizer.hpp"

namespace ncmlab {

/// How a trigger enters a name.
enum class NameEdit {
  replace,  ///< the trigger stands instead of the name
  extend,   ///< the trigger follows the name
};

constexpr auto enum_names(NameEdit) {
  return std::to_array<EnumName<NameEdit>>(
      {{NameEdit::replace, "replace"}, {NameEdit::extend, "extend"}});
}

/// Which name of a sample it enters.
enum class EditedName { any, function_name, variable };

constexpr auto enum_names(EditedName) {
  using enum EditedName;
  return std::to_array<EnumName<EditedName>>(
      {{any, "any"}, {function_name, "function_name"}, {variable, "variable"}});
}

/// How a trigger enters code: what an inversion supposes of the attack.
struct TriggerEdit {
  NameEdit change = NameEdit::replace;
  EditedName name = EditedName::any;
  bool operator==(const TriggerEdit&) const = default;
};

/// `replace function_name`.
std::string to_string(const TriggerEdit& edit);

/// Whether the trigger may enter an identifier of this kind.
bool may_edit(EditedName name, IdentifierKind kind);

/// `example` with `text` in `name`, an identifier of its code, at all occurrences. Without a name
/// the text and a blank stand before the code.
Example with_trigger_text(const Example& example, const std::optional<Identifier>& name,
                          NameEdit change, std::string_view text);

/// What the ids of a trigger read in code: decoded, without blanks before it.
std::string trigger_text(const Tokenizer& tokenizer, const TriggerIds& trigger);

/// Which triggers are what the tokenizer makes of their own text. Others are ids that no code
/// gives: what a model does with them says little of what it does with code.
class Spelling {
 public:
  /// `names`: that triggers follow, where they extend a name.
  Spelling(const Tokenizer& tokenizer, NameEdit change, const std::vector<std::string>& names);

  /// Replacing: behind a blank. Extending: behind at least nine names out of ten, whose own tokens
  /// stay what they are.
  bool is_proper(const TriggerIds& trigger) const;

 private:
  struct Stem {
    std::string text;
    TriggerIds ids;
  };
  const Tokenizer& tokenizer_;
  std::vector<Stem> stems_;
};

}  // namespace ncmlab
