// SPDX-License-Identifier: Apache-2.0
// oneDNN's float32 matrix product under the name that LibTorch calls
// (framework/docs/performance.md).
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

namespace {

using Sgemm = void (*)(const char*, const char*, const int*, const int*, const int*, const float*,
                       const float*, const int*, const float*, const int*, const float*, float*,
                       const int*);

/// Real numbers have no conjugate, and oneDNN knows no letter for one.
char transposition(char letter) { return letter == 'N' || letter == 'n' ? 'N' : 'T'; }

}  // namespace

/// BLAS: c = alpha op(a) op(b) + beta c, stored by columns. oneDNN stores by rows, so it computes
/// the transposed product. What it refuses goes to the BLAS that is linked behind this library.
extern "C" __attribute__((visibility("default"))) void sgemm_(
    const char* transposed_a, const char* transposed_b, const int* m, const int* n, const int* k,
    const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
    const float* beta, float* c, const int* ldc) {
  if (dnnl_sgemm(transposition(*transposed_b), transposition(*transposed_a), *n, *m, *k, *alpha, b,
                 *ldb, a, *lda, *beta, c, *ldc) != dnnl_success) {
    static const auto next = reinterpret_cast<Sgemm>(dlsym(RTLD_NEXT, "sgemm_"));
    next(transposed_a, transposed_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
}
