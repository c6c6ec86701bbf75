// SPDX-License-Identifier: Apache-2.0
#include "loader/handshake.hpp"

#include <algorithm>
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "loader/plugin_call.hpp"
#include "loader/reserved_keys.hpp"

namespace ncmlab::detail {
namespace {

constexpr std::string_view kSymbolPrefix = "ncmlab_plugin_v";
const std::string kSymbol = std::string(kSymbolPrefix) + std::to_string(kPluginApi);

Diagnostic problem(std::string code, std::string message, std::vector<std::string> help = {}) {
  return Diagnostic{
      .code = std::move(code), .message = std::move(message), .help = std::move(help)};
}

bool is_elf(const std::filesystem::path& file) {
  std::array<char, 4> magic{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(magic.data(), magic.size());
  return stream && std::memcmp(magic.data(),
                               "\x7f"
                               "ELF",
                               magic.size()) == 0;
}

// The text of a fixed field, which a damaged stamp may have left without an end.
template <std::size_t N>
std::string text(const std::array<char, N>& field) {
  return std::string(field.data(), strnlen(field.data(), N));
}

template <std::size_t N>
void compare(std::vector<std::string>& differences, const std::string& name,
             const std::array<char, N>& plugin, const std::array<char, N>& host) {
  if (plugin != host) {
    differences.push_back(name + ": plugin `" + text(plugin) + "`, ncmlab `" + text(host) + "`");
  }
}

void compare(std::vector<std::string>& differences, const std::string& name, std::uint32_t plugin,
             std::uint32_t host) {
  if (plugin != host) {
    differences.push_back(name + ": plugin `" + std::to_string(plugin) + "`, ncmlab `" +
                          std::to_string(host) + "`");
  }
}

// Boost wraps the reason: "...load() failed (dlerror system message: REASON): Bad file...".
std::string dlerror_text(const std::string& what) {
  constexpr std::string_view kMark = "dlerror system message: ";
  const std::size_t start = what.find(kMark);
  if (start == std::string::npos) {
    return what;
  }
  const std::string rest = what.substr(start + kMark.size());
  const std::size_t end = rest.rfind("): ");
  return end == std::string::npos ? rest : rest.substr(0, end);
}

// Handles are never closed: code of a plugin may run until the process ends.
boost::dll::shared_library& keep_loaded(boost::dll::shared_library library) {
  static auto& libraries = *new std::vector<std::unique_ptr<boost::dll::shared_library>>;
  libraries.push_back(std::make_unique<boost::dll::shared_library>(std::move(library)));
  return *libraries.back();
}

bool is_reserved(PluginKind kind, const std::string& name) {
  const std::vector<std::string> keys = reserved_keys(kind);
  return std::find(keys.begin(), keys.end(), name) != keys.end();
}

// What differs, in the order of the stamp: the members that every version has, what the toolchain
// left, the public headers.
struct StampDifferences {
  std::vector<std::string> kind, toolchain, headers;

  std::vector<std::string> all() const {
    std::vector<std::string> result = kind;
    result.insert(result.end(), toolchain.begin(), toolchain.end());
    result.insert(result.end(), headers.begin(), headers.end());
    return result;
  }
};

std::map<std::string, std::uint64_t> digests_of(const BuildStamp& stamp) {
  std::map<std::string, std::uint64_t> digests;
  for (const HeaderStamp& header : stamp.headers) {
    if (!text(header.folder).empty()) {
      digests.emplace(text(header.folder), header.digest);
    }
  }
  return digests;
}

std::vector<std::string> header_differences(const BuildStamp& plugin, const BuildStamp& host) {
  const auto ours = digests_of(host);
  const auto theirs = digests_of(plugin);
  std::set<std::string> folders;
  for (const auto* digests : {&ours, &theirs}) {
    for (const auto& [folder, digest] : *digests) {
      folders.insert(folder);
    }
  }
  std::vector<std::string> differences;
  for (const std::string& folder : folders) {
    const std::string what = "public headers in ncmlab/" + folder;
    if (!theirs.contains(folder)) {
      differences.push_back(what + ": the plugin was built without them");
    } else if (!ours.contains(folder)) {
      differences.push_back(what + ": this ncmlab has none");
    } else if (theirs.at(folder) != ours.at(folder)) {
      differences.push_back(what + " differ");
    }
  }
  return differences;
}

StampDifferences differences_of(const BuildStamp& plugin, const BuildStamp& host) {
  StampDifferences found;
  if (std::memcmp(&plugin, &host, sizeof(host)) == 0) {
    return found;
  }
  compare(found.kind, "magic", plugin.magic, host.magic);
  compare(found.kind, "bytes of the build stamp", plugin.size, host.size);
  if (!found.kind.empty()) {
    return found;  // what follows has another layout
  }
  compare(found.toolchain, "plugin API", plugin.api, host.api);
  compare(found.toolchain, "compiler", plugin.compiler, host.compiler);
  compare(found.toolchain, "standard library", plugin.standard_library, host.standard_library);
  compare(found.toolchain, "LibTorch", plugin.torch, host.torch);
  compare(found.toolchain, "C++11 ABI", plugin.cxx11_abi, host.cxx11_abi);
  compare(found.toolchain, "sanitizers", plugin.sanitized, host.sanitized);
  found.headers = header_differences(plugin, host);
  if (found.all().empty()) {
    found.toolchain.emplace_back("reserved bytes of the stamp differ");
  }
  return found;
}

std::vector<Diagnostic> stamp_problems(const BuildStamp& stamp) {
  const BuildStamp host = current_build_stamp();
  const StampDifferences found = differences_of(stamp, host);
  if (found.all().empty()) {
    return {};
  }
  std::string with = "another toolchain than this ncmlab";
  std::string help = "rebuild the plugin with the compiler and LibTorch of ncmlab";
  if (stamp.magic == host.magic && stamp.size != host.size) {
    with = stamp.size < host.size ? "an older ncmlab" : "a newer ncmlab";
    help = "rebuild the plugin with the headers of this ncmlab";
  } else if (found.kind.empty() && !found.headers.empty()) {
    with = found.toolchain.empty() ? "other public headers than this ncmlab"
                                   : "another toolchain and other public headers than this ncmlab";
    help = "rebuild the plugin with the headers of this ncmlab" +
           std::string(found.toolchain.empty() ? "" : ", its compiler and its LibTorch");
  }
  Diagnostic diagnostic = problem("plugin.build-mismatch", "built with " + with, {help});
  diagnostic.notes = found.all();
  return {diagnostic};
}

// The stamp at the beginning of `manifest`; of one of another size no more than what all have.
BuildStamp read_stamp(const Manifest& manifest) {
  BuildStamp stamp;
  auto* target = static_cast<void*>(&stamp);
  const auto* source = static_cast<const void*>(&manifest);
  std::memcpy(target, source, offsetof(BuildStamp, compiler));
  if (stamp.magic == current_build_stamp().magic && stamp.size == sizeof(stamp)) {
    std::memcpy(target, source, sizeof(stamp));
  }
  return stamp;
}

HandshakeResult open(const std::filesystem::path& file) {
  using boost::dll::load_mode::type;
  const PluginOrigin origin{.file = file};
  const PluginCall call(origin, "registration");
  boost::dll::shared_library& library =
      keep_loaded(boost::dll::shared_library(file, type::rtld_now | type::rtld_local));
  // The alias is a pointer to the function that returns the manifest.
  const auto function = library.get<const void*>(kSymbol);
  HandshakeResult result;
  if (function == nullptr) {
    result.problems = {problem("plugin.broken", "its symbol `" + kSymbol + "` is empty")};
    return result;
  }
  const auto manifest_of = reinterpret_cast<const Manifest& (*)()>(const_cast<void*>(function));
  const Manifest& manifest = manifest_of();
  result.problems = stamp_problems(read_stamp(manifest));
  if (result.problems.empty()) {
    result.manifest = &manifest;
  }
  return result;
}

}  // namespace

std::optional<Diagnostic> check_exports(const std::filesystem::path& file) {
  const auto not_library = [&] {
    return problem("plugin.not-a-library", "not a shared library (no readable ELF file)",
                   {"remove the file or build it again"});
  };
  std::vector<std::string> symbols;
  try {
    if (!is_elf(file)) {
      return not_library();
    }
    symbols = boost::dll::library_info(file).symbols("ncmlab");
  } catch (const std::exception&) {
    // Boost says no more than "iostream error" about a truncated or damaged file.
    return not_library();
  }
  if (std::find(symbols.begin(), symbols.end(), kSymbol) != symbols.end()) {
    return std::nullopt;
  }
  for (const std::string& symbol : symbols) {
    if (symbol.rfind(kSymbolPrefix, 0) == 0) {
      const std::string version = symbol.substr(kSymbolPrefix.size());
      return problem(
          "plugin.api-version",
          "built for plugin API " + version + ", this ncmlab speaks " + std::to_string(kPluginApi),
          {"rebuild the plugin, or install an ncmlab that speaks API " + version});
    }
  }
  return problem("plugin.no-symbol", "not an ncmlab plugin: it does not export `" + kSymbol + "`",
                 {"put the line `NCMLAB_PLUGIN(...)` into one of its sources"});
}

std::vector<std::string> stamp_differences(const BuildStamp& plugin, const BuildStamp& host) {
  return differences_of(plugin, host).all();
}

std::vector<std::string> entry_problems(const Entry& entry) {
  static const std::regex name_pattern("[a-z][a-z0-9_]{1,31}");
  std::vector<std::string> problems;
  if (!std::regex_match(entry.name, name_pattern)) {
    problems.push_back("its name `" + entry.name + "` does not match `^[a-z][a-z0-9_]{1,31}$`");
  }
  const std::size_t period = entry.summary.find(". ");
  if (entry.summary.empty() || entry.summary.back() != '.' || period != std::string::npos) {
    problems.push_back("its summary must be one sentence that ends with a period, found `" +
                       entry.summary + "`");
  }
  if (entry.reference.empty()) {
    problems.emplace_back("its reference is empty");
  }
  if (entry.version.empty()) {
    problems.emplace_back("its version is empty");
  }
  for (const Parameter& parameter : entry.parameters) {
    const auto same =
        std::count_if(entry.parameters.begin(), entry.parameters.end(),
                      [&](const Parameter& other) { return other.name == parameter.name; });
    Value value = parameter.default_value;
    const auto wrong = check(parameter, value);
    if (is_reserved(entry.kind, parameter.name)) {
      problems.push_back("its parameter `" + parameter.name +
                         "` has a name that experiment files use themselves");
    }
    const std::string what = "its parameter `" + parameter.name + "` ";
    if (same > 1) {
      problems.push_back(what + "is declared " + std::to_string(same) + " times");
    }
    if (wrong && !parameter.required) {
      problems.push_back("the default of " + what + *wrong);
    }
    if (parameter.doc.empty() || parameter.doc.back() != '.') {
      problems.push_back(what + "needs a sentence that ends with a period, found `" +
                         parameter.doc + "`");
    }
  }
  return problems;
}

HandshakeResult shake_hands(const std::filesystem::path& file) {
  if (auto wrong = check_exports(file)) {
    return {nullptr, {std::move(*wrong)}};
  }
  try {
    return open(file);
  } catch (const boost::dll::fs::system_error& error) {
    return {nullptr,
            {problem("plugin.load-failed", "cannot be loaded: " + dlerror_text(error.what()))}};
  } catch (const std::exception& error) {
    return {nullptr,
            {problem("plugin.broken", std::string("its registration failed: ") + error.what())}};
  } catch (...) {
    return {nullptr, {problem("plugin.broken", "its registration threw an unknown exception")}};
  }
}

}  // namespace ncmlab::detail
