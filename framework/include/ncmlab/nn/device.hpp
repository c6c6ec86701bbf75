// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <string_view>

namespace ncmlab {

/// Whether `name` is `auto`, `cpu` or `cuda:N`.
bool is_device_name(std::string_view name);

/// The device of that name: `auto` is `cuda:0` where LibTorch has a CUDA device, else the CPU.
/// Throws Error `device.unknown` for another name and `device.missing` for a CUDA device that is
/// not there.
at::Device find_device(std::string_view name);

}  // namespace ncmlab
