// SPDX-License-Identifier: Apache-2.0
#include "standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <utility>

namespace ncmlab::app {

void open_standard_streams() {
  constexpr std::pair<int, int> kStreams[] = {
      {STDIN_FILENO, O_RDONLY}, {STDOUT_FILENO, O_RDONLY}, {STDERR_FILENO, O_WRONLY}};
  for (const auto& [descriptor, mode] : kStreams) {
    if (::fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) {
      // The lowest free descriptor is this one.
      static_cast<void>(::open("/dev/null", mode));
    }
  }
}

int finish_output(const Arguments& arguments, int status) {
  errno = 0;
  std::cout.flush();
  if (std::cout && std::ferror(stdout) == 0) {
    return status;
  }
  const std::string reason = errno != 0 ? std::string(": ") + std::strerror(errno) : "";
  const Error error("io.write", "cannot write to standard output" + reason);
  const int lost = print(arguments, error);
  return status == kOk ? lost : status;
}

}  // namespace ncmlab::app
