// SPDX-License-Identifier: Apache-2.0
#include "config/check_data.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "config/language_model_place.hpp"
#include "data/source_texts.hpp"
#include "ncmlab/core/wording.hpp"
#include "ncmlab/language/masked_model.hpp"
#include "ncmlab/plugin/model.hpp"
#include "ncmlab/plugin/task.hpp"

namespace ncmlab {
namespace {

/// Sentences on the environment variables that the line of `place` takes its path from.
std::vector<std::string> variables_in(const Span& place) {
  std::vector<std::string> notes;
  const std::string& line = place.source_line;
  for (std::size_t at = line.find("${"); at != std::string::npos; at = line.find("${", at + 2)) {
    const std::string name = line.substr(at + 2, line.find_first_of(":}", at) - at - 2);
    const char* value = std::getenv(name.c_str());
    notes.push_back("the environment variable `" + name + "` is " +
                    (value == nullptr ? "not set" : "`" + std::string(value) + "`"));
  }
  return notes;
}

/// How many samples of each label a split holds.
std::map<std::int64_t, std::size_t> count_labels(const std::vector<Example>& examples) {
  std::map<std::int64_t, std::size_t> counts;
  for (const Example& example : examples) {
    ++counts[example.label];
  }
  return counts;
}

class Checker {
 public:
  Checker(const Experiment& experiment, const Catalogue& catalogue, std::int64_t records)
      : experiment_(experiment), catalogue_(catalogue), records_(records) {}

  DataCheck run() {
    for (const PluginChoice& choice : experiment_.tasks) {
      std::shared_ptr<Task> task;
      attempt(choice, [&] {
        task = catalogue_.create<Task>(choice.kind, choice.plugin, choice.settings);
        look_at(choice, *task, task->peek(records_));
      });
      if (task) {
        check_models(*task);
      }
    }
    check_language_model();
    if (!problems_.empty()) {
      throw Error(std::move(problems_));
    }
    return std::move(result_);
  }

 private:
  void check_language_model() {
    const LanguageModelChoice& choice = experiment_.language_model;
    const auto attempt_at = [&](const char* name, const auto& work) {
      try {
        at_place_of(choice, name, work);
      } catch (const Error& error) {
        for (Diagnostic problem : error.diagnostics()) {
          for (std::string& note :
               problem.span ? variables_in(*problem.span) : std::vector<std::string>{}) {
            problem.notes.push_back(std::move(note));
          }
          add(problems_, std::move(problem));
        }
      }
    };
    if (!choice.corpus.empty()) {
      attempt_at("corpus", [&] { read_source_texts({choice.corpus, choice.field}); });
    }
    if (!choice.masked.empty()) {
      attempt_at("masked", [&] { MaskedModel::open(choice.masked); });
    }
  }

  /// Runs `work`; what it throws is a problem, at place_of() `choice` unless it has its own place.
  template <typename Work>
  void attempt(const PluginChoice& choice, const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      for (const Diagnostic& problem : error.diagnostics()) {
        add(problems_, placed(problem, choice));
      }
    }
  }

  /// Where the file names the first path that the plugin reads, or else the plugin.
  Span place_of(const PluginChoice& choice) const {
    for (const Parameter& parameter :
         catalogue_.find(choice.kind, choice.plugin)->entry.parameters) {
      const auto given = choice.places.find(parameter.name);
      if (given != choice.places.end() &&
          names_file(parameter, choice.settings.at(parameter.name))) {
        return given->second;
      }
    }
    return choice.span;
  }

  Diagnostic placed(Diagnostic diagnostic, const PluginChoice& choice) const {
    const Span place = place_of(choice);
    if (!diagnostic.span && place.line > 0) {
      diagnostic.span = place;
    }
    for (std::string& note : variables_in(place)) {
      diagnostic.notes.push_back(std::move(note));
    }
    return diagnostic;
  }

  /// One cause is told once, however many choices meet it.
  static void add(std::vector<Diagnostic>& list, Diagnostic diagnostic) {
    const std::string text = render(diagnostic);
    if (std::none_of(list.begin(), list.end(),
                     [&](const Diagnostic& other) { return render(other) == text; })) {
      list.push_back(std::move(diagnostic));
    }
  }

  void warn(const PluginChoice& choice, std::string code, std::string message) {
    add(result_.warnings,
        placed(
            {.severity = Severity::warning, .code = std::move(code), .message = std::move(message)},
            choice));
  }

  void look_at(const PluginChoice& choice, const Task& task, const Corpus& corpus) {
    DataSummary& summary = result_.tasks.emplace_back(DataSummary{.task = choice.label});
    for (const std::string& warning : corpus.warnings) {
      warn(choice, "data.remark", warning);
    }
    const std::vector<std::string> names = task.label_names();
    for (const auto& [split, examples] : named_splits(corpus)) {
      const auto counts = count_labels(*examples);
      if (counts.empty()) {
        continue;
      }
      if (!names.empty() &&
          (counts.begin()->first < 0 || counts.rbegin()->first >= std::ssize(names))) {
        throw Error("data.bad-label", "expected labels from 0 to " +
                                          std::to_string(names.size() - 1) + ", found " +
                                          std::to_string(counts.rbegin()->first));
      }
      std::string text = std::string(split) + " " + std::to_string(examples->size());
      if (!names.empty()) {
        const auto share = [&](const auto& each) {
          return names[static_cast<std::size_t>(each.first)] + " " + std::to_string(each.second);
        };
        text += " (" + joined(counts, ", ", share) + ")";
      }
      summary.splits.push_back(text);
      if (names.size() > 1 && counts.size() == 1) {
        warn(choice, "data.one-label",
             "all " + std::to_string(examples->size()) + " samples of the " + split +
                 " split have the label `" +
                 names[static_cast<std::size_t>(counts.begin()->first)] + "`");
      }
    }
  }

  void check_models(const Task& task) {
    const ModelContext context{
        .rules = task.input_rules(), .head = task.head_shape(), .texts = {}, .rng = Rng(0)};
    std::vector<const ModelChoice*> checked;
    const auto check = [&](const ModelChoice& choice) {
      if (std::any_of(checked.begin(), checked.end(), [&](const ModelChoice* other) {
            return other->plugin == choice.plugin && other->settings == choice.settings &&
                   other->span.line == choice.span.line;
          })) {
        return;  // an attack that names no surrogate has the first model
      }
      checked.push_back(&choice);
      attempt(choice, [&] {
        const auto model = catalogue_.create<Model>(choice.kind, choice.plugin, choice.settings);
        for (std::string& remark : model->check(context)) {
          warn(choice, "checkpoint.remark", std::move(remark));
        }
      });
    };
    for (const ModelChoice& model : experiment_.models) {
      check(model);
    }
    for (const AttackChoice& attack : experiment_.attacks) {
      if (attack.surrogate) {
        check(*attack.surrogate);
      }
    }
  }

  const Experiment& experiment_;
  const Catalogue& catalogue_;
  std::int64_t records_;
  DataCheck result_;
  std::vector<Diagnostic> problems_;
};

}  // namespace

DataCheck check_data(const Experiment& experiment, const Catalogue& catalogue,
                     std::int64_t records) {
  return Checker(experiment, catalogue, records).run();
}

}  // namespace ncmlab
