// SPDX-License-Identifier: Apache-2.0
#include "engine/lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "error_of.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"

namespace ncmlab {
namespace {

TEST(StoreLockTest, RefusesASecondHolderAndNamesTheFirst) {
  const ScratchFolder scratch;
  const StoreLock first(scratch.path());
  try {
    const StoreLock second(scratch.path());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.diagnostics()[0].code, "store.locked");
    EXPECT_THAT(error.what(), testing::HasSubstr("process " + std::to_string(::getpid())));
  }
}

TEST(StoreLockTest, WritesToNothingButAFileOfItsOwn) {
  const ScratchFolder scratch;
  const auto target = scratch.write("precious", "kept");
  const auto lock = scratch / "lock";
  std::filesystem::create_symlink(target, lock);
  EXPECT_EQ(code_of([&] { StoreLock(scratch.path()); }), "store.link");
  std::filesystem::remove(lock);
  std::filesystem::create_hard_link(target, lock);
  EXPECT_EQ(code_of([&] { StoreLock(scratch.path()); }), "store.link");
  std::filesystem::remove(lock);
  ASSERT_EQ(::mkfifo(lock.c_str(), 0600), 0);
  EXPECT_EQ(code_of([&] { StoreLock(scratch.path()); }), "store.link");
  EXPECT_EQ(read_file(target), "kept");
}

TEST(StoreLockTest, IsFreeAfterItsHolder) {
  const ScratchFolder scratch;
  { const StoreLock first(scratch.path()); }
  EXPECT_NO_THROW(StoreLock(scratch.path()));
}

TEST(StoreLockTest, IsFreeAfterAKilledHolder) {
  const ScratchFolder scratch;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const StoreLock lock(scratch.path());
    (void)!::write(ready[1], "x", 1);
    ::pause();
    ::_exit(1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THROW(StoreLock(scratch.path()), Error);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(StoreLock(scratch.path()));
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace ncmlab
