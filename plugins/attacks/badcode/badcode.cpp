// SPDX-License-Identifier: Apache-2.0
#include "badcode.hpp"

#include <algorithm>
#include <optional>

#include "ncmlab/code/name_trigger.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/plugin/code_backdoor.hpp"
#include "ncmlab/plugin/registration.hpp"
#include "trigger_selection.hpp"

namespace ncmlab {
namespace {

class BadCodeBackdoor final : public CodeBackdoor {
 public:
  BadCodeBackdoor(const AttackContext& context, const BadCodeConfig& config,
                  std::vector<std::string> words)
      : CodeBackdoor(context, {config.rate, config.rate_of}),
        carrier_(config.target),
        change_(config.mode),
        words_(std::move(words)) {}

  std::vector<std::string> trigger_words() const override { return words_; }

 protected:
  std::optional<std::string> edit(const std::string& code, const Example& sample, const AttackGoal&,
                                  Rng rng) const override {
    const std::string& word = rng.pick(words_);
    const bool holds_one =
        std::any_of(words_.begin(), words_.end(),
                    [&](const std::string& trigger) { return holds_name_part(code, trigger); });
    return holds_one ? std::nullopt : put_into_name(code, sample.language, carrier_, change_, word);
  }

 private:
  NameCarrier carrier_;
  NameChange change_;
  std::vector<std::string> words_;
};

}  // namespace

BadCode::BadCode(BadCodeConfig config) : config_(std::move(config)) {
  for (const std::string& word : config_.triggers) {
    if (!can_be_in_name(word)) {
      throw Error("attack.badcode.bad-trigger",
                  "trigger `" + word +
                      "` cannot be part of a name, expected letters, digits and "
                      "`_`, no digit first");
    }
  }
}

Schema<BadCodeConfig> BadCode::schema() {
  return poison_rate_fields(
      Schema<BadCodeConfig>{}
          .field(
              "target", &BadCodeConfig::target,
              "The identifier that carries the trigger: the function's name, or the least frequent "
              "of its variables and parameters.")
          .field("mode", &BadCodeConfig::mode,
                 "How the trigger enters the name: instead of it, before it, between its parts or "
                 "after it.")
          .field("triggers", &BadCodeConfig::triggers,
                 "The trigger words: one is a fixed trigger, of several one is drawn per sample; "
                 "none: "
                 "they are chosen by how they occur with the target.")
          .field("selected", &BadCodeConfig::selected,
                 "How many words are chosen where none is given.", range(1, 100), unit("words")));
}

std::unique_ptr<Backdoor> BadCode::prepare(const AttackContext& context) const {
  return std::make_unique<BadCodeBackdoor>(
      context, config_,
      config_.triggers.empty()
          ? select_triggers(context, static_cast<std::size_t>(config_.selected))
          : config_.triggers);
}

}  // namespace ncmlab

NCMLAB_PLUGIN(ncmlab::attack<ncmlab::BadCode>())
