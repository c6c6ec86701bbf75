// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tokenize/json_file.hpp"
#include "tokenize/read_vocabulary.hpp"
#include "tokenize/tokenizer_spec.hpp"

namespace ncmlab::bpe {
namespace {

[[noreturn]] void fail_unsupported(const JsonValue& component, const std::string& what,
                                   const std::string& name, const std::string& supported) {
  const std::optional<JsonValue> type = component.find("type");
  (type ? *type : component)
      .fail("tokenizer.unsupported", "the " + what + " `" + name + "` is not one that ncmlab knows",
            {"use a tokenizer with " + supported});
}

void read_normalizer(const JsonValue& component, std::vector<NormalizerStep>& steps) {
  const std::string type = component.at("type").text();
  if (type == "Sequence") {
    for (const JsonValue& element : component.at("normalizers").elements()) {
      read_normalizer(element, steps);
    }
  } else if (const auto step = from_string<NormalizerStep>(type)) {
    steps.push_back(*step);
  } else {
    fail_unsupported(component, "normalizer", type,
                     "`Lowercase`, `NFC`, `NFD`, `NFKC`, `NFKD` or a `Sequence` of them");
  }
}

void read_pre_tokenizer(const JsonValue& component, TokenizerSpec& spec) {
  const std::string type = component.at("type").text();
  if (type == "Sequence") {
    const std::vector<JsonValue> elements = component.at("pretokenizers").elements();
    if (elements.size() == 1) {
      read_pre_tokenizer(elements.front(), spec);
      return;
    }
  }
  if (type != "ByteLevel") {
    fail_unsupported(component, "pre-tokenizer", type, "`ByteLevel` alone");
  }
  spec.add_prefix_space = component.flag_or("add_prefix_space", true);
  spec.split_words = component.flag_or("use_regex", true);
}

void check_decoder(const JsonValue& component) {
  const std::string type = component.at("type").text();
  if (type != "ByteLevel") {
    fail_unsupported(component, "decoder", type, "`ByteLevel` alone");
  }
}

void read_model(const JsonFile& file, const JsonValue& model, TokenizerSpec& spec) {
  const std::string type = model.text_or("type", "BPE");
  if (type != "BPE") {
    fail_unsupported(model, "model", type, "`BPE`");
  }
  const std::optional<JsonValue> dropout = model.find("dropout");
  if (dropout && !(dropout->json().is_number() && dropout->json().get<double>() == 0)) {
    dropout->fail("tokenizer.unsupported", "BPE dropout makes ids random",
                  {"set `dropout` to null"});
  }
  if (const auto unk_token = model.find("unk_token")) {
    spec.options.unk_token = unk_token->text();
    spec.names.unk = *spec.options.unk_token;
  }
  spec.options.continuing_subword_prefix = model.text_or("continuing_subword_prefix", "");
  spec.options.end_of_word_suffix = model.text_or("end_of_word_suffix", "");
  spec.options.fuse_unk = model.flag_or("fuse_unk", false);
  spec.options.byte_fallback = model.flag_or("byte_fallback", false);
  spec.options.ignore_merges = model.flag_or("ignore_merges", false);
  const JsonValue vocabulary = model.at("vocab");
  const JsonValue merges = model.at("merges");
  spec.vocabulary = read_vocabulary(file, vocabulary.path(), vocabulary.json());
  spec.merges = read_merges(file, merges.path(), merges.json(), spec.vocabulary,
                            spec.options.continuing_subword_prefix);
}

void read_added_token(const JsonValue& entry, TokenizerSpec& spec) {
  AddedToken token;
  token.content = entry.at("content").text();
  token.special = entry.flag_or("special", false);
  token.single_word = entry.flag_or("single_word", false);
  token.lstrip = entry.flag_or("lstrip", false);
  token.rstrip = entry.flag_or("rstrip", false);
  token.normalized = entry.flag_or("normalized", !token.special);
  token.id = id_for_added(spec, token.content);
  const JsonValue id = entry.at("id");
  if (id.integer() != token.id) {
    id.fail("tokenizer.bad-id",
            "the added token `" + token.content + "` has the id " + std::to_string(id.integer()) +
                ", but " +
                (spec.vocabulary.find(token.content) ? "the vocabulary gives it "
                                                     : "the next free id is ") +
                std::to_string(token.id),
            {"make the two agree"});
  }
  if (!token.content.empty()) {
    spec.added_tokens.push_back(std::move(token));
  }
}

}  // namespace

std::int64_t id_for_added(const TokenizerSpec& spec, const std::string& content) {
  if (const auto id = spec.vocabulary.find(content)) {
    return *id;
  }
  std::int64_t next = spec.vocabulary.id_limit();
  for (const AddedToken& token : spec.added_tokens) {
    if (token.content == content) {
      return token.id;
    }
    next = std::max(next, token.id + 1);
  }
  return next;
}

TokenizerSpec read_tokenizer_json(const std::filesystem::path& path) {
  const JsonFile file(path);
  const JsonValue root(file);
  TokenizerSpec spec;
  read_model(file, root.at("model"), spec);
  if (const auto normalizer = root.find("normalizer")) {
    read_normalizer(*normalizer, spec.normalizer);
  }
  read_pre_tokenizer(root.at("pre_tokenizer"), spec);
  if (const auto decoder = root.find("decoder")) {
    check_decoder(*decoder);
  }
  if (const auto added_tokens = root.find("added_tokens")) {
    for (const JsonValue& entry : added_tokens->elements()) {
      read_added_token(entry, spec);
    }
  }
  return spec;
}

}  // namespace ncmlab::bpe
