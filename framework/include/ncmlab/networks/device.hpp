// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string_view>

namespace ncmlab {

/// Whether `name` is `auto`, `cpu` or `cuda:N`.
bool is_device_name(std::string_view name);

/// The device of that name: `auto` is `cuda:0` where LibTorch has a CUDA device, else the CPU.
/// Throws Error `device.unknown` for another name and `device.missing` for a CUDA device that is
/// not there.
at::Device find_device(std::string_view name);

/// Tokens that should go through the layers together: on the CPU enough for matrix products to be
/// efficient and few enough for the activations to stay in the cache, on another device so many
/// that its kernels take longer than their launch.
std::int64_t tokens_per_pass(at::Device device);

}  // namespace ncmlab
