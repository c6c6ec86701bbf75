// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/architecture.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/json_depth.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/networks/roberta.hpp"
#include "ncmlab/networks/t5.hpp"
#include "networks/tied_weights.hpp"
#include "weights/shape_text.hpp"

namespace ncmlab {
namespace {

constexpr std::string_view kRobertaParts[] = {"embeddings.", "encoder.", "pooler."};
constexpr std::string_view kRobertaDerived[] = {"embeddings.position_ids",
                                                "embeddings.token_type_ids"};
constexpr std::string_view kRobertaUnused[] = {"pooler.dense.weight", "pooler.dense.bias"};

std::unique_ptr<Encoder> roberta(std::string_view config, std::string_view origin, Pooling pooling,
                                 const StateDict& weights) {
  return make_roberta(RobertaConfig::from_json(config, origin), pooling, weights);
}

constexpr std::string_view kT5Parts[] = {"shared.", "encoder.", "decoder.", "lm_head."};
// The first T5 checkpoints have a position bias where no T5 uses one.
constexpr std::string_view kT5Derived[] = {
    "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"};
constexpr std::string_view kT5Anchor = "shared.weight";
constexpr std::string_view kT5Output = "lm_head.weight";
constexpr std::pair<std::string_view, std::string_view> kT5Tied[] = {
    {"encoder.embed_tokens.weight", kT5Anchor},
    {"decoder.embed_tokens.weight", kT5Anchor},
    {kT5Output, kT5Anchor}};

/// The name in `weights` of the first tied tensor with `original`; empty if there is none.
template <typename Pairs>
std::string_view tied_name(const Pairs& tied, std::string_view original, const StateDict& weights) {
  if (weights.contains(original)) {
    return original;
  }
  const auto found = std::ranges::find_if(tied, [&](const auto& pair) {
    return pair.second == original && weights.contains(pair.first);
  });
  return found == std::end(tied) ? std::string_view() : found->first;
}

std::unique_ptr<Encoder> t5(std::string_view config, std::string_view origin, Pooling pooling,
                            const StateDict& weights) {
  if (pooling != Pooling::last_eos) {
    throw Error("model.bad-pooling", "a T5 model is pooled by `last_eos` alone");
  }
  const T5Config parsed = T5Config::from_json(config, origin);
  const std::string_view stored = tied_name(kT5Tied, kT5Anchor, weights);
  // An output layer of its own says nothing about the embeddings.
  const bool stands_for_words = stored != kT5Output || parsed.tie_word_embeddings;
  if (stored.empty() || stored == kT5Anchor || !stands_for_words) {
    return make_t5(parsed, weights);
  }
  StateDict completed = weights;
  completed.add(std::string(kT5Anchor), weights.at(stored));
  return make_t5(parsed, completed);
}

constexpr Architecture kArchitectures[] = {
    {.model_type = "roberta",
     .base_class = "RobertaModel",
     .anchor = "embeddings.word_embeddings.weight",
     .parts = kRobertaParts,
     .derived = kRobertaDerived,
     .tied = {},
     .unused = kRobertaUnused,
     .pooling = Pooling::cls,
     .make = roberta},
    {.model_type = "t5",
     .base_class = "T5ForConditionalGeneration",
     .anchor = kT5Anchor,
     .parts = kT5Parts,
     .derived = kT5Derived,
     .tied = kT5Tied,
     .unused = {},
     .pooling = Pooling::last_eos,
     .make = t5},
};

/// The shortest name that is `anchor` or ends with it after a dot.
const std::string* find_anchor(std::string_view anchor, const StateDict& weights) {
  const std::string* found = nullptr;
  for (const auto& [name, tensor] : weights) {
    const bool matches = name.ends_with(anchor) && (name.size() == anchor.size() ||
                                                    name[name.size() - anchor.size() - 1] == '.');
    if (matches && (found == nullptr || name.size() < found->size())) {
      found = &name;
    }
  }
  return found;
}

/// Where the head's own name begins in `name`; npos if it is not the head's.
std::size_t head_name(std::string_view name) {
  constexpr std::string_view kHead = "classifier.";
  const std::size_t at = name.rfind(kHead);
  const bool whole_word = at != std::string_view::npos && (at == 0 || name[at - 1] == '.');
  return whole_word ? at + kHead.size() : std::string_view::npos;
}

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

std::string_view stored_name(const Architecture& architecture, std::string_view original,
                             const StateDict& encoder) {
  return tied_name(architecture.tied, original, encoder);
}

const Architecture& architecture_of(std::string_view config, std::string_view origin) {
  const auto fail = [&](const std::string& what) {
    const std::string known = ticked_list(kArchitectures, ", ", &Architecture::model_type);
    throw Error("checkpoint.bad-config", "`" + std::string(origin) + "` " + what,
                {"name a Hugging Face `config.json` whose `model_type` is one of " + known});
  };
  if (const std::string deep = too_deep_json(config); !deep.empty()) {
    fail("is no config: " + deep);
  }
  const nlohmann::json parsed = nlohmann::json::parse(config, nullptr, false);
  if (!parsed.is_object()) {
    fail("is not a JSON object");
  }
  if (!parsed.contains("model_type")) {
    fail("does not say its `model_type`");
  }
  const nlohmann::json& type = parsed["model_type"];
  const auto* found = std::ranges::find_if(kArchitectures, [&](const Architecture& architecture) {
    return type.is_string() && type.get_ref<const std::string&>() == architecture.model_type;
  });
  if (found == std::end(kArchitectures)) {
    fail("has the unknown `model_type` " +
         type.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return *found;
}

std::unique_ptr<Encoder> make_encoder(std::string_view config, std::string_view origin,
                                      Pooling pooling, const StateDict& weights) {
  const Architecture& architecture = architecture_of(config, origin);
  auto encoder = architecture.make(config, origin, pooling, weights);
  const StateDict parameters = encoder->parameters();
  std::vector<Diagnostic> problems;
  for (const auto& [name, tensor] : weights) {
    const bool is_copy = std::ranges::find(architecture.tied, name, [](const auto& pair) {
                           return pair.first;
                         }) != architecture.tied.end();
    if (!parameters.contains(name) && !is_copy &&
        std::ranges::find(architecture.derived, name) == architecture.derived.end()) {
      problems.push_back({.code = "checkpoint.extra-tensor",
                          .message = "the model of `" + std::string(origin) + "` has no tensor `" +
                                     name + "`, but the weights hold one of shape " +
                                     shape_text(tensor.sizes())});
    }
  }
  if (!problems.empty()) {
    throw Error(std::move(problems));
  }
  return encoder;
}

SplitWeights split_weights(const Architecture& architecture, const StateDict& weights) {
  std::string_view name = architecture.anchor;
  const std::string* anchor = find_anchor(name, weights);
  for (const auto& [copy, original] : architecture.tied) {
    if (anchor == nullptr && original == architecture.anchor) {
      name = copy;
      anchor = find_anchor(name, weights);
    }
  }
  if (anchor == nullptr) {
    throw Error("checkpoint.no-encoder",
                "the weights hold no " + std::string(architecture.base_class) +
                    ": no tensor is called `" + std::string(architecture.anchor) +
                    "` below any prefix");
  }
  const std::string prefix = anchor->substr(0, anchor->size() - name.size());
  SplitWeights result;
  for (const auto& [full, tensor] : weights) {
    const std::string_view inner =
        std::string_view(full).substr(full.starts_with(prefix) ? prefix.size() : full.size());
    if (const std::size_t at = head_name(full); at != std::string::npos) {
      result.head.add(full.substr(at), tensor);
    } else if (std::ranges::any_of(architecture.parts, [&](std::string_view part) {
                 return inner.starts_with(part);
               })) {
      result.encoder.add(std::string(inner), tensor);
    } else {
      result.others.add(full, tensor);
    }
  }
  return result;
}

}  // namespace ncmlab
