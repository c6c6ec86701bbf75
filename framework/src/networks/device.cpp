// SPDX-License-Identifier: Apache-2.0
#include "ncmlab/networks/device.hpp"

#include <torch/cuda.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "ncmlab/core/diagnostic.hpp"

namespace ncmlab {
namespace {

constexpr std::string_view kCuda = "cuda:";
constexpr std::size_t kMostDigits = 2;
constexpr std::int64_t kCpuTokens = 2048;
constexpr std::int64_t kDeviceTokens = 8192;

std::int64_t cuda_devices() {
  return torch::cuda::is_available() ? static_cast<std::int64_t>(torch::cuda::device_count()) : 0;
}

}  // namespace

bool is_device_name(std::string_view name) {
  if (name == "auto" || name == "cpu") {
    return true;
  }
  const std::string_view digits = name.substr(std::min(kCuda.size(), name.size()));
  return name.starts_with(kCuda) && !digits.empty() && digits.size() <= kMostDigits &&
         std::ranges::all_of(digits, [](unsigned char c) { return std::isdigit(c) != 0; });
}

at::Device find_device(std::string_view name) {
  if (!is_device_name(name)) {
    throw Error("device.unknown",
                "a device is `auto`, `cpu` or `cuda:N`, found `" + std::string(name) + "`");
  }
  const std::int64_t count = cuda_devices();
  if (name == "cpu" || (name == "auto" && count == 0)) {
    return at::Device(at::kCPU);
  }
  const std::int64_t index = name == "auto" ? 0 : std::stoi(std::string(name.substr(kCuda.size())));
  if (index >= count) {
    throw Error("device.missing",
                "`" + std::string(name) + "` was asked for, but this LibTorch " +
                    (count == 0 ? "finds no CUDA device"
                                : "finds " + std::to_string(count) + " CUDA devices"),
                {"use `cpu` or `auto`", "framework/docs/libtorch.md says how to build with CUDA"});
  }
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

std::int64_t tokens_per_pass(at::Device device) {
  return device.is_cpu() ? kCpuTokens : kDeviceTokens;
}

}  // namespace ncmlab
