// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ncmlab {

/// Where long work reports how far it is and asks whether it should stop.
/// The base class is silent and never cancels.
class Progress {
 public:
  virtual ~Progress() = default;

  /// Starts a piece of work of `total` steps (0: unknown).
  virtual void begin(std::string_view what, std::int64_t total);
  /// `detail` is a short text such as "loss 0.123".
  virtual void advance(std::int64_t steps = 1, std::string_view detail = {});
  /// A line for the log.
  virtual void log(std::string_view line);
  /// True once the user has asked to stop.
  virtual bool cancelled() const;

  /// Throws Cancelled when cancelled(). Call it at least once a second.
  void check() const;
};

/// Stands before another Progress: passes on its wish to stop, and nothing that it is told. For
/// work whose steps nobody counts; a derived class passes on what it overrides.
class QuietProgress : public Progress {
 public:
  explicit QuietProgress(Progress& outer) : outer_(outer) {}
  bool cancelled() const override;

 protected:
  Progress& outer() { return outer_; }

 private:
  Progress& outer_;
};

/// A Progress that is silent, for tests and benches.
Progress& silent_progress();

}  // namespace ncmlab
