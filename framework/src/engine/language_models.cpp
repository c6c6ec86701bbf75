// SPDX-License-Identifier: Apache-2.0
#include "engine/language_models.hpp"

#include <algorithm>

#include "config/language_model_place.hpp"
#include "data/source_texts.hpp"
#include "model/whitespace.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/data/subset.hpp"
#include "ncmlab/plugin/token_texts.hpp"

namespace ncmlab {
namespace {

constexpr std::size_t kNgramsInMemory = 4;

/// Whether every id means the same to both.
bool same_tokens(const Tokenizer& first, const Tokenizer& second) {
  return &first == &second || first.fingerprint() == second.fingerprint();
}

}  // namespace

std::string read_by(const CodeModel& model, const std::string& name) {
  const InputRules& rules = model.rules();
  std::string key = name + "/" + model.tokenizer().fingerprint() + "/" +
                    std::to_string(rules.max_tokens) + (rules.fold_whitespace ? "f" : "");
  for (const std::int64_t limit : rules.part_max_tokens) {
    key += "/" + std::to_string(limit);
  }
  for (const std::int64_t id : rules.prefix) {
    key += "," + std::to_string(id);
  }
  return key;
}

const NgramModel& LanguageModels::ngram(const CodeModel& model, const std::vector<Example>& samples,
                                        Progress& progress) {
  // A corpus is read whole: of the rules only those count by which text becomes tokens.
  const std::string key = choice_.corpus.empty() ? read_by(model, fingerprint(samples))
                                                 : "corpus/" + model.tokenizer().fingerprint() +
                                                       (model.rules().fold_whitespace ? "f" : "");
  const auto known = std::ranges::find(ngrams_, key, &std::pair<std::string, NgramModel>::first);
  if (known != ngrams_.end()) {
    ngrams_.splice(ngrams_.begin(), ngrams_, known);
  } else {
    ngrams_.emplace_front(key, train(model, samples, progress));
    if (ngrams_.size() > kNgramsInMemory) {
      ngrams_.pop_back();
    }
  }
  return ngrams_.front().second;
}

NgramModel LanguageModels::train(const CodeModel& model, const std::vector<Example>& samples,
                                 Progress& progress) const {
  if (choice_.corpus.empty()) {
    return NgramModel::train(token_texts(model, samples), choice_.order, progress);
  }
  return at_place_of(choice_, "corpus", [&] {
    std::vector<std::vector<std::int64_t>> texts;
    for (const std::string& text : read_source_texts({choice_.corpus, choice_.field})) {
      progress.check();
      // Whole, however long: a file may hold many functions.
      texts.push_back(
          model.tokenizer().encode(model.rules().fold_whitespace ? fold_whitespace(text) : text));
    }
    return NgramModel::train(texts, choice_.order, progress);
  });
}

MaskedModel& LanguageModels::masked(const CodeModel& model) {
  at_place_of(choice_, "masked", [&] {
    if (!masked_) {
      masked_.emplace(MaskedModel::open(choice_.masked));
    }
    if (!same_tokens(masked_->tokenizer(), model.tokenizer())) {
      throw Error("language.other-tokenizer",
                  "the masked language model in `" + choice_.masked +
                      "` reads text by another tokenizer than the victim: " +
                      std::to_string(masked_->tokenizer().vocab_size()) + " and " +
                      std::to_string(model.tokenizer().vocab_size()) + " tokens",
                  {"give the model `tokenizer = \"" + choice_.masked + "\"`, or `checkpoint = \"" +
                   choice_.masked + "\"`"});
    }
    return 0;
  });
  masked_->to(model.encoder().device());
  return *masked_;
}

}  // namespace ncmlab
