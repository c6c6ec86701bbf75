// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <streambuf>
#include <string>

namespace ncmlab {

/// The bytes that a gzip stream holds, inflated as they are asked for. Memory use does not depend
/// on what the stream claims. Members that follow each other are one text, as for gzip itself.
/// zlib's own gzread() ends without an error at bytes behind a member that are no further one, and
/// holds up a pipe until it has a whole buffer.
class GzipBuffer final : public std::streambuf {
 public:
  /// True if what `source` holds next is gzip. Nothing is taken.
  static bool is_gzip(std::streambuf& source);

  /// `source` must outlive the buffer.
  explicit GzipBuffer(std::streambuf& source);
  ~GzipBuffer() override;

  /// Why the text ended early; empty if it did not.
  const std::string& failure() const { return failure_; }

 protected:
  int_type underflow() override;

 private:
  struct Inflater;
  /// Makes sure that the inflater has input; false at the end of the source.
  bool refill();

  std::streambuf& source_;
  std::unique_ptr<Inflater> inflater_;
  std::string failure_;
};

}  // namespace ncmlab
