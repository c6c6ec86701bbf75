// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>

#include "loader/catalogue.hpp"
#include "loader/handshake.hpp"
#include "ncmlab/core/hash.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

// Plugin files of one folder, sorted by name: what is loaded first does not depend on the disk.
std::vector<fs::path> plugin_files(const fs::path& folder) {
  static const std::regex pattern("libncmlab_(model|task|attack|defense)_[a-z0-9_]+\\.so");
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end;
       it.increment(failure)) {
    if (std::regex_match(it->path().filename().string(), pattern)) {
      files.push_back(it->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string full_name(const Entry& entry) {
  return std::string(to_string(entry.kind)) + "/" + entry.name;
}

// An entry that passed all checks but the one for duplicates, which needs all files.
struct Candidate {
  LoadedPlugin plugin;
  std::size_t report;
};

void collect(const Manifest& manifest, std::size_t index, LoadReport& report,
             std::vector<Candidate>& candidates) {
  if (manifest.entries.empty()) {
    report.problems.push_back(
        {.code = "plugin.bad-entry", .message = "the library registers no plugin"});
  }
  const std::string digest = hash_file(report.file);
  for (const Entry& entry : manifest.entries) {
    const auto problems = detail::entry_problems(entry);
    for (const std::string& message : problems) {
      report.problems.push_back(
          {.code = "plugin.bad-entry",
           .message = std::string(to_string(entry.kind)) + " `" + entry.name + "`: " + message});
    }
    if (problems.empty()) {
      candidates.push_back({{entry, report.file, digest}, index});
    }
  }
}

void add_unique(std::vector<Candidate> candidates, std::vector<LoadReport>& reports,
                Catalogue& catalogue) {
  std::map<std::string, std::vector<const Candidate*>> by_name;
  for (const Candidate& candidate : candidates) {
    by_name[full_name(candidate.plugin.entry)].push_back(&candidate);
  }
  for (const Candidate& candidate : candidates) {
    const Entry& entry = candidate.plugin.entry;
    LoadReport& report = reports[candidate.report];
    const auto& same = by_name.at(full_name(entry));
    const LoadedPlugin* earlier = catalogue.find(entry.kind, entry.name);
    if (same.size() == 1 && earlier == nullptr) {
      report.entries.push_back(full_name(entry));
      catalogue.add(candidate.plugin);
      continue;
    }
    Diagnostic diagnostic{.code = "plugin.duplicate",
                          .message = std::string(to_string(entry.kind)) + " `" + entry.name +
                                     "` is registered more than once, so none of them is used",
                          .help = {"remove all but one of the files, or change the plugin path"}};
    if (earlier != nullptr) {
      diagnostic.notes.push_back("registered by " + earlier->file.string());
    }
    for (const Candidate* other : same) {
      diagnostic.notes.push_back("registered by " + other->plugin.file.string());
    }
    report.problems.push_back(std::move(diagnostic));
  }
}

}  // namespace

std::vector<fs::path> plugin_folders(const std::vector<std::string>& from_options) {
  std::vector<fs::path> folders(from_options.begin(), from_options.end());
  if (const char* variable = std::getenv("NCMLAB_PLUGIN_PATH")) {
    std::string_view rest = variable;
    while (!rest.empty()) {
      const std::string_view folder = rest.substr(0, rest.find(':'));
      if (!folder.empty()) {
        folders.emplace_back(folder);
      }
      rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    }
  }
  std::error_code failure;
  const fs::path executable = fs::read_symlink("/proc/self/exe", failure);
  if (!failure) {
    const fs::path base = executable.parent_path().parent_path();
    folders.push_back(base / "lib/ncmlab/plugins");
    folders.push_back(base / "lib");
  }
  return folders;
}

std::vector<LoadReport> load_plugins(const std::vector<fs::path>& folders, Catalogue& catalogue) {
  std::vector<LoadReport> reports;
  std::vector<Candidate> candidates;
  std::set<fs::path> seen;
  for (const fs::path& folder : folders) {
    for (const fs::path& file : plugin_files(folder)) {
      std::error_code failure;
      const fs::path canonical = fs::canonical(file, failure);
      if (!seen.insert(failure ? file : canonical).second) {
        continue;  // one file reached through two folders is no duplicate
      }
      LoadReport& report = reports.emplace_back();
      report.file = fs::absolute(file).lexically_normal();
      detail::HandshakeResult result = detail::shake_hands(report.file);
      report.problems = std::move(result.problems);
      if (result.manifest != nullptr) {
        collect(*result.manifest, reports.size() - 1, report, candidates);
      }
    }
  }
  add_unique(std::move(candidates), reports, catalogue);
  for (LoadReport& report : reports) {
    for (Diagnostic& diagnostic : report.problems) {
      diagnostic.span = Span{.file = report.file.string()};
    }
  }
  return reports;
}

}  // namespace ncmlab
