// SPDX-License-Identifier: Apache-2.0
#include "engine/survey.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "engine/stage_kind.hpp"
#include "engine/store_path.hpp"
#include "train/training_state.hpp"

namespace ncmlab {
namespace {

std::string describe(const KeyChange& change, const Plan& plan, const Stage& stage) {
  constexpr std::string_view kUpstream = "upstream.";
  if (change.name.starts_with(kUpstream)) {
    const auto edge =
        std::ranges::find(stage.needs, change.name.substr(kUpstream.size()), &Edge::role);
    // Of what is gone, the role is all that is known.
    return "stage `" +
           (edge == stage.needs.end() ? change.name.substr(kUpstream.size())
                                      : plan.stages[edge->stage].kind()) +
           "` before it changed";
  }
  if (is_key_hash(change.before) || is_key_hash(change.after)) {
    return "`" + change.name + "` changed";
  }
  const auto shown = [](const std::string& value) {
    return value.empty() ? std::string("absent") : value;
  };
  return "`" + change.name + "` was " + shown(change.before) + ", is " + shown(change.after);
}

/// A training that was cut off keeps its finished epochs; they belong to this very stage.
std::optional<std::string> saved_part(const Stage& stage, const Store& store) {
  const std::size_t saved = saved_epochs(store.work_folder(stage.key));
  if (saved == 0) {
    return std::nullopt;
  }
  const auto& parts = stage.key.parts();
  const auto all = std::ranges::find(parts, "training.epochs", &Key::Part::first);
  return "not finished: " + std::to_string(saved) +
         (all == parts.end() ? std::string() : " of " + all->second) +
         (saved == 1 && all == parts.end() ? " epoch is saved" : " epochs are saved");
}

std::vector<std::string> why_missing(const Plan& plan, const Stage& stage, const Store& store) {
  if (const auto part = saved_part(stage, store)) {
    return {*part};
  }
  const auto nearest = store.nearest(stage.key, stage.name);
  if (!nearest) {
    return {"not made yet"};
  }
  std::vector<std::string> reasons;
  for (const KeyChange& change : changes(*nearest, stage.key.parts())) {
    std::string reason = describe(change, plan, stage);
    if (std::ranges::find(reasons, reason) == reasons.end()) {
      reasons.push_back(std::move(reason));
    }
  }
  return reasons;
}

class Surveyor {
 public:
  Surveyor(const Plan& plan, const Store& store)
      : plan_(plan), store_(store), surveys_(plan.stages.size()), outcomes_(plan.stages.size()) {}

  std::vector<StageSurvey> run() {
    for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
      look_up(i);
    }
    for (const Cell& cell : plan_.cells) {
      if (!cell.skipped.empty()) {
        continue;
      }
      for (const std::size_t stage : stages_of(plan_, cell, /*with_controls=*/true)) {
        ++surveys_[stage].cells;
      }
      need(cell.measure, StageState::pending);
    }
    return std::move(surveys_);
  }

 private:
  void look_up(std::size_t i) {
    const Stage& stage = plan_.stages[i];
    if (const auto object = store_.peek(stage.key)) {
      surveys_[i].state = StageState::cached;
      surveys_[i].seconds = object->work.seconds;
      if (const auto outcome = stage_kind(stage.kind()).outcome) {
        outcomes_[i] = outcome(object->folder);
      }
    }
  }

  /// `state`: pending, or possible.
  void need(std::size_t i, StageState state) {
    StageSurvey& survey = surveys_[i];
    if (survey.state == StageState::cached || survey.state == StageState::pending ||
        survey.state == state) {
      return;
    }
    survey.state = state;
    if (state == StageState::pending) {
      survey.reasons = store_.check(plan_.stages[i].key) == Store::State::damaged
                           ? std::vector<std::string>{"the stored object is damaged"}
                           : why_missing(plan_, plan_.stages[i], store_);
    }
    for (const Edge& edge : plan_.stages[i].needs) {
      const std::string outcome = edge.when ? outcomes_[edge.when->stage] : "";
      if (!edge.when || outcome == edge.when->outcome) {
        need(edge.stage, state);
      } else if (outcome.empty()) {
        need(edge.stage, StageState::possible);
      }
    }
  }

  const Plan& plan_;
  const Store& store_;
  std::vector<StageSurvey> surveys_;
  std::vector<std::string> outcomes_;  ///< of cached stages that have one
};

}  // namespace

std::vector<StageSurvey> survey(const Plan& plan, const Store& store) {
  return Surveyor(plan, store).run();
}

RunSize size_of(const Plan& plan, const std::vector<StageSurvey>& surveys) {
  RunSize size;
  std::map<std::string, std::size_t> counts;
  for (std::size_t i = 0; i < surveys.size(); ++i) {
    const std::string& kind = plan.stages[i].kind();
    if (surveys[i].state == StageState::pending) {
      ++size.pending[kind];
    } else if (surveys[i].state == StageState::possible) {
      ++size.possible[kind];
    } else if (surveys[i].state == StageState::cached) {
      ++size.cached;
      ++counts[kind];
      size.seconds[kind] += surveys[i].seconds;
    }
  }
  for (auto& [kind, seconds] : size.seconds) {
    seconds /= static_cast<double>(counts[kind]);
  }
  return size;
}

}  // namespace ncmlab
