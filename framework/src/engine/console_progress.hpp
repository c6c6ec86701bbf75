// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/run_progress.hpp"

namespace ncmlab {

/// Shows a run to a person: on a terminal one line that is redrawn at most ten times a second,
/// elsewhere a line when a stage starts and ends and a sign of life each minute.
class ConsoleProgress final : public RunProgress {
 public:
  struct Options {
    bool bar = false;    ///< redraw one line
    bool quiet = false;  ///< failures and warnings only
    int width = 80;      ///< columns of the terminal
    std::function<bool()> cancelled = [] { return false; };
    std::function<double()> seconds;  ///< a clock; empty: the steady one
  };
  ConsoleProgress(std::ostream& out, Options options);

  void begin(std::string_view what, std::int64_t total) override;
  void advance(std::int64_t steps, std::string_view detail) override;
  void log(std::string_view line) override;
  bool cancelled() const override { return options_.cancelled(); }

  void run_begins(const RunSize& size) override;
  void stage_begins(const Stage& stage) override;
  void stage_ends(const Stage& stage, double seconds, const std::string& failure) override;
  void failed(const std::string& text) override;
  void stage_dropped(const Stage& stage) override;
  void run_ends() override;

  /// Removes the redrawn line, so that something else can be printed.
  void clear_line();
  /// Stages that this run finished.
  std::size_t finished() const { return finished_; }

 private:
  /// Seconds that are left, from the times of finished and stored stages of each kind and the
  /// steps of the stage at work; `is_floor` when some kind was never timed.
  struct Estimate {
    double seconds = 0;
    bool is_floor = false;
  };
  std::optional<double> mean_of(const std::string& kind) const;
  Estimate remaining() const;
  std::string step_text() const;
  std::string status_line() const;
  void redraw(bool now);
  void print_line(const std::string& line);

  std::ostream& out_;
  Options options_;
  double run_start_ = 0, stage_start_ = 0, step_start_ = 0, last_shown_ = 0;
  RunSize size_;
  std::map<std::string, std::pair<std::size_t, double>> timed_;  ///< by kind: stages, seconds
  std::size_t total_ = 0, finished_ = 0, failed_ = 0;
  std::string kind_, title_;  ///< of the stage at work; empty between stages
  std::string what_, detail_;
  std::int64_t steps_ = 0, step_total_ = 0;
  bool is_drawn_ = false;
};

/// `4:05`, `1:02:03`.
std::string clock_text(double seconds);
/// `3.2 s`, from a minute on as clock_text().
std::string duration_text(double seconds);

}  // namespace ncmlab
