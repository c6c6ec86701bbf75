// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "engine/plan.hpp"
#include "engine/run_progress.hpp"

namespace ncmlab {

/// The toy plugins of tests/support/plugins, and of this program the tasks `search` and `twins`,
/// the attacks `none`, `led` and `greedy` and the defenses `none`, `spy`, `bad` and its kin.
const Catalogue& toy_catalogue();

/// A choice of a plugin of toy_catalogue() with completed settings.
PluginChoice choose(PluginKind kind, const std::string& plugin, const Settings& settings = {},
                    const std::string& label = {});

/// One toy task, one echo model trained for an epoch, attacks `none` and `toy`, defense `none`,
/// seed 1.
Experiment toy_experiment();
void add_defense(Experiment& experiment, const std::string& label, const std::string& plugin,
                 const Settings& settings = {});

/// What the defense `spy` was given, one entry per call.
struct Seen {
  std::vector<Example> clean_samples, training_set, tuning_samples;
  DefenseBudget budget;
  std::uint64_t seed = 0;
  double victim_sum = 0;               ///< see embedding_sum()
  std::optional<double> starting_sum;  ///< of the model that the victim was trained from
  bool is_run_progress = false;        ///< it got the engine's own Progress
};
std::vector<Seen>& seen_by_spy();

/// Tells two trained models apart.
double embedding_sum(const CodeModel& victim);

/// What the attack `led` was given as surrogate, one sum over the embeddings per call.
std::vector<double>& seen_by_led();

/// Keeps the titles of the stages that were run; asks to stop after `stop_after` of them.
class RecordingProgress : public RunProgress {
 public:
  explicit RecordingProgress(std::size_t stop_after = 1000) : stop_after_(stop_after) {}

  void stage_begins(const Stage& stage) override {
    titles.push_back(stage.title());
    ++count[stage.kind()];
  }
  void begin(std::string_view what, std::int64_t total) override {
    work_ = what;
    steps_left_ = total;
  }
  void advance(std::int64_t steps, std::string_view) override {
    steps_left_ -= steps;
    if (steps_left_ < 0) {
      overrun = work_;
    }
  }
  void log(std::string_view line) override {
    (line.starts_with("warning") ? warnings : lines).emplace_back(line);
  }
  void stage_dropped(const Stage&) override { ++dropped; }
  bool cancelled() const override { return titles.size() > stop_after_ || is_stopped; }

  std::vector<std::string> titles, lines, warnings;
  std::map<std::string, int> count;
  int dropped = 0;
  bool is_stopped = false;
  std::string overrun;  ///< the last work that did more steps than it announced

 private:
  std::string work_;
  std::int64_t steps_left_ = 0;
  std::size_t stop_after_;
};

/// The records as JSON without seconds.
std::vector<std::string> without_seconds(std::vector<CellRecord> records);

}  // namespace ncmlab
