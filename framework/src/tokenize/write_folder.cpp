// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "ncmlab/core/files.hpp"
#include "tokenize/engine.hpp"

namespace ncmlab::bpe {
namespace {

using nlohmann::ordered_json;

std::string quoted(const std::string& text) { return ordered_json(text).dump(); }

/// One entry a line, by id; built as text because an ordered JSON object is slow to fill.
std::string vocabulary_text(const Vocabulary& vocabulary) {
  std::string text = "{";
  for (std::int64_t id = 0; id < vocabulary.id_limit(); ++id) {
    if (const std::string* token = vocabulary.token(id); token != nullptr) {
      text += text.size() > 1 ? ",\n" : "\n";
      text += quoted(*token) + ": " + std::to_string(id);
    }
  }
  return text + "\n}";
}

std::string merges_json_text(const BpeModel& model) {
  const Vocabulary& vocabulary = model.vocabulary();
  const auto has_blank = [&](std::int64_t id) {
    return vocabulary.token(id)->find(' ') != std::string::npos;
  };
  const bool as_pairs = std::any_of(
      model.merges().begin(), model.merges().end(),
      [&](const Merge& merge) { return has_blank(merge.left) || has_blank(merge.right); });
  std::string text = "[";
  for (const Merge& merge : model.merges()) {
    const std::string& left = *vocabulary.token(merge.left);
    const std::string& right = *vocabulary.token(merge.right);
    text += text.size() > 1 ? ",\n" : "\n";
    text += as_pairs ? "[" + quoted(left) + ", " + quoted(right) + "]" : quoted(left + " " + right);
  }
  return text + "\n]";
}

ordered_json token_json(const AddedToken& token) {
  return {{"content", token.content},       {"single_word", token.single_word},
          {"lstrip", token.lstrip},         {"rstrip", token.rstrip},
          {"normalized", token.normalized}, {"special", token.special}};
}

ordered_json added_tokens_json(const Engine& engine) {
  std::vector<AddedToken> tokens = engine.added_tokens();
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  ordered_json list = ordered_json::array();
  for (const AddedToken& token : tokens) {
    ordered_json entry = {{"id", token.id}};
    entry.update(token_json(token));
    list.push_back(std::move(entry));
  }
  return list;
}

ordered_json normalizer_json(const Engine& engine) {
  ordered_json steps = ordered_json::array();
  for (const NormalizerStep step : engine.normalizer()) {
    steps.push_back({{"type", std::string(to_string(step))}});
  }
  return steps.empty()       ? ordered_json()
         : steps.size() == 1 ? steps.front()
                             : ordered_json{{"type", "Sequence"}, {"normalizers", steps}};
}

ordered_json post_processor_json(const Engine& engine) {
  const SpecialIds& ids = engine.special();
  if (ids.bos < 0 || ids.eos < 0) {
    return nullptr;
  }
  return {{"type", "RobertaProcessing"},
          {"sep", ordered_json::array({engine.names().eos, ids.eos})},
          {"cls", ordered_json::array({engine.names().bos, ids.bos})},
          {"trim_offsets", true},
          {"add_prefix_space", engine.add_prefix_space()}};
}

ordered_json byte_level_json(const Engine& engine) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", engine.add_prefix_space()},
          {"trim_offsets", true},
          {"use_regex", engine.split_words()}};
}

std::string model_text(const BpeModel& model) {
  const BpeOptions& options = model.options();
  const ordered_json settings = {
      {"type", "BPE"},
      {"dropout", nullptr},
      {"unk_token", options.unk_token ? ordered_json(*options.unk_token) : ordered_json()},
      {"continuing_subword_prefix", options.continuing_subword_prefix},
      {"end_of_word_suffix", options.end_of_word_suffix},
      {"fuse_unk", options.fuse_unk},
      {"byte_fallback", options.byte_fallback},
      {"ignore_merges", options.ignore_merges}};
  std::string text = settings.dump();
  text.pop_back();
  return text + ",\n\"vocab\": " + vocabulary_text(model.vocabulary()) +
         ",\n\"merges\": " + merges_json_text(model) + "\n}";
}

std::string merges_txt(const BpeModel& model) {
  std::string text = "#version: 0.2\n";
  for (const Merge& merge : model.merges()) {
    text +=
        *model.vocabulary().token(merge.left) + " " + *model.vocabulary().token(merge.right) + "\n";
  }
  return text;
}

}  // namespace

std::string tokenizer_config_text(const Engine& engine) {
  const SpecialNames& names = engine.names();
  const SpecialIds& ids = engine.special();
  ordered_json config = {{"add_prefix_space", engine.add_prefix_space()}};
  bool complete = true;
  const auto put = [&](const char* role, std::int64_t id, const std::string& name) {
    complete = complete && id >= 0;
    if (const AddedToken* token = engine.added_token(id); token != nullptr) {
      config[role] = token_json(*token);
      config[role]["__type"] = "AddedToken";
    } else if (id >= 0) {
      config[role] = name;
    }
  };
  put("bos_token", ids.bos, names.bos);
  put("eos_token", ids.eos, names.eos);
  put("unk_token", ids.unk, names.unk);
  put("sep_token", ids.eos, names.eos);
  put("pad_token", ids.pad, names.pad);
  put("cls_token", ids.bos, names.bos);
  put("mask_token", ids.mask, names.mask);
  config["tokenizer_class"] = complete ? "RobertaTokenizer" : "PreTrainedTokenizerFast";
  return config.dump(1) + "\n";
}

std::string tokenizer_json_text(const Engine& engine) {
  const ordered_json byte_level = byte_level_json(engine);
  return "{\"version\": \"1.0\",\n\"truncation\": null,\n\"padding\": null,\n\"added_tokens\": " +
         added_tokens_json(engine).dump() + ",\n\"normalizer\": " + normalizer_json(engine).dump() +
         ",\n\"pre_tokenizer\": " + byte_level.dump() +
         ",\n\"post_processor\": " + post_processor_json(engine).dump() +
         ",\n\"decoder\": " + byte_level.dump() + ",\n\"model\": " + model_text(engine.model()) +
         "\n}\n";
}

void write_folder(const Engine& engine, const std::filesystem::path& folder) {
  ordered_json outside;
  for (const AddedToken& token : engine.added_tokens()) {
    if (!engine.model().vocabulary().find(token.content)) {
      outside[token.content] = token.id;
    }
  }
  if (!outside.empty()) {
    write_file_atomically(folder / "added_tokens.json", outside.dump(1) + "\n");
  }
  write_file_atomically(folder / "tokenizer.json", tokenizer_json_text(engine));
  write_file_atomically(folder / "vocab.json", vocabulary_text(engine.model().vocabulary()) + "\n");
  write_file_atomically(folder / "merges.txt", merges_txt(engine.model()));
  write_file_atomically(folder / "tokenizer_config.json", tokenizer_config_text(engine));
}

}  // namespace ncmlab::bpe
