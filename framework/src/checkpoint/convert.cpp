// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/convert.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "checkpoint/inspect.hpp"
#include "checkpoint/tensor_text.hpp"
#include "core/durable_writes.hpp"
#include "ncmlab/core/diagnostic.hpp"
#include "ncmlab/core/files.hpp"
#include "tokenize/engine.hpp"
#include "weights/foreign_elements.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

/// What a folder may hold beside weights and config that from_pretrained reads.
constexpr const char* kTokenizerFiles[] = {
    "tokenizer.json",          "vocab.json",       "merges.txt", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json"};
constexpr std::string_view kEncoder = "encoder.";
const std::string kHead = "classifier.";

/// Tensors for one file, and what happened to the others.
struct Sorted {
  StateDict encoder;  ///< names of the base class
  StateDict head;     ///< `dense.weight`, ...
  std::vector<std::string> notes;
};

Sorted sort_tensors(const Checkpoint& checkpoint) {
  Sorted result;
  for (const NamedTensor& each : name_tensors(checkpoint)) {
    switch (each.role) {
      case TensorRole::encoder:
        result.encoder.add(each.name.substr(kEncoder.size()), each.tensor);
        break;
      case TensorRole::head:
        result.head.add(each.name.substr(kHead.size()), each.tensor);
        break;
      case TensorRole::copy:
        break;
      case TensorRole::derived:
        result.notes.push_back("left out `" + each.stored_name +
                               "`, which follows from the config");
        break;
      case TensorRole::other:
        result.notes.push_back("left out `" + each.stored_name + "`, " +
                               type_and_shape(each.tensor) +
                               ": it belongs to neither encoder nor head");
        break;
    }
  }
  return result;
}

/// Takes out of the head what a torch pickle of ncmlab cannot hold.
void leave_out_foreign(Sorted& sorted) {
  StateDict head;
  for (const auto& [name, tensor] : sorted.head) {
    if (foreign_elements(tensor) == nullptr) {
      head.add(name, tensor);
    } else {
      sorted.notes.push_back("left out `" + (kHead + name) + "`, " + type_and_shape(tensor) +
                             ": ncmlab writes no such type to a torch pickle");
    }
  }
  sorted.head = std::move(head);
}

/// Encoder and head in one dictionary.
StateDict joined(const Sorted& sorted, const Architecture& architecture, bool with_copies) {
  StateDict result;
  for (const auto& [name, tensor] : sorted.encoder) {
    result.add(std::string(kEncoder) + name, tensor);
  }
  if (with_copies) {
    for (const auto& [copy, original] : architecture.tied) {
      if (!sorted.encoder.contains(copy)) {
        result.add(std::string(kEncoder) + std::string(copy), sorted.encoder.at(original));
      }
    }
  }
  for (const auto& [name, tensor] : sorted.head) {
    result.add(kHead + name, tensor);
  }
  return result;
}

/// Adds what from_pretrained misses in the base class though no result depends on it.
void add_unused(const Architecture& architecture, Sorted& sorted) {
  const at::Tensor& anchor = sorted.encoder.at(architecture.anchor);
  for (const std::string_view name : architecture.unused) {
    if (!sorted.encoder.contains(name)) {
      const bool is_bias = name.ends_with(".bias");
      const std::int64_t width = anchor.size(1);
      // at::eye knows no bfloat16.
      const at::Tensor made = is_bias ? at::zeros({width}) : at::eye(width);
      sorted.encoder.add(std::string(name), made.to(anchor.scalar_type()));
      sorted.notes.push_back("made up `" + std::string(name) + "` (" +
                             (is_bias ? "zeros" : "an identity") +
                             "): " + std::string(architecture.base_class) +
                             " expects it, no hidden state depends on it");
    }
  }
}

std::string config_for(const Checkpoint& checkpoint, const StateDict& encoder) {
  auto json = nlohmann::ordered_json::parse(checkpoint.config);
  json["architectures"] = {checkpoint.architecture->base_class};
  json["torch_dtype"] = type_name(encoder.at(checkpoint.architecture->anchor).scalar_type());
  return json.dump(2) + "\n";
}

/// Copies the tokenizer's files and makes the one that transformers needs beside a
/// `tokenizer.json`; returns how many were copied.
std::size_t copy_tokenizer(const fs::path& from, const fs::path& to,
                           std::vector<std::string>& notes) {
  std::size_t count = 0;
  for (const char* name : kTokenizerFiles) {
    if (fs::exists(from / name)) {
      write_file_atomically(to / name, read_file(from / name));
      ++count;
    }
  }
  if (fs::exists(to / "tokenizer.json") && !fs::exists(to / "tokenizer_config.json")) {
    try {
      const bpe::Engine engine(bpe::read_tokenizer_json(to / "tokenizer.json"));
      write_file_atomically(to / "tokenizer_config.json", bpe::tokenizer_config_text(engine));
      notes.emplace_back(
          "made up `tokenizer_config.json`: transformers takes `add_prefix_space` from it");
    } catch (const Error& error) {
      notes.push_back("`tokenizer.json` was copied, but ncmlab cannot read it: " +
                      error.diagnostics().front().message);
    }
  }
  return count;
}

/// A name that looks like a file's must be one of a form that can be written. What begins with a
/// digit, as in `model-0.1`, is no ending.
void check_ending(const fs::path& target) {
  const std::string ending = target.extension().string();
  const auto is_alphanumeric = [](unsigned char c) { return std::isalnum(c) != 0; };
  const bool looks_like_file = ending.size() > 1 && ending != ".bin" && ending != ".safetensors" &&
                               std::isalpha(static_cast<unsigned char>(ending[1])) != 0 &&
                               std::all_of(ending.begin() + 1, ending.end(), is_alphanumeric);
  if (looks_like_file) {
    throw Error("usage.unknown-format",
                "expected a target that ends with `.bin` or `.safetensors`, or a folder, found `" +
                    target.filename().string() + "`",
                {"for a folder, end the name with `/`"});
  }
}

void write_folder(const Checkpoint& checkpoint, const fs::path& target, const fs::path& tokenizer,
                  Sorted& sorted) {
  if (checkpoint.config.empty()) {
    throw Error("checkpoint.no-config",
                "a folder for from_pretrained needs a `config.json`, and `" +
                    checkpoint.source.string() + "` has none beside it",
                {"name one with `--config FILE`"});
  }
  add_unused(*checkpoint.architecture, sorted);
  FolderDraft draft(target);
  const fs::path& temporary = draft.folder();
  write_safetensors(temporary / "model.safetensors", sorted.encoder);
  if (!sorted.head.empty()) {
    write_safetensors(temporary / "classifier.safetensors", sorted.head);
    sorted.notes.emplace_back(
        "wrote the head to `classifier.safetensors`, which only ncmlab reads");
  }
  write_file_atomically(temporary / "config.json", config_for(checkpoint, sorted.encoder));
  const fs::path source = !tokenizer.empty()                    ? tokenizer
                          : fs::is_directory(checkpoint.source) ? checkpoint.source
                                                                : checkpoint.source.parent_path();
  if (copy_tokenizer(source, temporary, sorted.notes) == 0) {
    sorted.notes.push_back("found no tokenizer files in `" + source.string() +
                           "`; name their folder with `--tokenizer`");
  }
  draft.move_to(target);
}

}  // namespace

std::vector<std::string> convert(const Checkpoint& checkpoint, const fs::path& target,
                                 const fs::path& tokenizer) {
  check_ending(target);
  const fs::path clean = without_trailing_slash(target);
  std::error_code code;
  if (fs::exists(clean, code)) {
    throw Error("io.exists", "`" + clean.string() + "` exists already",
                {"remove it or name another target"});
  }
  if (checkpoint.architecture == nullptr) {
    throw Error("checkpoint.no-encoder",
                "`" + checkpoint.source.string() + "` holds no model that ncmlab knows",
                {"`ncmlab checkpoint inspect` lists its tensors"});
  }
  check_against_config(checkpoint);
  Sorted sorted = sort_tensors(checkpoint);
  if (clean.extension() == ".bin") {
    leave_out_foreign(sorted);
    write_torch_pickle(clean, joined(sorted, *checkpoint.architecture, true));
  } else if (clean.extension() == ".safetensors") {
    write_safetensors(clean, joined(sorted, *checkpoint.architecture, false));
  } else {
    write_folder(checkpoint, clean, tokenizer, sorted);
  }
  return sorted.notes;
}

}  // namespace ncmlab
