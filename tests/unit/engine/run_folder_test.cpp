// SPDX-License-Identifier: Apache-2.0
#include "engine/run_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "error_of.hpp"
#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// 32 times the same digit.
std::string key(char digit) { return std::string(32, digit); }

CellRecord record_of(const std::string& key) {
  CellRecord record;
  record.key = key;
  record.attack = "old label";
  record.clean = {.accuracy = 0.5, .precision = 1, .recall = 1, .f1 = 0.5, .count = 9};
  return record;
}

RunIndex index_with(const std::vector<std::string>& keys) {
  RunIndex index{.name = "n",
                 .description = "d",
                 .file = "f.toml",
                 .location = "/a/f.toml",
                 .source = "[x]\n",
                 .cells = {}};
  for (const std::string& key : keys) {
    index.cells.push_back(
        {.key = key, .task = "t", .model = "m", .attack = "new label", .defense = "d", .seed = 3});
  }
  return index;
}

/// Replaces a piece of a file's text, of the same length, by another.
void change(const fs::path& file, const std::string& before, const std::string& after) {
  std::string text = read_file(file);
  ASSERT_NE(text.find(before), std::string::npos) << text;
  write_file_atomically(file, text.replace(text.find(before), before.size(), after));
}

TEST(RunFolderTest, ReplacesCharactersThatAreNoFileName) {
  EXPECT_EQ(run_folder("s", "quick-start_1.0"), fs::path("s/runs/quick-start_1.0"));
  EXPECT_EQ(run_folder("s", "a/../b c"), fs::path("s/runs/a_.._b_c"));
  EXPECT_EQ(run_folder("s", ".."), fs::path("s/runs/_.."));
}

TEST(RunFolderTest, RecordsComeInTheOrderAndUnderTheLabelsOfTheIndex) {
  const ScratchFolder scratch;
  write_index(scratch.path(), index_with({key('b'), key('0'), key('a')}));
  EXPECT_TRUE(read_records(scratch.path()).empty());
  for (const char digit : {'a', 'b'}) {
    write_record(scratch.path(), record_of(key(digit)));
  }
  const std::vector<CellRecord> records = read_records(scratch.path());
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].key, key('b'));
  EXPECT_EQ(records[1].key, key('a'));
  EXPECT_EQ(records[0].attack, "new label");
  EXPECT_EQ(records[0].seed, 3);
  EXPECT_EQ(read_index(scratch.path()).source, "[x]\n");
  EXPECT_EQ(read_index(scratch.path()).location, "/a/f.toml");
}

TEST(RunFolderTest, AChangedFigureIsFound) {
  const ScratchFolder scratch;
  write_index(scratch.path(), index_with({key('a')}));
  write_record(scratch.path(), record_of(key('a')));
  const fs::path file = scratch / (key('a') + ".json");
  change(file, "\"accuracy\":0.5", "\"accuracy\":0.9");
  const Diagnostic error = error_of([&] { read_records(scratch.path()); });
  EXPECT_EQ(error.code, "store.bad-record");
  EXPECT_THAT(error.message, testing::AllOf(HasSubstr(file.string()), HasSubstr("expected `"),
                                            HasSubstr("was changed after it was written")));
  EXPECT_THAT(error.help, testing::Contains(HasSubstr("run the experiment again")));
}

TEST(RunFolderTest, EveryChangedByteOfARecordAndOfTheIndexIsFound) {
  const ScratchFolder scratch;
  write_index(scratch.path(), index_with({key('a')}));
  write_record(scratch.path(), record_of(key('a')));
  for (const std::string& name : {std::string("experiment.json"), key('a') + ".json"}) {
    const std::string text = read_file(scratch / name);
    for (std::size_t i = 0; i < text.size(); i += 3) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      scratch.write(name, changed);
      const Diagnostic error = error_of([&] { read_records(scratch.path()); });
      EXPECT_EQ(error.code, "store.bad-record") << name << " " << i;
      EXPECT_THAT(error.message, HasSubstr(name)) << i;
    }
    scratch.write(name, text);
  }
  EXPECT_EQ(read_records(scratch.path()).size(), 1U);
}

TEST(RunFolderTest, ARecordOfAnotherCellIsFound) {
  const ScratchFolder scratch;
  write_index(scratch.path(), index_with({key('a')}));
  write_record(scratch.path(), record_of(key('b')));
  fs::rename(scratch / (key('b') + ".json"), scratch / (key('a') + ".json"));
  EXPECT_THAT(error_of([&] { read_records(scratch.path()); }).message, HasSubstr("another cell"));
}

TEST(RunFolderTest, AKeyThatIsNoHashIsNoNameOfAFile) {
  const ScratchFolder scratch;
  for (const std::string& bad : {std::string("../../x"), std::string("a/b"), std::string(),
                                 key('A'), key('a') + "/", "/" + key('a').substr(1)}) {
    write_index(scratch.path(), index_with({bad}));
    EXPECT_EQ(code_of([&] { read_records(scratch.path()); }), "store.bad-record") << bad;
  }
}

TEST(RunFolderTest, SaysWhatIsWrongWithAnIndex) {
  const ScratchFolder scratch;
  const auto code = [&] { return code_of([&] { read_index(scratch.path()); }); };
  EXPECT_EQ(code(), "store.no-run");
  const std::string deep(1'000'000, '[');
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{}"), std::string("[1]"),
        std::string("{\"schema\":9}"), std::string("{\"schema\":5,\"name\":3}"),
        std::string("{\"digest\":\""), std::string("{\"digest\":\"\"}"), deep}) {
    scratch.write("experiment.json", text);
    EXPECT_EQ(code(), "store.bad-record") << text.substr(0, 200);
  }
  scratch.write("experiment.json", "{\"schema\":2,\"name\":\"n\"}");
  EXPECT_THAT(error_of([&] { read_index(scratch.path()); }).message,
              HasSubstr("has record schema 2, this ncmlab reads 5"));
  fs::remove(scratch / "experiment.json");
  ASSERT_EQ(::mkfifo((scratch / "experiment.json").c_str(), 0600), 0);
  EXPECT_EQ(code(), "store.no-run") << "nobody writes to it";
}

TEST(RunFolderTest, NothingIsWrittenThroughALink) {
  const ScratchFolder store, elsewhere;
  const fs::path folder = run_folder(store.path(), "n");
  for (const fs::path& link : {folder, folder.parent_path()}) {
    fs::create_directories(link.parent_path());
    fs::create_directory_symlink(elsewhere.path(), link);
    EXPECT_EQ(code_of([&] { replace_index(store.path(), index_with({})); }), "store.link") << link;
    fs::remove_all(store / "runs");
  }
  fs::create_directory_symlink(elsewhere.path(), store / "run");
  EXPECT_EQ(code_of([&] { write_record(store / "run", record_of(key('a'))); }), "store.link");
  EXPECT_TRUE(fs::is_empty(elsewhere.path()));
}

TEST(RunFolderTest, AnEditedExperimentGoesOnInSilence) {
  const ScratchFolder store;
  const RunIndex first = index_with({key('a'), key('b')});
  EXPECT_FALSE(replace_index(store.path(), first));
  RunIndex edited = index_with({key('c')});
  edited.source = "[y]\n";
  EXPECT_FALSE(replace_index(store.path(), edited)) << "the same file";
  edited.location = "/moved/f.toml";
  EXPECT_FALSE(replace_index(store.path(), edited)) << "the same text";
  RunIndex larger = index_with({key('c'), key('d')});
  larger.location = "/b/f.toml";
  EXPECT_FALSE(replace_index(store.path(), larger)) << "all cells and more";
  EXPECT_EQ(read_index(run_folder(store.path(), "n")).cells.size(), 2U);
  EXPECT_FALSE(fs::exists(run_folder(store.path(), "n") / "experiment.1.json"));
}

TEST(RunFolderTest, AnotherExperimentOfTheNameIsToldAndTheFormerKept) {
  const ScratchFolder store;
  const fs::path folder = run_folder(store.path(), "n");
  RunIndex first = index_with({key('a')}), second = index_with({key('b')});
  second.location = "/b/f.toml";
  second.source = "[y]\n";
  replace_index(store.path(), first);
  write_record(folder, record_of(key('a')));
  const std::string before = read_file(folder / "experiment.json");
  const auto warning = replace_index(store.path(), second);
  ASSERT_TRUE(warning);
  EXPECT_EQ(warning->severity, Severity::warning);
  EXPECT_EQ(warning->code, "store.other-experiment");
  EXPECT_THAT(warning->message, testing::AllOf(HasSubstr("`/a/f.toml`"), HasSubstr("`/b/f.toml`")));
  EXPECT_EQ(read_file(folder / "experiment.1.json"), before);
  EXPECT_TRUE(fs::exists(folder / (key('a') + ".json")));
  EXPECT_EQ(read_index(folder).location, "/b/f.toml");
  EXPECT_TRUE(replace_index(store.path(), first));
  EXPECT_TRUE(fs::exists(folder / "experiment.2.json"));
  EXPECT_EQ(read_records(folder).size(), 1U);
}

}  // namespace
}  // namespace ncmlab
