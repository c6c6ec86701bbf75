// SPDX-License-Identifier: Apache-2.0
#include "attack_preview.hpp"

#include <algorithm>

#include "engine/training_stages.hpp"
#include "report/edit_view.hpp"
#include "report/text.hpp"
#include "report/token_view.hpp"

namespace ncmlab::app {
namespace {

std::string percent(double share) { return fixed_decimals(100 * share, 1) + " %"; }

class Preview {
 public:
  Preview(Workshop& workshop, const Subject& subject, const PoisonedCorpus& corpus,
          const PreviewOptions& options)
      : experiment_(workshop.experiment()),
        task_(workshop.task(subject)),
        subject_(subject),
        corpus_(corpus),
        options_(options),
        victim_(fresh_model(workshop, subject, corpus.clean.train)) {}

  std::string render() const {
    const auto& poisoned = corpus_.poisoning.set.poisoned;
    std::string text = header();
    for (std::size_t i = 0; i < std::min(options_.samples, poisoned.size()); ++i) {
      text += "\n" + sample(poisoned[i]);
    }
    return text + "\n" + stealth();
  }

 private:
  std::string header() const {
    return "attack " + printable(experiment_.attacks[subject_.attack].label) + ", task " +
           printable(experiment_.tasks[subject_.task].label) + ", model " +
           printable(experiment_.models[subject_.model].label) + ", seed " +
           std::to_string(subject_.seed) + ": " +
           std::to_string(corpus_.poisoning.set.poisoned.size()) + " of " +
           std::to_string(corpus_.clean.train.size()) + " training samples poisoned; trigger in " +
           std::to_string(corpus_.poisoning.triggered.examples.size()) + " test samples, " +
           std::to_string(corpus_.poisoning.triggered.unedited) + " left unedited\n";
  }

  std::string title(const Example& clean, const Example& edited) const {
    std::string text = "sample " + printable(clean.id);
    if (task_.kind() == TaskKind::retrieval) {
      return text + ", query: " + cut_to_width(printable(clean.query), options_.width / 2) + "\n";
    }
    const std::vector<std::string> labels = task_.label_names();
    text += ", label: " + printable(labels.at(static_cast<std::size_t>(clean.label)));
    if (edited.label != clean.label) {
      text += " -> " + printable(labels.at(static_cast<std::size_t>(edited.label)));
    }
    return text + "\n";
  }

  std::string sample(std::size_t index) const {
    const Example& clean = corpus_.clean.train[index];
    const Example& edited = corpus_.poisoning.set.train[index];
    const std::vector<std::string> before = task_.parts(clean), after = task_.parts(edited);
    std::string text = title(clean, edited);
    for (std::size_t part = 0; part < before.size(); ++part) {
      if (before[part] == after[part]) {
        continue;
      }
      if (task_.kind() == TaskKind::pair_classification) {
        text += part == 0 ? "first function\n" : "second function\n";
      }
      text += render_edit(before[part], after[part],
                          {.width = options_.width, .colour = options_.colour});
      text += "tokens: " + render_token_edit(victim_.tokenizer(),
                                             victim_.tokenize(before[part], part).ids,
                                             victim_.tokenize(after[part], part).ids,
                                             victim_.rules().limit(part));
    }
    return text;
  }

  std::string stealth() const {
    const StealthMetrics& metrics = corpus_.poisoning.stealth;
    if (metrics.edits == 0) {
      return "no function was edited\n";
    }
    std::string text = std::to_string(metrics.edits) +
                       " functions edited: " + percent(metrics.parse_rate) + " still parse, " +
                       fixed_decimals(metrics.token_edits, 1) +
                       " tokens of source differ on average\n";
    if (metrics.new_names) {
      text +=
          "new names: mean log-probability per character " + fixed_decimals(*metrics.new_names, 2);
      text += metrics.old_names
                  ? ", of those they replace " + fixed_decimals(*metrics.old_names, 2) + "\n"
                  : "\n";
    }
    return text;
  }

  const Experiment& experiment_;
  const Task& task_;
  const Subject& subject_;
  const PoisonedCorpus& corpus_;
  PreviewOptions options_;
  CodeModel victim_;
};

}  // namespace

std::string render_preview(Workshop& workshop, const Subject& subject, const PoisonedCorpus& corpus,
                           const PreviewOptions& options) {
  return Preview(workshop, subject, corpus, options).render();
}

}  // namespace ncmlab::app
