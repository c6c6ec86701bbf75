// SPDX-License-Identifier: Apache-2.0
#include "engine/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/hash.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

class StoreTest : public testing::Test {
 protected:
  static Key key(const std::string& value) {
    Key result("victim");
    result.add("model.layers", value);
    result.add("seed", "1");
    return result;
  }
  StoredObject make(const Key& key, const std::string& text = "weights") {
    Store store(root());
    FolderDraft pending = store.begin(key);
    write_file_atomically(pending.folder() / "checkpoint" / "model.safetensors", text);
    write_file_atomically(pending.folder() / "training.json", "{}");
    return store.commit(key, "toy, echo", std::move(pending),
                        {.seconds = 2.5, .forward_rows = 7, .backward_rows = 3});
  }
  const fs::path& root() const { return scratch_.path(); }
  std::optional<StoredObject> open(const Key& key) {
    Store store(root());
    warnings_.clear();
    return store.open(key, [&](std::string_view line) { warnings_.emplace_back(line); });
  }

  ScratchFolder scratch_;
  std::vector<std::string> warnings_;
};

TEST_F(StoreTest, GivesBackWhatWasCommitted) {
  const Key one = key("1");
  EXPECT_FALSE(open(one));
  EXPECT_EQ(Store(root()).check(one), Store::State::missing);
  make(one);
  const auto object = open(one);
  ASSERT_TRUE(object);
  EXPECT_EQ(object->name, "toy, echo");
  EXPECT_EQ(object->parts, one.parts());
  EXPECT_EQ(object->work.seconds, 2.5);
  EXPECT_EQ(object->work.forward_rows, 7);
  EXPECT_EQ(object->work.backward_rows, 3);
  EXPECT_EQ(read_file(object->folder / "checkpoint" / "model.safetensors"), "weights");
  EXPECT_EQ(object->folder, root() / "objects" / "victim" / one.hash().substr(0, 2) / one.hash());
  EXPECT_EQ(Store(root()).check(one), Store::State::whole);
  EXPECT_FALSE(open(key("2")));
}

TEST_F(StoreTest, UncommittedObjectsLeaveNothing) {
  Store store(root());
  {
    FolderDraft pending = store.begin(key("1"));
    write_file_atomically(pending.folder() / "half", "x");
  }
  EXPECT_FALSE(open(key("1")));
  EXPECT_TRUE(fs::is_empty(root() / "tmp"));
}

TEST_F(StoreTest, SweepRemovesWhatAKilledRunLeft) {
  write_file_atomically(root() / "tmp" / "victim-123" / "half", "x");
  make(key("1"));
  Store(root()).sweep();
  EXPECT_FALSE(fs::exists(root() / "tmp"));
  EXPECT_TRUE(open(key("1")));
}

TEST_F(StoreTest, AStagesWorkLastsUntilItsObjectIsThereOrRemoved) {
  Store store(root());
  const auto work = [&](const Key& key) { return store.work_folder(key); };
  EXPECT_NE(work(key("1")), work(key("2")));
  for (const char* name : {"1", "2"}) {
    write_file_atomically(work(key(name)) / "state", "x");
  }
  store.sweep();
  EXPECT_TRUE(fs::exists(work(key("1")) / "state"));
  make(key("1"));
  EXPECT_FALSE(fs::exists(work(key("1"))));
  EXPECT_TRUE(fs::exists(work(key("2")) / "state"));
  store.remove(key("2"));
  EXPECT_FALSE(fs::exists(work(key("2"))));
}

TEST_F(StoreTest, EveryTruncationOfEveryFileIsDetectedAndRemoved) {
  const Key one = key("1");
  for (const char* name : {"manifest.json", "training.json", "checkpoint/model.safetensors"}) {
    const fs::path file = make(one).folder / name;
    const auto size = fs::file_size(file);
    for (std::uintmax_t length = 0; length + 1 < size; length += 1 + size / 7) {
      make(one);
      fs::resize_file(file, length);
      EXPECT_EQ(Store(root()).check(one), Store::State::damaged) << name << " " << length;
      EXPECT_FALSE(open(one)) << name << " " << length;
      ASSERT_EQ(warnings_.size(), 1U);
      EXPECT_THAT(warnings_[0], testing::StartsWith("warning: "));
      EXPECT_EQ(Store(root()).check(one), Store::State::missing);
    }
  }
}

TEST_F(StoreTest, ChangedAndMissingFilesAreDetected) {
  const Key one = key("1");
  const fs::path folder = make(one).folder;
  std::ofstream(folder / "training.json") << "[]";
  EXPECT_FALSE(open(one));
  EXPECT_THAT(warnings_, testing::ElementsAre(testing::HasSubstr("training.json")));
  make(one);
  fs::remove(folder / "training.json");
  EXPECT_FALSE(open(one));
  EXPECT_THAT(warnings_, testing::ElementsAre(testing::HasSubstr("is missing")));
}

TEST_F(StoreTest, AManifestThatNestsTooDeeplyOrHoldsANumberOutOfRangeIsDetected) {
  const Key one = key("1");
  const fs::path file = make(one).folder / "manifest.json";
  nlohmann::json guarded = nlohmann::json::parse(read_file(file));
  guarded.erase("digest");
  guarded["forward_rows"] = UINT64_MAX;
  guarded["digest"] = hash_hex(guarded.dump());
  const auto warning = [&](const std::string& manifest) {
    make(one);
    write_file_atomically(file, manifest);
    EXPECT_EQ(Store(root()).check(one), Store::State::damaged);
    EXPECT_FALSE(open(one));
    return testing::PrintToString(warnings_);
  };
  EXPECT_THAT(warning(std::string(200'000, '[') + std::string(200'000, ']')),
              testing::HasSubstr("more than 100 levels deep"));
  EXPECT_THAT(warning("{\"seconds\": 1e999}"), testing::HasSubstr("cannot be read"));
  EXPECT_THAT(warning(guarded.dump()), testing::HasSubstr("cannot be read"));
}

TEST_F(StoreTest, AnObjectInTheWrongPlaceIsDetected) {
  const fs::path right = make(key("1")).folder;
  const fs::path wrong = make(key("2")).folder;
  fs::remove_all(wrong);
  fs::copy(right, wrong, fs::copy_options::recursive);
  EXPECT_FALSE(open(key("2")));
  EXPECT_THAT(warnings_, testing::ElementsAre(testing::HasSubstr("another object")));
  EXPECT_TRUE(open(key("1")));
}

TEST_F(StoreTest, CommitReplacesAnObject) {
  make(key("1"), "old");
  const StoredObject object = make(key("1"), "new");
  EXPECT_EQ(read_file(object.folder / "checkpoint" / "model.safetensors"), "new");
  EXPECT_TRUE(open(key("1")));
}

TEST_F(StoreTest, NearestIsTheObjectOfTheNameWithTheFewestChanges) {
  Key far = key("1");
  far.add("extra", "x");
  far.add("more", "x");
  make(far);
  make(key("2"));
  const Store store(root());
  const auto nearest = store.nearest(key("3"), "toy, echo");
  ASSERT_TRUE(nearest);
  EXPECT_EQ(*nearest, key("2").parts());
  EXPECT_FALSE(store.nearest(key("3"), "another name"));
}

TEST_F(StoreTest, FollowsNoLinkOutOfTheStore) {
  const Key one = key("1");
  const ScratchFolder elsewhere;
  elsewhere.write("kept", "x");
  Store store(root());
  const std::string hash = one.hash();
  const fs::path object = fs::path("objects") / "victim" / hash.substr(0, 2) / hash;
  for (const fs::path& link : {fs::path("tmp"), fs::path("objects"), object, fs::path("work"),
                               fs::path("work") / ("victim-" + hash)}) {
    fs::create_directories((root() / link).parent_path());
    fs::create_directory_symlink(elsewhere.path(), root() / link);
    const std::string code = code_of([&] {
      store.work_folder(one);
      FolderDraft draft = store.begin(one);
      store.commit(one, "toy", std::move(draft), {});
    });
    EXPECT_EQ(code, "store.link") << link;
    if (link != "tmp") {
      EXPECT_EQ(code_of([&] { store.remove(one); }), "store.link") << link;
    }
    fs::remove_all(root() / *link.begin());
  }
  fs::remove_all(root() / "tmp");
  fs::create_directory_symlink(elsewhere.path(), root() / "tmp");
  store.sweep();
  EXPECT_FALSE(fs::exists(root() / "tmp"));
  EXPECT_EQ(read_file(elsewhere / "kept"), "x");
  EXPECT_EQ(std::distance(fs::directory_iterator(elsewhere.path()), {}), 1);
}

TEST_F(StoreTest, TheRootMayBeALink) {
  const ScratchFolder elsewhere;
  fs::create_directory_symlink(elsewhere.path(), root() / "link");
  Store store(root() / "link");
  store.commit(key("1"), "toy", store.begin(key("1")), {});
  EXPECT_EQ(store.check(key("1")), Store::State::whole);
}

TEST_F(StoreTest, WhatIsInTheMakingHasANameOfItsOwnAndIsPrivate) {
  Store store(root());
  const FolderDraft one = store.begin(key("1")), other = store.begin(key("1"));
  EXPECT_NE(one.folder(), other.folder());
  EXPECT_EQ(fs::status(one.folder()).permissions(), fs::perms::owner_all);
  fs::create_directory(root() / "usual");
  EXPECT_EQ(fs::status(make(key("2")).folder).permissions(),
            fs::status(root() / "usual").permissions());
}

TEST_F(StoreTest, SaysWhatCannotBeWritten) {
  write_file_atomically(root() / "file", "x");
  Store store(root() / "file");
  try {
    store.begin(key("1"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics()[0].code, "io.write");
  }
}

}  // namespace
}  // namespace ncmlab
