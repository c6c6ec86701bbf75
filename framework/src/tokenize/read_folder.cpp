// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <system_error>

#include "tokenize/json_file.hpp"
#include "tokenize/read_vocabulary.hpp"
#include "tokenize/tokenizer_spec.hpp"

namespace ncmlab::bpe {
namespace {

/// In the order in which Hugging Face's transformers give new ids.
constexpr std::array<const char*, 7> kRoles = {"bos_token", "eos_token", "unk_token", "sep_token",
                                               "pad_token", "cls_token", "mask_token"};

bool is_there(const std::filesystem::path& file) {
  std::error_code unreadable_counts_as_absent;
  return std::filesystem::exists(file, unreadable_counts_as_absent);
}

/// What a role is filled with where no file names it: RoBERTa's tokens, or those of the GPT-2
/// family.
std::string default_content(std::string_view tokenizer_class, std::string_view role) {
  if (tokenizer_class.starts_with("GPT2") || tokenizer_class.starts_with("CodeGen")) {
    const bool has_one = role == "bos_token" || role == "eos_token" || role == "unk_token";
    return has_one ? "<|endoftext|>" : "";
  }
  const SpecialNames names;
  const std::pair<std::string_view, const std::string*> defaults[] = {
      {"bos_token", &names.bos},  {"eos_token", &names.eos}, {"unk_token", &names.unk},
      {"sep_token", &names.eos},  {"pad_token", &names.pad}, {"cls_token", &names.bos},
      {"mask_token", &names.mask}};
  const auto* found =
      std::ranges::find(defaults, role, &std::pair<std::string_view, const std::string*>::first);
  return *found->second;
}

/// What the small files beside a vocabulary say.
struct Settings {
  std::string tokenizer_class;
  /// Roles that a file names; empty content: it says null, the role has no token.
  std::map<std::string, AddedToken> by_role;
  std::vector<AddedToken> additional;
  std::vector<AddedToken> with_ids;
  std::optional<bool> add_prefix_space;
};

/// A token given as a string or as an object with its flags.
AddedToken read_token(const JsonValue& value, bool lstrip_by_default) {
  AddedToken token;
  token.special = true;
  token.lstrip = lstrip_by_default;
  if (value.is_string()) {
    token.content = value.text();
    return token;
  }
  token.content = value.at("content").text();
  token.single_word = value.flag_or("single_word", false);
  token.lstrip = value.flag_or("lstrip", false);
  token.rstrip = value.flag_or("rstrip", false);
  token.normalized = value.flag_or("normalized", false);
  return token;
}

void read_decoder_table(const JsonValue& table, Settings& settings) {
  for (const auto& [key, unused] : table.json().items()) {
    const JsonValue entry = table.at(key);
    AddedToken token = read_token(entry, false);
    token.special = entry.flag_or("special", false);
    token.normalized = entry.flag_or("normalized", !token.special);
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), token.id);
    if (error != std::errc{} || end != key.data() + key.size()) {
      entry.fail("tokenizer.bad-id", "expected an id as key, found `" + key + "`");
    }
    settings.with_ids.push_back(std::move(token));
  }
}

/// Returns whether the file holds `added_tokens_decoder`.
bool read_settings(const std::filesystem::path& path, Settings& settings) {
  const JsonFile file(path);
  const JsonValue root(file);
  settings.tokenizer_class = root.text_or("tokenizer_class", settings.tokenizer_class);
  for (const char* role : kRoles) {
    if (const auto value = root.find(role)) {
      settings.by_role[role] = read_token(*value, std::string_view(role) == "mask_token");
    } else if (file.root().contains(role)) {
      settings.by_role[role] = {};
    }
  }
  if (const auto additional = root.find("additional_special_tokens")) {
    settings.additional.clear();
    for (const JsonValue& value : additional->elements()) {
      settings.additional.push_back(read_token(value, false));
    }
  }
  if (root.find("add_prefix_space")) {
    settings.add_prefix_space = root.flag_or("add_prefix_space", false);
  }
  const auto table = root.find("added_tokens_decoder");
  if (table) {
    read_decoder_table(*table, settings);
  }
  return table.has_value();
}

void read_added_tokens(const std::filesystem::path& path, Settings& settings) {
  const JsonFile file(path);
  for (const auto& [content, unused] : file.root().items()) {
    AddedToken token;
    token.content = content;
    token.id = JsonValue(file).at(content).integer();
    token.normalized = std::ranges::none_of(
        settings.by_role, [&](const auto& role) { return role.second.content == token.content; });
    settings.with_ids.push_back(std::move(token));
  }
}

Settings read_all_settings(const std::filesystem::path& folder) {
  Settings settings;
  // As in transformers, a config with a table of all added tokens makes the two files before its
  // time count no more.
  const bool is_complete = is_there(folder / "tokenizer_config.json") &&
                           read_settings(folder / "tokenizer_config.json", settings);
  if (!is_complete && is_there(folder / "special_tokens_map.json")) {
    read_settings(folder / "special_tokens_map.json", settings);
  }
  if (!is_complete && is_there(folder / "added_tokens.json")) {
    read_added_tokens(folder / "added_tokens.json", settings);
  }
  std::stable_sort(settings.with_ids.begin(), settings.with_ids.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  return settings;
}

void take_names(const Settings& settings, SpecialNames& names) {
  const auto take = [&](const char* role, const char* fallback, std::string& name) {
    for (const char* candidate : {role, fallback}) {
      const auto entry = settings.by_role.find(candidate);
      if (entry != settings.by_role.end() && !entry->second.content.empty()) {
        name = entry->second.content;
        return;
      }
    }
  };
  take("bos_token", "cls_token", names.bos);
  take("eos_token", "sep_token", names.eos);
  take("pad_token", "pad_token", names.pad);
  take("unk_token", "unk_token", names.unk);
  take("mask_token", "mask_token", names.mask);
}

void put_added_token(AddedToken token, TokenizerSpec& spec) {
  if (token.content.empty()) {
    return;
  }
  token.id = id_for_added(spec, token.content);
  for (AddedToken& known : spec.added_tokens) {
    if (known.content == token.content) {
      token.special = token.special || known.special;
      known = std::move(token);
      return;
    }
  }
  spec.added_tokens.push_back(std::move(token));
}

void put_unless_known(AddedToken token, TokenizerSpec& spec) {
  const auto known = std::ranges::find(spec.added_tokens, token.content, &AddedToken::content);
  if (known == spec.added_tokens.end()) {
    put_added_token(std::move(token), spec);
  } else {
    known->special = true;
  }
}

/// Adds the token of a role: what a file says, or else the default of the tokenizer's class if the
/// vocabulary has it. A default has its own flags, whatever the table of added tokens says.
void put_role(const std::string& role, const Settings& settings, TokenizerSpec& spec) {
  if (const auto named = settings.by_role.find(role); named != settings.by_role.end()) {
    put_unless_known(named->second, spec);
    return;
  }
  AddedToken token;
  token.content = default_content(settings.tokenizer_class, role);
  token.special = true;
  token.lstrip = role == "mask_token";
  const bool has_role = std::ranges::any_of(
      settings.by_role, [&](const auto& other) { return other.second.content == token.content; });
  if (!has_role && spec.vocabulary.find(token.content)) {
    put_added_token(std::move(token), spec);
  }
}

void add_tokens(const std::filesystem::path& folder, Settings settings, TokenizerSpec& spec) {
  // Tokens with ids of their own first: the ids of the others follow theirs.
  for (const AddedToken& token : settings.with_ids) {
    if (const std::int64_t id = id_for_added(spec, token.content); id != token.id) {
      throw Error("tokenizer.bad-id",
                  "`" + folder.string() + "` gives the added token `" + token.content +
                      "` the id " + std::to_string(token.id) + ", but " +
                      (spec.vocabulary.find(token.content) ? "its vocabulary says "
                                                           : "the next free id is ") +
                      std::to_string(id),
                  {"make `added_tokens.json` and `tokenizer_config.json` agree with `vocab.json`"});
    }
    put_added_token(token, spec);
  }
  for (const char* role : kRoles) {
    put_role(role, settings, spec);
  }
  for (AddedToken& token : settings.additional) {
    put_unless_known(std::move(token), spec);
  }
}

TokenizerSpec read_two_files(const std::filesystem::path& folder, const Settings& settings) {
  for (const char* name : {"vocab.json", "merges.txt"}) {
    if (!is_there(folder / name)) {
      throw Error("tokenizer.missing-file",
                  "no tokenizer in `" + folder.string() + "`: `" + name + "` is not there",
                  {"put `tokenizer.json`, or `vocab.json` and `merges.txt`, into the folder"});
    }
  }
  TokenizerSpec spec;
  const JsonFile vocabulary(folder / "vocab.json");
  spec.vocabulary = read_vocabulary(vocabulary, {}, vocabulary.root());
  spec.merges = read_merges_txt(folder / "merges.txt", spec.vocabulary);
  spec.add_prefix_space = settings.add_prefix_space.value_or(false);
  add_tokens(folder, settings, spec);
  return spec;
}

}  // namespace

TokenizerSpec read_folder(const std::filesystem::path& folder) {
  const Settings settings = read_all_settings(folder);
  TokenizerSpec spec = is_there(folder / "tokenizer.json")
                           ? read_tokenizer_json(folder / "tokenizer.json")
                           : read_two_files(folder, settings);
  take_names(settings, spec.names);
  return spec;
}

}  // namespace ncmlab::bpe
