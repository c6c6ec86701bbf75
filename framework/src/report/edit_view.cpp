// SPDX-License-Identifier: Apache-2.0
#include "report/edit_view.hpp"

#include <algorithm>
#include <vector>

#include "ncmlab/code/lexemes.hpp"
#include "ncmlab/core/sequence_diff.hpp"
#include "report/text.hpp"

namespace ncmlab {
namespace {

constexpr std::size_t kContext = 2;  // unchanged lines around a change

enum class Change { none, removed, added };

/// A line as it is shown, and the columns it takes without colours.
struct Shown {
  std::string text;
  int width = 0;
};

class LineWriter {
 public:
  explicit LineWriter(bool colour) : colour_(colour) {}

  void add(std::string_view piece, Change change) {
    const std::string text = printable(piece);
    shown_.width += display_width(text);
    if (change == Change::none || text.empty()) {
      shown_.text += text;
    } else if (colour_) {
      shown_.text += (change == Change::removed ? "\x1b[1;31m" : "\x1b[1;32m") + text + "\x1b[0m";
    } else {
      shown_.text += change == Change::removed ? "[-" + text + "-]" : "{+" + text + "+}";
      shown_.width += 4;
    }
  }
  Shown finish() { return std::move(shown_); }

 private:
  bool colour_;
  Shown shown_;
};

/// Tabs as blanks, so that columns line up; without the line's end.
std::vector<std::string> lines_of(std::string_view source) {
  std::vector<std::string> lines(1);
  for (const char c : source) {
    if (c == '\n') {
      lines.emplace_back();
    } else if (c == '\t') {
      lines.back() += "    ";
    } else if (c != '\r') {
      lines.back() += c;
    }
  }
  if (lines.size() > 1 && lines.back().empty()) {
    lines.pop_back();
  }
  return lines;
}

/// A line of the view: of the clean source, of the edited one, or of both.
struct Row {
  std::size_t first = 0, second = 0;  ///< line numbers from 1; 0: none
  Shown left, right;
  Change change = Change::none;  ///< `added` also where a line replaces another
};

class EditView {
 public:
  EditView(std::string_view clean, std::string_view edited, const EditViewOptions& options)
      : first_(lines_of(clean)), second_(lines_of(edited)), options_(options) {}

  std::string render() {
    for (const DiffHunk& hunk : diff(first_, second_)) {
      add_hunk(hunk);
    }
    if (rows_.empty()) {
      return {};
    }
    add_common(shown_first_, std::min(shown_first_ + kContext, first_.size()));
    const std::size_t most = std::max(first_.size(), second_.size());
    number_width_ = static_cast<int>(std::to_string(most).size());
    const int left = widest(&Row::left), right = widest(&Row::right);
    const int gutters = 2 * (number_width_ + 3) + 3;
    return left + right + gutters <= options_.width ? side_by_side(left) : one_below_the_other();
  }

 private:
  void add_common(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      LineWriter writer(options_.colour);
      writer.add(first_[i], Change::none);
      const Shown shown = writer.finish();
      rows_.push_back({i + 1, i + 1 + shown_second_ - shown_first_, shown, shown, Change::none});
    }
    shown_second_ += end - std::min(begin, end);
    shown_first_ = std::max(shown_first_, end);
  }

  void add_hunk(const DiffHunk& hunk) {
    const std::size_t before = hunk.first_begin - std::min(hunk.first_begin, kContext);
    if (!rows_.empty()) {
      add_common(shown_first_, std::min(shown_first_ + kContext, hunk.first_begin));
    }
    if (before > shown_first_) {
      shown_second_ += before - shown_first_;
      shown_first_ = before;
    }
    add_common(shown_first_, hunk.first_begin);
    const std::size_t paired = std::min(hunk.removed(), hunk.added());
    for (std::size_t i = 0; i < std::max(hunk.removed(), hunk.added()); ++i) {
      Row row;
      row.change = i < hunk.added() ? Change::added : Change::removed;
      if (i < hunk.removed()) {
        row.first = hunk.first_begin + i + 1;
      }
      if (i < hunk.added()) {
        row.second = hunk.second_begin + i + 1;
      }
      if (i < paired) {
        mark_words(first_[row.first - 1], second_[row.second - 1], row);
      } else {
        mark_line(row);
      }
      rows_.push_back(std::move(row));
    }
    shown_first_ = hunk.first_end;
    shown_second_ = hunk.second_end;
  }

  void mark_words(const std::string& before, const std::string& after, Row& row) const {
    const auto old_words = lexemes_and_space(before), new_words = lexemes_and_space(after);
    LineWriter left(options_.colour), right(options_.colour);
    std::size_t i = 0, j = 0;
    const auto copy = [](LineWriter& writer, const std::vector<std::string_view>& words,
                         std::size_t& at, std::size_t end, Change change) {
      std::string joined;
      for (; at < end; ++at) {
        joined += words[at];
      }
      writer.add(joined, change);
    };
    for (const DiffHunk& hunk : diff(old_words, new_words)) {
      copy(left, old_words, i, hunk.first_begin, Change::none);
      copy(left, old_words, i, hunk.first_end, Change::removed);
      copy(right, new_words, j, hunk.second_begin, Change::none);
      copy(right, new_words, j, hunk.second_end, Change::added);
    }
    copy(left, old_words, i, old_words.size(), Change::none);
    copy(right, new_words, j, new_words.size(), Change::none);
    row.left = left.finish();
    row.right = right.finish();
  }

  void mark_line(Row& row) const {
    const bool is_new = row.second != 0;
    const std::string& line = is_new ? second_[row.second - 1] : first_[row.first - 1];
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    LineWriter writer(options_.colour);
    writer.add(std::string_view(line).substr(0, indent), Change::none);
    writer.add(std::string_view(line).substr(indent), is_new ? Change::added : Change::removed);
    (is_new ? row.right : row.left) = writer.finish();
  }

  int widest(Shown Row::*side) const {
    int width = 0;
    for (const Row& row : rows_) {
      width = std::max(width, (row.*side).width);
    }
    return width;
  }

  std::string gutter(std::size_t number, char sign) const {
    const std::string digits = number == 0 ? "" : std::to_string(number);
    return std::string(1, number == 0 ? ' ' : sign) + pad_left(digits, number_width_) + "  ";
  }

  bool is_after_a_gap(std::size_t i) const {
    const Row &row = rows_[i], &before = rows_[i - 1];
    return (row.first > before.first + 1 && before.first != 0) ||
           (row.second > before.second + 1 && before.second != 0);
  }

  std::string side_by_side(int left_width) const {
    std::string text;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_[i];
      const bool changed = row.change != Change::none;
      text += i > 0 && is_after_a_gap(i) ? "...\n" : "";
      text += gutter(row.first, changed ? '-' : ' ') + row.left.text +
              std::string(static_cast<std::size_t>(left_width - row.left.width), ' ') + " | ";
      text += gutter(row.second, changed ? '+' : ' ') + row.right.text;
      text.erase(text.find_last_not_of(' ') + 1);
      text += '\n';
    }
    return text;
  }

  std::string one_below_the_other() const {
    std::string text;
    for (std::size_t i = 0; i < rows_.size();) {
      text += i > 0 && is_after_a_gap(i) ? "...\n" : "";
      if (rows_[i].change == Change::none) {
        text += gutter(rows_[i].second, ' ') + rows_[i].right.text + '\n';
        ++i;
        continue;
      }
      std::string added;
      for (; i < rows_.size() && rows_[i].change != Change::none; ++i) {
        text += rows_[i].first == 0 ? "" : gutter(rows_[i].first, '-') + rows_[i].left.text + '\n';
        added +=
            rows_[i].second == 0 ? "" : gutter(rows_[i].second, '+') + rows_[i].right.text + '\n';
      }
      text += added;
    }
    return text;
  }

  std::vector<std::string> first_, second_;
  EditViewOptions options_;
  std::vector<Row> rows_;
  std::size_t shown_first_ = 0, shown_second_ = 0;  // lines that are shown or passed over
  int number_width_ = 0;
};

}  // namespace

std::string render_edit(std::string_view clean, std::string_view edited,
                        const EditViewOptions& options) {
  return EditView(clean, edited, options).render();
}

}  // namespace ncmlab
