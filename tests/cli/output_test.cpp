// SPDX-License-Identifier: Apache-2.0
// What becomes of output that nobody takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "ncmlab/core/files.hpp"
#include "scratch_folder.hpp"
#include "tiny_checkpoint.hpp"

namespace ncmlab {
namespace {

using ::testing::HasSubstr;

struct Ended {
  int status = -1;
  std::string errors;
};

Ended run(const std::string& arguments, const std::string& redirection) {
  const ScratchFolder folder;
  testing::write_tiny_checkpoint(folder / "model", "", 0.5F);
  const std::string errors = (folder / "errors").string();
  const std::string command = "cd '" + folder.path().string() + "' && '" NCMLAB_CLI "' " +
                              arguments + " --plugin-path '" NCMLAB_PLUGINS "' 2> '" + errors +
                              "' < /dev/null " + redirection;
  const int status = std::system(("bash -c \"" + command + "\"").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(errors)};
}

class OutputTest : public ::testing::TestWithParam<const char*> {};

TEST_P(OutputTest, ThatIsLostIsAnError) {
  for (const char* target : {"> /dev/full", ">&-"}) {
    const Ended ended = run(GetParam(), target);
    EXPECT_EQ(ended.status, 5) << target;
    EXPECT_THAT(ended.errors, HasSubstr("error[io.write]: cannot write to standard output"));
  }
  EXPECT_EQ(run(GetParam(), "> /dev/null").status, 0);
}

INSTANTIATE_TEST_SUITE_P(Commands, OutputTest,
                         ::testing::Values("--help", "--version", "plugins list",
                                           "plugins list --json", "help plan",
                                           "checkpoint inspect model",
                                           "checkpoint inspect model --json"));

// A file that is opened while an output is closed would get its descriptor and be written to.
TEST(ClosedStreamsTest, AreReplacedBeforeAnyFileIsOpened) {
  const int status = std::system("bash -c \"'" NCMLAB_CLI "' --help 0<&- >&- 2>&-\"");
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 5);
}

}  // namespace
}  // namespace ncmlab
