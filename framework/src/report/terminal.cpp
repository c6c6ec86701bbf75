// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ncmlab/core/wording.hpp"
#include "report/renderers.hpp"
#include "report/stage_tables.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

constexpr int kGap = 2;
constexpr int kTextWidth = 40;
constexpr int kLeastTextWidth = 12;

// A table with the widths of its columns; the first is that of the defense names.
struct Layout {
  std::vector<int> widths;
  int total() const {
    int sum = 0;
    for (const int width : widths) {
      sum += width + kGap;
    }
    return sum - kGap;
  }
};

std::string defense_text(const Row& row) {
  return "  " + row.defense + (row.note > 0 ? " [" + std::to_string(row.note) + "]" : "");
}

Layout layout_of(const Table& table) {
  Layout layout;
  layout.widths.push_back(display_width("defense"));
  for (const Column& column : table.columns) {
    layout.widths.push_back(display_width(column.title));
  }
  for (const Group& group : table.groups) {
    for (const Row& row : group.rows) {
      layout.widths[0] = std::max(layout.widths[0], display_width(defense_text(row)));
      for (std::size_t c = 0; c < row.cells.size(); ++c) {
        const int limit = table.columns[c].id == "trigger" ? kTextWidth : 1000;
        const int width = std::min(limit, display_width(row.cells[c].text));
        layout.widths[c + 1] = std::max(layout.widths[c + 1], width);
      }
    }
  }
  return layout;
}

// Cuts the trigger text, then takes out columns, until the table is `width` wide if it can be.
// Returns the titles of what was taken out.
std::vector<std::string> fit(Table& table, Layout& layout, int width) {
  std::vector<std::string> left_out;
  while (width > 0 && layout.total() > width) {
    if (!table.columns.empty() && table.columns.back().id == "trigger" &&
        layout.widths.back() > kLeastTextWidth) {
      layout.widths.back() =
          std::max(kLeastTextWidth, layout.widths.back() - (layout.total() - width));
      continue;
    }
    const auto least =
        std::max_element(table.columns.begin(), table.columns.end(),
                         [](const Column& a, const Column& b) { return a.rank < b.rank; });
    if (least == table.columns.end() || least->rank == 0) {
      break;
    }
    left_out.push_back(least->title);
    remove_column(table, static_cast<std::size_t>(least - table.columns.begin()));
    layout = layout_of(table);
  }
  return left_out;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string header_line(const Table& table, const Layout& layout) {
  std::string line = pad_right("defense", layout.widths[0]);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    line += std::string(kGap, ' ');
    line += column.numeric ? pad_left(column.title, layout.widths[c + 1])
                           : pad_right(column.title, layout.widths[c + 1]);
  }
  return trimmed(std::move(line));
}

std::string row_line(const Row& row, const Table& table, const Layout& layout, bool colour) {
  std::string line = pad_right(defense_text(row), layout.widths[0]);
  for (std::size_t c = 0; c < row.cells.size(); ++c) {
    const int width = layout.widths[c + 1];
    const std::string text = cut_to_width(row.cells[c].text, width);
    std::string shown = table.columns[c].numeric ? pad_left(text, width) : pad_right(text, width);
    if (colour && row.cells[c].best) {
      shown = "\033[1m" + shown + "\033[0m";
    }
    line += std::string(kGap, ' ') + shown;
  }
  return trimmed(std::move(line));
}

// Words that do not fit go to the next line.
std::string wrapped(const std::string& text, int width) {
  std::string out, line;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!line.empty() && width > 0 && display_width(line) + 1 + display_width(word) > width) {
      out += line + "\n";
      line = word;
    } else {
      line += (start == 0 ? "" : " ") + word;
    }
    start = end + 1;
  }
  return out + line + "\n";
}

}  // namespace

std::string render_terminal(const std::vector<Table>& tables, const std::string& provenance,
                            const ReportOptions& options) {
  std::string out;
  for (Table table : tables) {
    Layout layout = layout_of(table);
    const std::vector<std::string> left_out = fit(table, layout, options.width);
    const std::string rule(static_cast<std::size_t>(layout.total()), '-');
    out += "Task " + full_title(table) + "\n\n" + header_line(table, layout);
    for (const Group& group : table.groups) {
      out += rule + "\n" + group.model + ", attack " + group.attack + "\n";
      for (const Row& row : group.rows) {
        out += row_line(row, table, layout, options.colour);
      }
    }
    out += rule + "\n";
    for (std::size_t i = 0; i < table.notes.size(); ++i) {
      out += wrapped("[" + std::to_string(i + 1) + "] " + table.notes[i], options.width);
    }
    for (const std::string& sentence : caption(table)) {
      out += wrapped(sentence, options.width);
    }
    if (!left_out.empty()) {
      out += wrapped("Columns left out for lack of width: " + joined(left_out, ", ") + ".",
                     options.width);
    }
    out += "\n";
  }
  return out + provenance + "\n";
}

}  // namespace ncmlab
