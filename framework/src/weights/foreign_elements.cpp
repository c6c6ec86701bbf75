// SPDX-License-Identifier: Apache-2.0
#include "weights/foreign_elements.hpp"

#include <torch/types.h>

#include <memory>
#include <utility>

#include "weights/shape_text.hpp"

namespace ncmlab {
namespace {

void release(void* elements) { delete static_cast<ForeignElements*>(elements); }

}  // namespace

at::Tensor foreign_tensor(ForeignElements elements) {
  auto owned = std::make_unique<ForeignElements>(std::move(elements));
  // The storage owns the description, so that whatever shares it keeps it alive.
  c10::DataPtr data(nullptr, owned.release(), &release, at::kCPU);
  const c10::Storage storage(c10::Storage::use_byte_size_t(), 0, std::move(data), nullptr, false);
  return at::empty({0}, at::kByte).set_(storage, 0, {0}, {1});
}

const ForeignElements* foreign_elements(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.has_storage()) {
    return nullptr;
  }
  const c10::DataPtr& data = tensor.storage().data_ptr();
  return data.get_deleter() == &release ? static_cast<const ForeignElements*>(data.get_context())
                                        : nullptr;
}

std::string foreign_message(std::string_view name, const ForeignElements& elements) {
  return "tensor `" + std::string(name) + "` of shape " + shape_text(elements.shape) +
         " is stored as " + elements.type +
         ", but expected a type that ncmlab computes with: F32, F16, BF16, F64, an integer up to "
         "I64, U8 or BOOL";
}

}  // namespace ncmlab
