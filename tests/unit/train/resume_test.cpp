// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "error_of.hpp"
#include "learnable_samples.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/train/trainer.hpp"
#include "scratch_folder.hpp"
#include "train/training_state.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using testing::fast_options;
using testing::learnable_samples;
using testing::small_model;

/// Asks to stop after some batches and keeps what is logged.
class StoppingProgress final : public Progress {
 public:
  explicit StoppingProgress(std::int64_t batches = 1'000'000) : left_(batches) {}
  void advance(std::int64_t steps, std::string_view) override { left_ -= steps; }
  void log(std::string_view line) override { lines.emplace_back(line); }
  bool cancelled() const override { return left_ <= 0; }

  std::vector<std::string> lines;

 private:
  std::int64_t left_;
};

class ResumeTest : public ::testing::Test {
 protected:
  /// 64 samples with dropout: six epochs of four batches.
  static CodeModel victim() { return small_model(1, {}, 0.1); }
  static TrainingOptions options() {
    TrainingOptions result = fast_options();
    result.epochs = 6;
    return result;
  }
  TrainingResult run(CodeModel& model, Progress& progress, const TrainingOptions& settings,
                     bool keeps_state = true) const {
    const TrainingHooks hooks{
        .evaluate =
            [&](CodeModel& trained) {
              return std::map<std::string, double>{
                  {"accuracy", testing::accuracy(trained, learnable_samples(model, 40, Rng(9)))}};
            },
        .state_folder = keeps_state ? folder_ : fs::path()};
    return train(model, learnable_samples(model, 64, Rng(2)), settings, Rng(5), progress, hooks);
  }
  void stop_after(std::int64_t batches, const TrainingOptions& settings) const {
    CodeModel model = victim();
    StoppingProgress progress(batches);
    EXPECT_THROW(run(model, progress, settings), Cancelled);
  }

  const ScratchFolder scratch_;
  const fs::path folder_ = scratch_ / "state";
};

void expect_same(const TrainingResult& a, CodeModel& first, const TrainingResult& b,
                 CodeModel& second) {
  ASSERT_EQ(a.epochs.size(), b.epochs.size());
  EXPECT_EQ(a.kept_epoch, b.kept_epoch);
  for (std::size_t i = 0; i < a.epochs.size(); ++i) {
    EXPECT_EQ(a.epochs[i].loss, b.epochs[i].loss);
    EXPECT_EQ(a.epochs[i].accuracy, b.epochs[i].accuracy);
    EXPECT_EQ(a.epochs[i].validation, b.epochs[i].validation);
  }
  const StateDict expected = second.parameters();
  for (const auto& [name, tensor] : first.parameters()) {
    EXPECT_TRUE(at::equal(tensor, expected.at(name))) << name;
  }
  EXPECT_EQ(first.work().forward_rows, second.work().forward_rows);
  EXPECT_EQ(first.work().backward_rows, second.work().backward_rows);
}

TEST_F(ResumeTest, EndsWhereAnUninterruptedTrainingEnds) {
  CodeModel whole = victim();
  const auto expected = run(whole, silent_progress(), options(), false);
  // Stopped twice: in the second epoch, then in the fifth.
  stop_after(5, options());
  stop_after(14, options());
  CodeModel resumed = victim();
  StoppingProgress progress;
  const auto result = run(resumed, progress, options());
  EXPECT_EQ(result.resumed_epochs, 4u);
  EXPECT_GT(result.resumed_seconds, 0);
  ASSERT_EQ(progress.lines.size(), 1u);
  EXPECT_EQ(progress.lines[0], "training goes on after epoch 4/6");
  expect_same(result, resumed, expected, whole);
}

TEST_F(ResumeTest, TheHeadAloneIsResumedToo) {
  TrainingOptions settings = options();
  settings.head_only = true;
  CodeModel whole = victim();
  const auto expected = run(whole, silent_progress(), settings, false);
  // The vectors are computed first: 64 samples that count as steps.
  stop_after(64 + 9, settings);
  CodeModel resumed = victim();
  const auto result = run(resumed, silent_progress(), settings);
  EXPECT_EQ(result.resumed_epochs, 2u);
  expect_same(result, resumed, expected, whole);
}

TEST_F(ResumeTest, RemembersTheBestEpoch) {
  TrainingOptions settings = options();
  settings.early_stopping = 6;
  settings.learning_rate = 0.05;  // so high that later epochs are worse
  CodeModel whole = victim();
  const auto expected = run(whole, silent_progress(), settings, false);
  ASSERT_LT(expected.kept_epoch, 4u);
  for (const std::int64_t batches : {5, 9, 13, 17}) {
    fs::remove_all(folder_);
    stop_after(batches, settings);
    CodeModel resumed = victim();
    const auto result = run(resumed, silent_progress(), settings);
    EXPECT_GT(result.resumed_epochs, 0u);
    expect_same(result, resumed, expected, whole);
  }
}

TEST_F(ResumeTest, KeepsOneStateOnly) {
  stop_after(18, options());
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"epoch-4.safetensors", "training_state.json"}));
}

TEST_F(ResumeTest, ADamagedStateIsNotUsed) {
  CodeModel whole = victim();
  const auto expected = run(whole, silent_progress(), options(), false);
  for (const char* file : {"epoch-2.safetensors", "training_state.json"}) {
    stop_after(9, options());
    fs::resize_file(folder_ / file, fs::file_size(folder_ / file) - 3);
    EXPECT_EQ(code_of([&] { load_training_state(folder_); }), "checkpoint.training-state") << file;
    CodeModel resumed = victim();
    StoppingProgress progress;
    const auto result = run(resumed, progress, options());
    ASSERT_FALSE(progress.lines.empty());
    EXPECT_TRUE(progress.lines[0].starts_with("warning: training starts anew")) << file;
    EXPECT_EQ(result.resumed_epochs, 0u);
    expect_same(result, resumed, expected, whole);
    fs::remove_all(folder_);
  }
}

TEST_F(ResumeTest, AStateThatNestsTooDeepIsDamaged) {
  write_file_atomically(folder_ / "training_state.json",
                        "{\"epochs\": " + std::string(1'000'000, '['));
  EXPECT_EQ(code_of([&] { load_training_state(folder_); }), "checkpoint.training-state");
  EXPECT_EQ(saved_epochs(folder_), 0U);
}

TEST_F(ResumeTest, AnUnfinishedStateDoesNotHideTheOneBefore) {
  stop_after(9, options());
  // As if the process had died after the tensors and before the index of the next epoch.
  write_file_atomically(folder_ / "epoch-3.safetensors", "half");
  CodeModel resumed = victim();
  EXPECT_EQ(run(resumed, silent_progress(), options()).resumed_epochs, 2u);
}

}  // namespace
}  // namespace ncmlab
