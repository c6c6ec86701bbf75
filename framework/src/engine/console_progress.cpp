// SPDX-License-Identifier: Apache-2.0
#include "engine/console_progress.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <utility>

#include "core/printable.hpp"
#include "ncmlab/core/number_text.hpp"

namespace ncmlab {
namespace {

const std::string kRetrain = "retrain";
constexpr double kRedrawEvery = 0.1, kHeartbeatEvery = 60;  // seconds

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The first `columns` code points.
std::string cut(const std::string& text, int columns) {
  std::size_t at = 0;
  for (int seen = 0; at < text.size(); ++at) {
    const bool starts_code_point = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (starts_code_point && seen++ == columns) {
      break;
    }
  }
  return text.substr(0, at);
}

}  // namespace

std::string clock_text(double seconds) {
  const auto total = static_cast<long long>(std::max(0.0, std::round(seconds)));
  char text[32];
  if (total < 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld", total / 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", total / 3600, total / 60 % 60,
                  total % 60);
  }
  return text;
}

std::string duration_text(double seconds) {
  if (seconds >= 60) {
    return clock_text(seconds);
  }
  return fixed_decimals(seconds, 1) + " s";
}

ConsoleProgress::ConsoleProgress(std::ostream& out, Options options)
    : out_(out), options_(std::move(options)) {
  if (!options_.seconds) {
    options_.seconds = steady_seconds;
  }
  run_start_ = options_.seconds();
}

void ConsoleProgress::begin(std::string_view what, std::int64_t total) {
  what_ = what;
  detail_.clear();
  steps_ = 0;
  step_total_ = total;
  step_start_ = options_.seconds();
  redraw(false);
}

void ConsoleProgress::advance(std::int64_t steps, std::string_view detail) {
  steps_ += steps;
  detail_ = detail;
  redraw(false);
}

void ConsoleProgress::log(std::string_view line) {
  const bool is_warning = line.starts_with("warning");
  if (options_.quiet && !is_warning) {
    return;
  }
  // Without a bar, the stage at work stands in a line before.
  const bool needs_title = options_.bar && !title_.empty() && !is_warning;
  print_line((needs_title ? title_ + ": " : "") + std::string(line));
}

void ConsoleProgress::run_begins(const RunSize& size) {
  size_ = size;
  for (const auto& [kind, count] : size.pending) {
    total_ += count;
  }
  std::size_t possible = 0;
  for (const auto& [kind, count] : size.possible) {
    possible += count;
  }
  for (const auto& [kind, seconds] : size.seconds) {
    timed_[kind] = {1, seconds};
  }
  if (!options_.quiet) {
    print_line(std::to_string(total_) + " stages to run" +
               (possible == 0 ? "" : " and up to " + std::to_string(possible) + " more") + ", " +
               std::to_string(size.cached) + " in the store");
  }
  total_ += possible;
}

void ConsoleProgress::stage_begins(const Stage& stage) {
  kind_ = stage.kind();
  title_ = stage.title();
  what_.clear();
  detail_.clear();
  steps_ = step_total_ = 0;
  stage_start_ = step_start_ = options_.seconds();
  std::size_t& left = size_.pending[kind_] > 0 ? size_.pending[kind_] : size_.possible[kind_];
  if (left > 0) {
    --left;
  } else {
    ++total_;
  }
  if (!options_.bar && !options_.quiet) {
    print_line("start   " + title_);
  }
  redraw(true);
}

void ConsoleProgress::stage_ends(const Stage& stage, double seconds, const std::string& failure) {
  ++finished_;
  failed_ += failure.empty() ? 0 : 1;
  if (failure.empty()) {
    auto& [count, sum] = timed_[kind_];
    const bool only_stored = size_.seconds.erase(kind_) > 0;
    count = only_stored ? 1 : count + 1;
    sum = only_stored ? seconds : sum + seconds;
  }
  kind_.clear();
  title_.clear();
  if (!failure.empty()) {
    print_line("failed  " + failure);
  } else if (!options_.bar && !options_.quiet) {
    print_line("done    " + stage.title() + " (" + duration_text(seconds) + ")");
  }
}

void ConsoleProgress::failed(const std::string& text) { print_line("failed  " + text); }

void ConsoleProgress::stage_dropped(const Stage& stage) {
  std::size_t& left = size_.possible[stage.kind()];
  if (left > 0) {
    --left;
    --total_;
  }
}

void ConsoleProgress::run_ends() {
  clear_line();
  if (!options_.quiet) {
    print_line(std::to_string(finished_) + " stages run, " + std::to_string(failed_) + " failed, " +
               clock_text(options_.seconds() - run_start_) + " elapsed");
  }
}

void ConsoleProgress::clear_line() {
  if (is_drawn_) {
    out_ << "\r\x1b[K" << std::flush;
    is_drawn_ = false;
  }
}

std::optional<double> ConsoleProgress::mean_of(const std::string& kind) const {
  const auto found = timed_.find(kind);
  if (found == timed_.end() || found->second.first == 0) {
    // A retraining is a training on nearly the same samples.
    return kind == kRetrain ? mean_of("victim") : std::nullopt;
  }
  return found->second.second / static_cast<double>(found->second.first);
}

ConsoleProgress::Estimate ConsoleProgress::remaining() const {
  Estimate estimate;
  const double now = options_.seconds();
  std::optional<double> projected;  // whole length of the stage at work
  if (!kind_.empty()) {
    projected = mean_of(kind_);
    if (!projected && step_total_ > 0 && steps_ > 0) {
      const double per_step = (now - step_start_) / static_cast<double>(steps_);
      projected = now - stage_start_ +
                  per_step * static_cast<double>(std::max<std::int64_t>(0, step_total_ - steps_));
    }
    estimate.is_floor = !projected;
    estimate.seconds = std::max(0.0, projected.value_or(0) - (now - stage_start_));
  }
  for (const auto* counts : {&size_.pending, &size_.possible}) {
    for (const auto& [kind, count] : *counts) {
      const auto each = kind == kind_ ? projected : mean_of(kind);
      estimate.is_floor |= count > 0 && !each;
      estimate.seconds += each.value_or(0) * static_cast<double>(count);
    }
  }
  return estimate;
}

std::string ConsoleProgress::step_text() const {
  std::string text = what_;
  if (step_total_ > 0) {
    text += " " + std::to_string(steps_) + "/" + std::to_string(step_total_);
  } else if (steps_ > 0) {
    text += " " + std::to_string(steps_);
  }
  return detail_.empty() ? text : text + ", " + detail_;
}

std::string ConsoleProgress::status_line() const {
  const Estimate estimate = remaining();
  const std::string eta = (estimate.is_floor ? "ETA > " : "ETA ") + clock_text(estimate.seconds);
  const std::string step = step_text();
  return "[" + std::to_string(finished_) + "/" + std::to_string(total_) + "] " +
         clock_text(options_.seconds() - run_start_) + ", " + eta +
         (failed_ > 0 ? ", " + std::to_string(failed_) + " failed" : "") + " | " + title_ +
         (step.empty() ? "" : " | " + step);
}

void ConsoleProgress::redraw(bool at_once) {
  const double now = options_.seconds();
  if (options_.quiet || title_.empty() ||
      (!at_once && now - last_shown_ < (options_.bar ? kRedrawEvery : kHeartbeatEvery))) {
    return;
  }
  last_shown_ = now;
  if (options_.bar) {
    out_ << "\r\x1b[K" << cut(printable(status_line()), options_.width - 1) << std::flush;
    is_drawn_ = true;
  } else if (!at_once) {
    print_line("working " + status_line());
  }
}

void ConsoleProgress::print_line(const std::string& line) {
  clear_line();
  if (!options_.bar) {
    out_ << clock_text(options_.seconds() - run_start_) << "  ";
  }
  out_ << printable_lines(line) << '\n' << std::flush;
}

}  // namespace ncmlab
