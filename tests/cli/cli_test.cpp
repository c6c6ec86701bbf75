// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>

#include "ncmlab/core/files.hpp"
#include "tiny_checkpoint.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

/// A command as the shell gets it. {TEST}, {BAD} and {REAL} stand for folders of plugins, {STORE}
/// for an empty one.
struct Case {
  const char* name;
  const char* arguments;
};

const Case kCases[] = {
    {"no_arguments", ""},
    {"help", "--help"},
    {"version", "--version"},
    {"help_of_validate", "help validate"},
    {"help_of_plugins", "plugins --help"},
    {"help_of_describe", "plugins describe -h"},
    {"unknown_command", "validat file.toml"},
    {"unknown_option", "--colour always"},
    {"unknown_option_of_command", "plugins list --knid attack"},
    {"abbreviated_option", "plugins list --js"},
    {"missing_argument", "validate"},
    {"too_many_arguments", "validate a b"},
    {"missing_value", "plugins list --plugin-path"},
    {"bad_option_value", "attack preview experiments/valid.toml --n three"},
    {"bad_color", "--color sometimes plugins list"},
    {"list", "plugins list --plugin-path {TEST}"},
    {"list_kind", "plugins list --kind attack --plugin-path={TEST}"},
    {"list_bad_kind", "plugins list --kind virus"},
    {"list_json", "plugins list --json --kind defense --plugin-path {TEST}"},
    {"list_nothing", "plugins list"},
    {"list_with_broken", "plugins list --plugin-path {TEST} --plugin-path {BAD}/no_symbol"},
    {"list_quiet", "-q plugins list --plugin-path {TEST} --plugin-path {BAD}/no_symbol"},
    {"list_color", "--color always plugins list --plugin-path {BAD}/wrong_api"},
    {"describe", "plugins describe defense/toy --plugin-path {TEST}"},
    {"describe_json", "plugins describe attack/toy --json --plugin-path {TEST}"},
    {"describe_markdown", "plugins describe defense/toy --markdown --plugin-path {TEST}"},
    {"describe_toml", "plugins describe attack/toy --toml --plugin-path {TEST}"},
    {"describe_conflict", "plugins describe attack/toy --toml --json"},
    {"describe_unknown", "plugins describe attack/toi --plugin-path {TEST}"},
    {"describe_other_kind", "plugins describe attack/echo --plugin-path {TEST}"},
    {"describe_without_kind", "plugins describe echo --plugin-path {TEST}"},
    {"describe_broken", "plugins describe attack/future --plugin-path {BAD}/wrong_api"},
    {"unknown_subcommand", "plugins lsit"},
    {"missing_subcommand", "plugins"},
    {"doctor", "plugins doctor --plugin-path {TEST}"},
    {"doctor_with_broken",
     "plugins doctor --plugin-path {TEST} --plugin-path {BAD}/wrong_api --plugin-path "
     "{BAD}/wrong_stamp --plugin-path {BAD}/no_symbol --plugin-path {BAD}/not_a_library "
     "--plugin-path {BAD}/twin_one --plugin-path {BAD}/twin_two --plugin-path {BAD}/bad_entry "
     "--plugin-path {BAD}/missing_library --plugin-path {BAD}/other_headers --plugin-path "
     "{BAD}/older_stamp"},
    {"list_odd_folders",
     "plugins list --kind attack --plugin-path {TEST} --plugin-path {BAD}/nowhere --plugin-path "
     "{BAD}/twin_one/libncmlab_attack_twin.so --plugin-path {BAD}/misnamed"},
    {"doctor_odd_folders",
     "plugins doctor --plugin-path {BAD}/nowhere --plugin-path {BAD}/not_a_library/"
     "libncmlab_attack_letter.so --plugin-path {BAD}/misnamed"},
    {"help_of_checkpoint", "checkpoint --help"},
    {"help_of_checkpoint_inspect", "help checkpoint inspect"},
    {"help_of_checkpoint_convert", "checkpoint convert --help"},
    {"help_of_checkpoint_diff", "checkpoint diff --help"},
    {"help_of_checkpoint_verify", "checkpoint verify --help"},
    {"checkpoint_unknown", "checkpoint covnert"},
    {"checkpoint_inspect", "checkpoint inspect {MODELS}/plain"},
    {"checkpoint_inspect_json", "checkpoint inspect {MODELS}/plain --json"},
    {"checkpoint_inspect_misfit", "checkpoint inspect {MODELS}/misfit"},
    {"checkpoint_inspect_truncated", "checkpoint inspect {MODELS}/truncated.safetensors"},
    {"checkpoint_inspect_nothing", "checkpoint inspect {MODELS}/nowhere"},
    {"checkpoint_convert", "checkpoint convert {MODELS}/plain {MODELS}/new"},
    {"checkpoint_convert_exists", "checkpoint convert {MODELS}/plain {MODELS}/prefixed"},
    {"checkpoint_convert_ending", "checkpoint convert {MODELS}/plain {MODELS}/new.onnx"},
    {"report_ending", "report nowhere --out table.html"},
    {"report_no_run", "report --store {STORE}"},
    {"report_unknown_run", "report nowhere --store {STORE}"},
    {"report_conflict", "report nowhere --format latex --intervals"},
    {"checkpoint_diff_same", "checkpoint diff {MODELS}/plain {MODELS}/prefixed"},
    {"checkpoint_diff", "checkpoint diff {MODELS}/plain {MODELS}/other"},
    {"checkpoint_diff_json", "checkpoint diff {MODELS}/plain {MODELS}/other --json"},
    {"checkpoint_verify_nothing", "checkpoint verify {MODELS}/nowhere"},
    {"checkpoint_verify_precision", "checkpoint verify {MODELS}/plain --precision fp16"},
    {"checkpoint_verify_tolerance", "checkpoint verify {MODELS}/plain --tolerance -1"},
    {"validate", "validate experiments/valid.toml --plugin-path {TEST} --plugin-path {REAL}"},
    {"validate_problems", "validate experiments/problems.toml --plugin-path {TEST}"},
    {"validate_syntax", "validate experiments/syntax.toml --plugin-path {TEST}"},
    {"validate_no_file", "validate experiments/nowhere.toml --plugin-path {TEST}"},
    {"validate_broken_plugin",
     "-q validate experiments/broken_plugin.toml --plugin-path {TEST} --plugin-path "
     "{BAD}/wrong_api"},
    {"validate_create_failed",
     "validate experiments/create_failed.toml --plugin-path {TEST} --plugin-path {REAL} "
     "--plugin-path {BAD}/throws_on_create"},
    {"validate_unknown_label",
     "validate experiments/unknown_label.toml --plugin-path {TEST} --plugin-path {REAL}"},
    {"help_of_tokenize", "tokenize --help"},
    {"tokenize", "tokenize experiments/texts.jsonl --tokenizer experiments/tokenizer.json"},
    {"tokenize_offsets",
     "tokenize experiments/texts.jsonl --tokenizer experiments/tokenizer.json --tokens --offsets"},
    {"tokenize_missing_field",
     "tokenize experiments/texts_without_field.jsonl --tokenizer experiments/tokenizer.json"},
    {"tokenize_without_tokenizer", "tokenize experiments/texts.jsonl"},
    {"tokenize_no_tokenizer", "tokenize experiments/texts.jsonl --tokenizer experiments/nowhere"},
    {"attack_preview",
     "-q attack preview experiments/preview.toml --n 1 --store {STORE} --plugin-path {REAL}"},
    {"attack_unknown",
     "attack preview experiments/valid.toml --attack toi --store {STORE} --plugin-path {TEST} "
     "--plugin-path {REAL}"},
    {"attack_absent",
     "attack preview experiments/no_attack.toml --store {STORE} --plugin-path {TEST} "
     "--plugin-path {REAL}"},
    {"attack_export_no_writer",
     "-q attack export experiments/valid.toml --out {STORE}/out --store {STORE} --plugin-path "
     "{TEST} --plugin-path {REAL}"},
    {"attack_export_without_folder",
     "attack export experiments/valid.toml --plugin-path {TEST} --plugin-path {REAL}"},
    {"attack_export_exists", "attack export experiments/valid.toml --out experiments"},
    {"help_of_attack", "attack --help"},
    {"validate_missing_data",
     "validate experiments/missing_data.toml --plugin-path {TEST} --plugin-path {REAL}"},
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

/// Without what differs between machines: folders, digests, versions of the toolchain.
std::string masked(std::string text) {
  text = replaced(text, NCMLAB_TEST_PLUGINS, "[TEST]");
  text = replaced(text, NCMLAB_BAD_PLUGINS, "[BAD]");
  text = replaced(text, NCMLAB_PLUGINS, "[REAL]");
  text = replaced(text, fs::path(NCMLAB_CLI).parent_path().parent_path().string(), "[PREFIX]");
  text = std::regex_replace(text, std::regex("\\b[0-9a-f]{32}\\b"), "[DIGEST]");
  text = std::regex_replace(text, std::regex("ncmlab `g\\+\\+ [0-9]+`"), "ncmlab `[COMPILER]`");
  text =
      std::regex_replace(text, std::regex("ncmlab `[0-9]+\\.[0-9]+\\.[0-9]+`"), "ncmlab `[TORCH]`");
  text = std::regex_replace(text, std::regex("(ncmlab|compiler|LibTorch) [g0-9][^\n]*\n"),
                            "$1 [VERSION]\n");
  return text;
}

/// Checkpoints for a command to work on.
void write_models(const fs::path& folder) {
  testing::write_tiny_checkpoint(folder / "plain", "", 0.5F);
  testing::write_tiny_checkpoint(folder / "prefixed", "module.encoder.", 0.5F);
  testing::write_tiny_checkpoint(folder / "other", "", 0.75F);
  testing::write_tiny_checkpoint(folder / "misfit", "", 0.5F);
  const std::string config = read_file(folder / "misfit" / "config.json");
  write_file_atomically(folder / "misfit" / "config.json",
                        replaced(config, "\"vocab_size\":5", "\"vocab_size\":7"));
  write_file_atomically(folder / "truncated.safetensors",
                        read_file(folder / "plain" / "model.safetensors").substr(0, 100));
}

/// What the command prints and returns, in one text.
std::string transcript(const std::string& arguments) {
  const fs::path folder = fs::temp_directory_path() / ("ncmlab_cli_" + std::to_string(getpid()));
  fs::create_directories(folder);
  const std::string out = (folder / "out").string();
  const std::string err = (folder / "err").string();
  std::string words = replaced(arguments, "{TEST}", NCMLAB_TEST_PLUGINS);
  words = replaced(replaced(words, "{BAD}", NCMLAB_BAD_PLUGINS), "{REAL}", NCMLAB_PLUGINS);
  const std::string store = (folder / "store").string();
  words = replaced(words, "{STORE}", store);
  const std::string models = (folder / "models").string();
  if (words.find("{MODELS}") != std::string::npos) {
    write_models(models);
    words = replaced(words, "{MODELS}", models);
  }
  const std::string command = "cd '" NCMLAB_CLI_FOLDER
                              "' && env -u NCMLAB_PLUGIN_PATH -u CLICOLOR_FORCE '" NCMLAB_CLI "' " +
                              words + " > '" + out + "' 2> '" + err + "' < /dev/null";
  const int status = std::system(command.c_str());
  const std::string text = "$ ncmlab " + words + "\nexit code: " +
                           std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : -1) +
                           "\n--- stdout\n" + read_file(out) + "--- stderr\n" + read_file(err);
  fs::remove_all(folder);
  return masked(replaced(replaced(text, store, "[STORE]"), models, "[MODELS]"));
}

class CliTest : public ::testing::TestWithParam<Case> {};

TEST_P(CliTest, PrintsTheGoldenText) {
  const fs::path golden =
      fs::path(NCMLAB_CLI_FOLDER) / "golden" / (std::string(GetParam().name) + ".txt");
  const std::string text = transcript(GetParam().arguments);
  if (std::getenv("NCMLAB_APPROVE") != nullptr) {
    write_file_atomically(golden, text);
    GTEST_SKIP() << "approved " << golden;
  }
  ASSERT_TRUE(fs::exists(golden)) << "run tests/approve.sh and review " << golden;
  EXPECT_EQ(text, read_file(golden)) << "if this is what it should print, run tests/approve.sh";
}

INSTANTIATE_TEST_SUITE_P(Golden, CliTest, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(GoldenFilesTest, BelongToATestEach) {
  for (const auto& file : fs::directory_iterator(fs::path(NCMLAB_CLI_FOLDER) / "golden")) {
    const bool known = std::any_of(std::begin(kCases), std::end(kCases), [&](const Case& each) {
      return file.path().filename() == std::string(each.name) + ".txt";
    });
    EXPECT_TRUE(known) << file.path();
  }
}

}  // namespace
}  // namespace ncmlab
