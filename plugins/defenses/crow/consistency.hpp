// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "ncmlab/networks/encoder.hpp"

namespace ncmlab::crow {

/// How much the states of each row turn from one layer to the next, [rows]: the mean over its
/// tokens and over all pairs of layers that follow each other of 1 - cosine. The layers are those
/// of the encoder and, where there is one, of the decoder; what the embeddings give is no layer's,
/// and stands in only where a single layer would have no partner. Differentiable to the parameters
/// and the batch's embeddings while gradients are on; without dropout.
at::Tensor inconsistency(Encoder& encoder, const Batch& batch);

/// The batch with word embeddings that are `step` away from its own in each coordinate, in the
/// direction in which inconsistency() grows (FGSM). They can be differentiated to the embedding
/// table, not through the direction. Precondition: gradients are on.
Batch perturbed(Encoder& encoder, const Batch& batch, double step);

}  // namespace ncmlab::crow
