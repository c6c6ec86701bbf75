// SPDX-License-Identifier: Apache-2.0
#include "report/renderers.hpp"
#include "report/stage_tables.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

std::string cell_text(const TableCell& cell) {
  const std::string text = escape_markdown(cell.text);
  return cell.best ? "**" + text + "**" : text;
}

std::string table_text(const Table& table) {
  std::string out = "| model | attack | defense |";
  std::string rule = "| --- | --- | --- |";
  for (const Column& column : table.columns) {
    out += " " + escape_markdown(column.title) + " |";
    rule += column.numeric ? " ---: |" : " --- |";
  }
  out += "\n" + rule + "\n";
  for (const Group& group : table.groups) {
    for (const Row& row : group.rows) {
      out += "| " + escape_markdown(group.model) + " | " + escape_markdown(group.attack) + " | " +
             escape_markdown(row.defense);
      out += row.note > 0 ? "<sup>" + std::to_string(row.note) + "</sup> |" : " |";
      for (const TableCell& cell : row.cells) {
        out += " " + cell_text(cell) + (cell.text.empty() ? "|" : " |");
      }
      out += "\n";
    }
  }
  return out;
}

}  // namespace

std::string render_markdown(const std::vector<Table>& tables, const std::string& provenance) {
  std::string out;
  for (const Table& table : tables) {
    out += "### Task " + escape_markdown(full_title(table)) + "\n\n" + table_text(table) + "\n";
    for (std::size_t i = 0; i < table.notes.size(); ++i) {
      out += "<sup>" + std::to_string(i + 1) + "</sup> " + escape_markdown(table.notes[i]) + "\n\n";
    }
    for (const std::string& sentence : caption(table)) {
      out += escape_markdown(sentence) + "\n";
    }
    out += "\n";
  }
  return out + escape_markdown(provenance) + "\n";
}

}  // namespace ncmlab
