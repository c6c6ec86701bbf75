// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "command.hpp"
#include "engine/run_folder.hpp"
#include "ncmlab/core/files.hpp"
#include "ncmlab/core/wording.hpp"
#include "report/report.hpp"
#include "running.hpp"

namespace ncmlab::app {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

Syntax syntax() {
  Syntax result{.usage = "ncmlab report [RUN...] [OPTIONS]",
                .summary =
                    "Prints the tables of finished and half-finished runs. RUN is the name of an\n"
                    "experiment or the folder of a run; without it, the only run of the store.",
                .examples =
                    "  ncmlab report quickstart\n"
                    "  ncmlab report quickstart --out tables/quickstart.tex\n"
                    "  ncmlab report quickstart devign --format csv --intervals > cells.csv",
                .rest = "RUN"};
  result.options.add_options()
      // clang-format off
      ("store", po::value<std::string>()->value_name("DIR")->default_value("ncmlab-runs"),
       "where runs are kept")
      ("format", po::value<std::string>()->value_name("FORMAT"),
       "terminal, markdown, latex, csv or json; by default what the ending of --out says: md, tex,\n"
       "csv, json, or txt for what a terminal shows")
      ("out", po::value<std::string>()->value_name("FILE"), "write to FILE")
      ("columns", po::value<std::string>()->value_name("NAMES"),
       "only these columns, for example accuracy,asr,natural_rate")
      ("perspective", po::value<std::string>()->value_name("SIDE")->default_value("defender"),
       "whose best values are bold: defender or attacker")
      ("stealth", "how much the attacks stand out: columns on their edits and on detection")
      ("standalone", "LaTeX: a whole document")
      ("intervals", "CSV and JSON: 95 % Wilson intervals of proportions")
      ("samples", "JSON: with the outcome of each test sample");
  // clang-format on
  return result;
}

std::optional<std::string> text_of(const po::variables_map& values, const char* name) {
  return values.count(name) != 0 ? std::optional(values[name].as<std::string>()) : std::nullopt;
}

ReportFormat format_of(const po::variables_map& values) {
  const auto name = text_of(values, "format");
  if (!name) {
    const auto out = text_of(values, "out");
    const std::string extension = out ? fs::path(*out).extension().string() : "";
    if (extension.empty() || extension == ".txt") {
      return ReportFormat::terminal;
    }
    if (const auto implied = from_string<ReportFormat>(extension.substr(1))) {
      return *implied;
    }
    throw Error("usage.unknown-format",
                "expected a file for `--out` that ends with `.md`, `.tex`, `.csv`, `.json` or "
                "`.txt`, found `" +
                    *out + "`",
                {"for another ending, name the form with `--format`"});
  }
  const auto format = from_string<ReportFormat>(*name);
  if (!format) {
    throw Error("usage.bad-value",
                "`--format` takes " + listed_names<ReportFormat>() + ", found `" + *name + "`");
  }
  return *format;
}

Perspective perspective_of(const po::variables_map& values) {
  const auto side = values["perspective"].as<std::string>();
  const auto perspective = from_string<Perspective>(side);
  if (!perspective) {
    throw Error("usage.bad-value",
                "`--perspective` takes " + listed_names<Perspective>() + ", found `" + side + "`");
  }
  return *perspective;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  std::istringstream stream(list);
  for (std::string item; std::getline(stream, item, ',');) {
    items.push_back(item);
  }
  return items;
}

bool is_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "experiment.json", ignored);
}

std::vector<std::string> runs_in(const fs::path& store) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(store / "runs", ignored)) {
    if (is_run(entry.path())) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

fs::path folder_of(const std::string& run, const fs::path& store) {
  const fs::path named = run_folder(store, run);
  if (is_run(named)) {
    return named;
  }
  if (is_run(run)) {
    return run;
  }
  const std::vector<std::string> known = runs_in(store);
  std::vector<std::string> help = similar_name("run", run, known);
  help.push_back(known.empty()
                     ? "`" + store.string() + "` holds no run; `--store DIR` names another"
                     : "runs in `" + store.string() + "`: " + joined(known, ", "));
  throw Error("usage.unknown-run", "there is no run `" + run + "`", std::move(help));
}

std::vector<fs::path> folders_of(const po::variables_map& values) {
  const fs::path store = values["store"].as<std::string>();
  std::vector<std::string> runs;
  if (values.count("RUN") != 0) {
    runs = values["RUN"].as<std::vector<std::string>>();
  } else {
    runs = runs_in(store);
    if (runs.empty()) {
      throw Error("usage.no-run", "`" + store.string() + "` holds no run",
                  {"`ncmlab run FILE` makes one", "`--store DIR` names another store"});
    }
    if (runs.size() > 1) {
      throw Error("usage.missing-argument", "there are several runs: " + joined(runs, ", "),
                  {"name those to report: `ncmlab report " + runs.front() + "`"});
    }
  }
  std::vector<fs::path> folders;
  for (const std::string& run : runs) {
    folders.push_back(folder_of(run, store));
  }
  return folders;
}

/// Refuses what the format has no place for.
void check_options(const po::variables_map& values, ReportFormat format) {
  const bool is_csv = format == ReportFormat::csv;
  const bool is_json = format == ReportFormat::json;
  const auto needs = [&](const char* option, bool is_used, const std::string& formats) {
    if (values.count(option) != 0 && !values[option].defaulted() && !is_used) {
      throw Error("usage.conflict", "`--" + std::string(option) + "` changes nothing here: it is " +
                                        "for " + formats);
    }
  };
  const std::string tables = "tables, not for CSV, which holds every figure of every cell";
  needs("intervals", is_csv || is_json, "`--format csv` and `--format json`");
  needs("samples", is_json, "`--format json`");
  needs("standalone", format == ReportFormat::latex, "`--format latex`");
  needs("columns", !is_csv, tables);
  needs("stealth", !is_csv, tables);
  needs("perspective", !is_csv && !is_json, "`terminal`, `markdown` and `latex`");
}

ReportOptions options_of(const Arguments& arguments, const po::variables_map& values) {
  ReportOptions options;
  options.version = NCMLAB_VERSION;
  options.perspective = perspective_of(values);
  const auto columns = text_of(values, "columns");
  if (columns && values.count("stealth") != 0) {
    throw Error("usage.conflict", "`--columns` and `--stealth` exclude each other");
  }
  if (columns) {
    options.columns = split(*columns);
  } else if (values.count("stealth") != 0) {
    options.columns = stealth_columns();
  }
  options.standalone = values.count("standalone") != 0;
  options.intervals = values.count("intervals") != 0;
  options.samples = values.count("samples") != 0;
  if (values.count("out") == 0) {
    options.width = ::isatty(STDOUT_FILENO) == 1 ? columns_of(STDOUT_FILENO) : 0;
    options.colour = use_color(arguments, STDOUT_FILENO);
  }
  return options;
}

// The records of all runs; says on stderr what they lack.
std::vector<CellRecord> collect(const Arguments& arguments, const std::vector<fs::path>& folders,
                                std::string& regenerate) {
  std::vector<CellRecord> records;
  std::vector<std::string> commands;
  for (const fs::path& folder : folders) {
    const RunIndex index = read_index(folder);
    const std::vector<CellRecord> found = read_records(folder);
    const std::string command = index.command.empty() ? "ncmlab run " + index.file : index.command;
    if (found.size() < index.cells.size()) {
      print(arguments,
            Diagnostic{.severity = Severity::warning,
                       .code = "report.unfinished",
                       .message = "run `" + index.name + "` has " + std::to_string(found.size()) +
                                  " of " + std::to_string(index.cells.size()) + " cells",
                       .help = {"`" + command + "` measures the rest"}});
    }
    records.insert(records.end(), found.begin(), found.end());
    if (std::find(commands.begin(), commands.end(), command) == commands.end()) {
      commands.push_back(command);
    }
  }
  regenerate = joined(commands, " && ");
  return records;
}

}  // namespace

int command_report(const Arguments& arguments) {
  const auto values = parse(arguments, syntax());
  if (!values) {
    return kOk;
  }
  const ReportFormat format = format_of(*values);
  check_options(*values, format);
  ReportOptions options = options_of(arguments, *values);
  const std::vector<CellRecord> records =
      collect(arguments, folders_of(*values), options.regenerate);
  const std::string text = render_report(records, format, options);
  if (const auto out = text_of(*values, "out")) {
    write_output_file(*out, text);
  } else {
    std::cout << text;
  }
  return kOk;
}

}  // namespace ncmlab::app
