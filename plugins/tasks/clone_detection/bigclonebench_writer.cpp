// SPDX-License-Identifier: Apache-2.0
#include "bigclonebench_writer.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "bigclonebench_reader.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/data/stored_records.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The functions of the written pairs, each text once: under the id that it was read with, an
/// edited one under a new id that begins so, a generated one under a number.
class FunctionTable {
 public:
  explicit FunctionTable(std::unordered_map<std::string, json> stored)
      : stored_(std::move(stored)) {}

  /// The id of a text that was read as function `origin`; an empty `origin`: it was generated.
  std::string id_of(const std::string& code, const std::string& origin) {
    const auto [entry, is_new] = ids_.try_emplace(origin + "\n" + code);
    if (is_new) {
      const auto before = stored_.find(origin);
      json record = before == stored_.end() ? json::object() : before->second;
      const bool is_edited = before != stored_.end() && record.at("func") != code;
      entry->second = origin.empty() ? free_id("", taken_.size())
                      : is_edited    ? free_id(origin + "-edited", 1)
                                     : origin;
      taken_.insert(entry->second);
      if (record.empty() || is_edited) {
        record["idx"] = entry->second;
        record["func"] = code;
      }
      lines_ += record.dump() + "\n";
    }
    return entry->second;
  }
  const std::string& lines() const { return lines_; }

 private:
  /// `base` with the first number from `number` on that no function has; 1 goes without saying.
  std::string free_id(const std::string& base, std::size_t number) const {
    for (;; ++number) {
      std::string id =
          base + (number == 1 && !base.empty() ? std::string() : std::to_string(number));
      if (!taken_.contains(id) && !stored_.contains(id)) {
        return id;
      }
    }
  }

  std::unordered_map<std::string, json> stored_;
  std::unordered_map<std::string, std::string> ids_;
  std::unordered_set<std::string> taken_;
  std::string lines_;
};

}  // namespace

void write_bigclonebench(const Corpus& corpus, const fs::path& folder, const fs::path& source) {
  BigCloneBenchIds origin = source.empty() ? BigCloneBenchIds{} : read_bigclonebench_ids(source);
  FunctionTable functions(std::move(origin.functions));
  const std::pair<std::string, std::string> generated;
  write_splits(corpus, folder, ".txt", [&](const Example& pair, std::string_view, std::size_t) {
    const auto ids = origin.pairs.find(pair.id);
    const auto& [first, second] = ids == origin.pairs.end() ? generated : ids->second;
    const std::string first_id = functions.id_of(pair.code, first);
    return first_id + "\t" + functions.id_of(pair.other_code, second) + "\t" +
           std::to_string(pair.label);
  });
  write_file_atomically(folder / "data.jsonl", functions.lines());
}

}  // namespace ncmlab
