// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <set>

#include "report/renderers.hpp"
#include "report/stage_tables.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

constexpr int kTriggerWidth = 32;

std::string superscript(std::size_t number) {
  return "\\textsuperscript{" + std::to_string(number) + "}";
}

// Lower-case letters, digits and single hyphens: what every engine takes in a label.
std::string label_for(const std::string& task, std::set<std::string>& used) {
  std::string label = "tab:ncmlab";
  bool gap = true;
  for (const char c : task) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) != 0) {
      label += gap ? "-" : "";
      label += static_cast<char>(std::tolower(byte));
      gap = false;
    } else {
      gap = true;
    }
  }
  std::string unique = label;
  for (int i = 2; !used.insert(unique).second; ++i) {
    unique = label + "-" + std::to_string(i);
  }
  return unique;
}

std::string cell_text(const TableCell& cell, const Column& column) {
  if (cell.text == kFailedText) {
    return kFailedText;
  }
  if (cell.text.empty()) {
    return "";
  }
  if (column.id == "trigger") {
    return "\\texttt{" + escape_latex(cut_to_width(cell.text, kTriggerWidth)) + "}";
  }
  // A minus sign, not a hyphen.
  const std::string text = column.numeric && cell.text.front() == '-'
                               ? "$-$" + escape_latex(cell.text.substr(1))
                               : escape_latex(cell.text);
  return cell.best ? "\\ncmbest{" + text + "}" : text;
}

std::string tabular(const Table& table) {
  std::string out = "\\begin{tabular}{@{}l";
  std::string header = "defense";
  for (const Column& column : table.columns) {
    out += column.numeric ? "r" : "l";
    header += " & " + escape_latex(column.title);
  }
  out += "@{}}\n\\toprule\n" + header + " \\\\\n";
  for (const Group& group : table.groups) {
    out += "\\midrule\n\\multicolumn{" + std::to_string(table.columns.size() + 1) +
           "}{@{}l}{\\textit{" + escape_latex(group.model) + ", attack " +
           escape_latex(group.attack) + "}} \\\\\n";
    for (const Row& row : group.rows) {
      out += "\\quad " + escape_latex(row.defense) + (row.note > 0 ? superscript(row.note) : "");
      for (std::size_t c = 0; c < row.cells.size(); ++c) {
        const std::string text = cell_text(row.cells[c], table.columns[c]);
        out += text.empty() ? " &" : " & " + text;
      }
      out += " \\\\\n";
    }
  }
  return out + "\\bottomrule\n\\end{tabular}\n";
}

// Shrinks what is wider than the page; needs the package graphicx.
std::string fitted(const std::string& body) {
  return "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n" + body +
         "}\n";
}

std::string environment(const Table& table, const std::string& label, bool standalone) {
  std::string text = "Task " + escape_latex(full_title(table)) + ".";
  for (const std::string& sentence : caption(table)) {
    text += "\n  " + escape_latex(sentence);
  }
  std::string out = "\\begin{table}[tbp]\n\\centering\n\\caption{" + text + "}\n\\label{" + label +
                    "}\n\\small\n\\setlength{\\tabcolsep}{4pt}\n" +
                    (standalone ? fitted(tabular(table)) : tabular(table));
  for (std::size_t i = 0; i < table.notes.size(); ++i) {
    out += "\n\\par\\smallskip\\footnotesize " + superscript(i + 1) + " " +
           escape_latex(table.notes[i]) + "\n";
  }
  return out + "\\end{table}\n";
}

}  // namespace

std::string render_latex(const std::vector<Table>& tables, const std::string& provenance,
                         const ReportOptions& options) {
  std::string out;
  if (options.standalone) {
    out +=
        "\\documentclass{article}\n"
        "\\usepackage[utf8]{inputenc}\n"
        "\\usepackage[a4paper,landscape,margin=15mm]{geometry}\n"
        "\\usepackage{booktabs}\n"
        "\\usepackage{graphicx}\n"
        "\\begin{document}\n";
  } else {
    out += "% needs \\usepackage{booktabs}\n";
  }
  out += "\\providecommand{\\ncmbest}[1]{\\textbf{#1}}\n";
  std::set<std::string> labels;
  for (const Table& table : tables) {
    out += "\n" + environment(table, label_for(table.task, labels), options.standalone);
  }
  out += "\n% " + provenance + "\n";
  return out + (options.standalone ? "\\end{document}\n" : "");
}

}  // namespace ncmlab
