// SPDX-License-Identifier: Apache-2.0
#include "data/gzip_buffer.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace ncmlab {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;
constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr char kFirstByte = '\x1f';  // no JSON text and no UTF-8 text begins so

}  // namespace

struct GzipBuffer::Inflater {
  z_stream stream{};
  bool is_inside = true;  ///< of a member, whose end has not come yet
  std::array<char, kChunk> input;
  std::array<char, kChunk> output;

  Inflater() { inflateInit2(&stream, kGzipOnly); }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

bool GzipBuffer::is_gzip(std::streambuf& source) {
  return source.sgetc() == traits_type::to_int_type(kFirstByte);
}

GzipBuffer::GzipBuffer(std::streambuf& source)
    : source_(source), inflater_(std::make_unique<Inflater>()) {}

GzipBuffer::~GzipBuffer() = default;

bool GzipBuffer::refill() {
  z_stream& stream = inflater_->stream;
  if (stream.avail_in > 0) {
    return true;
  }
  if (source_.sgetc() == traits_type::eof()) {
    return false;
  }
  // What the source has at hand; waiting for more would hold up a pipe.
  const std::streamsize ready = std::max<std::streamsize>(1, source_.in_avail());
  const std::streamsize size =
      source_.sgetn(inflater_->input.data(), std::min(ready, static_cast<std::streamsize>(kChunk)));
  stream.next_in = reinterpret_cast<Bytef*>(inflater_->input.data());
  stream.avail_in = static_cast<uInt>(size);
  return size > 0;
}

GzipBuffer::int_type GzipBuffer::underflow() {
  z_stream& stream = inflater_->stream;
  char* const output = inflater_->output.data();
  stream.next_out = reinterpret_cast<Bytef*>(output);
  stream.avail_out = kChunk;
  while (failure_.empty() && stream.avail_out == kChunk) {
    if (!refill()) {
      failure_ = inflater_->is_inside ? "the gzip data ends too early" : "";
      break;
    }
    if (!inflater_->is_inside) {
      inflateReset(&stream);
      inflater_->is_inside = true;
    }
    const int status = inflate(&stream, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      inflater_->is_inside = false;
    } else if (status != Z_OK) {
      failure_ = std::string("the gzip data is damaged (") +
                 (stream.msg != nullptr ? stream.msg : "unknown reason") + ")";
    }
  }
  setg(output, output, output + (kChunk - stream.avail_out));
  return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
}

}  // namespace ncmlab
