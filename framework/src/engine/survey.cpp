// SPDX-License-Identifier: Apache-2.0
#include "engine/survey.hpp"

#include <algorithm>

#include "engine/stages.hpp"
#include "engine/store_path.hpp"
#include "train/training_state.hpp"

namespace ncmlab {
namespace {

std::string describe(const KeyChange& change) {
  constexpr std::string_view kUpstream = "upstream.";
  if (change.name.starts_with(kUpstream)) {
    return "stage `" + change.name.substr(kUpstream.size()) + "` before it changed";
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

std::vector<std::string> why_missing(const Stage& stage, const Store& store) {
  if (const auto part = saved_part(stage, store)) {
    return {*part};
  }
  const auto nearest = store.nearest(stage.key, stage.name);
  if (!nearest) {
    return {"not made yet"};
  }
  std::vector<std::string> reasons;
  for (const KeyChange& change : changes(*nearest, stage.key.parts())) {
    reasons.push_back(describe(change));
  }
  return reasons;
}

class Surveyor {
 public:
  Surveyor(const Plan& plan, const Store& store)
      : plan_(plan), store_(store), surveys_(plan.stages.size()) {}

  std::vector<StageSurvey> run() {
    for (std::size_t i = 0; i < plan_.stages.size(); ++i) {
      look_up(i);
    }
    for (const Cell& cell : plan_.cells) {
      if (!cell.supported) {
        continue;
      }
      count(cell);
      if (!is_cached(cell.measure)) {
        need_stages_of(cell);
      }
    }
    return std::move(surveys_);
  }

 private:
  bool is_cached(std::size_t stage) const { return surveys_[stage].state == StageState::cached; }

  void look_up(std::size_t i) {
    const Stage& stage = plan_.stages[i];
    const auto object = store_.peek(stage.key);
    if (object) {
      surveys_[i].state = StageState::cached;
      surveys_[i].seconds = object->work.seconds;
    }
  }

  void count(const Cell& cell) {
    for (const std::size_t stage : {cell.victim, cell.defend, cell.retrain, cell.measure}) {
      ++surveys_[stage].cells;
    }
    for (const auto& stage : {cell.surrogate, cell.poison}) {
      if (stage) {
        ++surveys_[*stage].cells;
      }
    }
  }

  void need(std::size_t i, StageState state = StageState::pending) {
    StageSurvey& survey = surveys_[i];
    if (survey.state == StageState::unneeded) {
      survey.state = state;
      if (state == StageState::pending) {
        survey.reasons = store_.check(plan_.stages[i].key) == Store::State::damaged
                             ? std::vector<std::string>{"the stored object is damaged"}
                             : why_missing(plan_.stages[i], store_);
      }
    }
  }

  void need_stages_of(const Cell& cell) {
    if (cell.poison) {
      if (cell.surrogate && !is_cached(*cell.poison)) {
        need(*cell.surrogate);
      }
      need(*cell.poison);
    }
    if (!is_cached(cell.defend)) {
      need(cell.victim);
      need(cell.defend);
      if (may_retrain(plan_, cell)) {
        need(cell.retrain, StageState::possible);
      }
    } else {
      const auto object = store_.peek(plan_.stages[cell.defend].key);
      const MeasuredVictim measured = measured_victim(read_outcome(object->folder));
      if (measured == MeasuredVictim::undefended) {
        need(cell.victim);
      } else if (measured == MeasuredVictim::retrained) {
        need(cell.retrain);
      }
    }
    need(cell.measure);
  }

  const Plan& plan_;
  const Store& store_;
  std::vector<StageSurvey> surveys_;
};

}  // namespace

std::string_view to_string(StageState state) {
  switch (state) {
    case StageState::cached:
      return "cached";
    case StageState::pending:
      return "pending";
    case StageState::possible:
      return "possible";
    case StageState::unneeded:
      break;
  }
  return "unneeded";
}

bool may_retrain(const Plan& plan, const Cell& cell) {
  return plan.defenses[cell.defense]->needs().training_set;
}

std::vector<StageSurvey> survey(const Plan& plan, const Store& store) {
  return Surveyor(plan, store).run();
}

RunSize size_of(const Plan& plan, const std::vector<StageSurvey>& surveys) {
  RunSize size;
  std::map<std::string, std::size_t> counts;
  for (std::size_t i = 0; i < surveys.size(); ++i) {
    const std::string& kind = plan.stages[i].key.stage();
    if (surveys[i].state == StageState::pending) {
      ++size.pending[kind];
    } else if (surveys[i].state == StageState::possible) {
      ++size.retrainings;
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
