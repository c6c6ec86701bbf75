// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "loader/catalogue.hpp"
#include "loader/handshake.hpp"
#include "ncmlab/core/hash.hpp"

namespace ncmlab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOwnFolder = "lib/ncmlab/plugins";

struct PluginName {
  PluginKind kind;
  std::string name;
  bool operator==(const PluginName&) const = default;
};

// Which plugin a file's name tells; nothing for a file that is called otherwise.
std::optional<PluginName> named_by(const fs::path& file) {
  static const std::regex pattern("libncmlab_(model|task|attack|defense)_([a-z0-9_]+)\\.so");
  const std::string name = file.filename().string();
  std::smatch parts;
  if (!std::regex_match(name, parts, pattern)) {
    return std::nullopt;
  }
  return PluginName{.kind = from_string<PluginKind>(parts[1].str()).value(), .name = parts[2]};
}

bool is_plugin_name(const fs::path& file) { return named_by(file).has_value(); }

// The framework's own libraries, which lie beside plugins where both are built into one folder.
bool is_framework(const fs::path& file) {
  const std::string name = file.filename().string();
  return name == "libncmlab.so" || name == "libncmlab_base.so" || name == "libncmlab_sgemm.so";
}

// Files of one folder that `wanted` takes, sorted by name: what is loaded first does not depend on
// the disk.
template <typename Wanted>
std::vector<fs::path> files_of(const fs::path& folder, const Wanted& wanted) {
  std::vector<fs::path> files;
  std::error_code failure;
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end;
       it.increment(failure)) {
    if (wanted(it->path())) {
      files.push_back(it->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The folder that holds `bin` and `lib`.
std::optional<fs::path> installation() {
  std::error_code failure;
  const fs::path executable = fs::read_symlink("/proc/self/exe", failure);
  if (failure) {
    return std::nullopt;
  }
  return executable.parent_path().parent_path();
}

std::vector<fs::path> named_folders(const std::vector<std::string>& from_options) {
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
  return folders;
}

// Why nothing can be found in a folder that a person named.
std::optional<Diagnostic> folder_warning(const fs::path& folder) {
  std::error_code failure;
  if (fs::is_directory(folder, failure)) {
    fs::directory_iterator readable(folder, failure);
    if (!failure) {
      return std::nullopt;
    }
    return Diagnostic{.severity = Severity::warning,
                      .code = "plugin.no-folder",
                      .message = "the plugin folder `" + folder.string() +
                                 "` cannot be read: " + failure.message()};
  }
  const bool is_there = fs::exists(folder, failure);
  return Diagnostic{
      .severity = Severity::warning,
      .code = "plugin.no-folder",
      .message = "the plugin folder `" + folder.string() + "` is " +
                 (is_there ? "a file, no folder" : "not there"),
      .help = {is_there ? "name the folder that holds the library: `--plugin-path " +
                              fs::absolute(folder).parent_path().string() + "`"
                        : "`ncmlab plugins doctor` lists the folders that are searched"}};
}

void add_passed_over(const fs::path& folder, std::vector<Diagnostic>& warnings) {
  const auto is_passed_over = [](const fs::path& file) {
    return file.extension() == ".so" && !is_plugin_name(file) && !is_framework(file);
  };
  for (const fs::path& file : files_of(folder, is_passed_over)) {
    Diagnostic warning{.severity = Severity::warning,
                       .code = "plugin.file-name",
                       .message = "`" + file.filename().string() +
                                  "` is not loaded: a plugin is called `libncmlab_KIND_NAME.so`, "
                                  "with KIND " +
                                  listed_names<PluginKind>(),
                       .span = Span{.file = fs::absolute(file).lexically_normal().string()}};
    if (!detail::check_exports(file)) {
      warning.help.push_back("it is a plugin: rename it");
    }
    warnings.push_back(std::move(warning));
  }
}

std::string full_name(const Entry& entry) {
  return std::string(to_string(entry.kind)) + "/" + entry.name;
}

// A problem of a report that is about one entry.
struct Refusal {
  PluginName plugin;
  std::size_t report;
  std::size_t problem;
};

// An entry that passed all checks but the one for duplicates, which needs all files.
struct Candidate {
  LoadedPlugin plugin;
  std::size_t report;
};

void collect(const Manifest& manifest, std::size_t index, LoadReport& report,
             std::vector<Candidate>& candidates, std::vector<Refusal>& refusals) {
  if (manifest.entries.empty()) {
    report.problems.push_back(
        {.code = "plugin.bad-entry", .message = "the library registers no plugin"});
  }
  const std::string digest = hash_file(report.file);
  for (const Entry& entry : manifest.entries) {
    const auto problems = detail::entry_problems(entry);
    for (const std::string& message : problems) {
      refusals.push_back({{entry.kind, entry.name}, index, report.problems.size()});
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
                Catalogue& catalogue, std::vector<Refusal>& refusals) {
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
    refusals.push_back({{entry.kind, entry.name}, candidate.report, report.problems.size()});
    report.problems.push_back(std::move(diagnostic));
  }
}

// Tells the catalogue of everything that is wrong with a plugin that is asked for by name.
void refuse(const std::vector<LoadReport>& reports, const std::vector<Refusal>& refusals,
            Catalogue& catalogue) {
  for (const LoadReport& report : reports) {
    const auto named = named_by(report.file);
    for (const Diagnostic& diagnostic : report.problems) {
      catalogue.refuse(named->kind, named->name, diagnostic);
    }
  }
  for (const Refusal& refusal : refusals) {
    const LoadReport& report = reports[refusal.report];
    if (named_by(report.file) != refusal.plugin) {
      catalogue.refuse(refusal.plugin.kind, refusal.plugin.name, report.problems[refusal.problem]);
    }
  }
}

}  // namespace

std::vector<fs::path> plugin_folders(const std::vector<std::string>& from_options) {
  std::vector<fs::path> folders = named_folders(from_options);
  if (const auto base = installation()) {
    folders.push_back(*base / kOwnFolder);
    folders.push_back(*base / "lib");
  }
  return folders;
}

std::vector<Diagnostic> folder_warnings(const std::vector<std::string>& from_options) {
  std::vector<Diagnostic> warnings;
  const std::vector<fs::path> named = named_folders(from_options);
  for (const fs::path& folder : named) {
    if (auto warning = folder_warning(folder)) {
      warnings.push_back(std::move(*warning));
    }
  }
  std::vector<fs::path> searched = named;
  if (const auto base = installation()) {
    searched.push_back(*base / kOwnFolder);
  }
  std::set<fs::path> seen;
  for (const fs::path& folder : searched) {
    std::error_code failure;
    const fs::path canonical = fs::canonical(folder, failure);
    if (!failure && seen.insert(canonical).second) {
      add_passed_over(folder, warnings);
    }
  }
  return warnings;
}

std::vector<LoadReport> load_plugins(const std::vector<fs::path>& folders, Catalogue& catalogue) {
  std::vector<LoadReport> reports;
  std::vector<Candidate> candidates;
  std::vector<Refusal> refusals;
  std::set<fs::path> seen;
  for (const fs::path& folder : folders) {
    for (const fs::path& file : files_of(folder, is_plugin_name)) {
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
        collect(*result.manifest, reports.size() - 1, report, candidates, refusals);
      }
    }
  }
  add_unique(std::move(candidates), reports, catalogue, refusals);
  for (LoadReport& report : reports) {
    for (Diagnostic& diagnostic : report.problems) {
      diagnostic.span = Span{.file = report.file.string()};
    }
  }
  refuse(reports, refusals, catalogue);
  return reports;
}

}  // namespace ncmlab
