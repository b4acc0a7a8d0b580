#include "client/unified_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace binlogd {
namespace {

constexpr size_t kContext = 3;
// Texts whose differing parts are larger than that are shown as replaced as a whole.
constexpr size_t kMostCells = 4 << 20;

using Lines = std::vector<absl::string_view>;

Lines SplitLines(absl::string_view text) {
  Lines lines = absl::StrSplit(text, '\n');
  if (lines.back().empty()) lines.pop_back();  // What follows the last newline is no line.
  return lines;
}

struct Edit {
  char mark;  // ' ' in both, '-' only before, '+' only after.
  absl::string_view line;
};

// Edits that keep the longest common subsequence of the two.
std::vector<Edit> EditMiddle(const Lines& before, const Lines& after) {
  std::vector<Edit> edits;
  const size_t width = after.size() + 1;
  size_t i = 0, j = 0;
  if (before.size() * width <= kMostCells) {
    // The length of that of the parts from line i, and j, on.
    std::vector<uint32_t> longest((before.size() + 1) * width);
    for (size_t b = before.size(); b-- > 0;) {
      for (size_t a = after.size(); a-- > 0;) {
        longest[b * width + a] = before[b] == after[a]
                                     ? longest[(b + 1) * width + a + 1] + 1
                                     : std::max(longest[(b + 1) * width + a], longest[b * width + a + 1]);
      }
    }
    while (i < before.size() && j < after.size()) {
      if (before[i] == after[j]) {
        edits.push_back({' ', before[i]});
        ++i, ++j;
      } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
        edits.push_back({'-', before[i++]});
      } else {
        edits.push_back({'+', after[j++]});
      }
    }
  }
  while (i < before.size()) edits.push_back({'-', before[i++]});
  while (j < after.size()) edits.push_back({'+', after[j++]});
  return edits;
}

std::vector<Edit> MakeEdits(Lines before, Lines after) {
  std::vector<Edit> edits, end;
  size_t same = 0;
  while (same < before.size() && same < after.size() && before[same] == after[same]) {
    edits.push_back({' ', before[same++]});
  }
  while (before.size() > same && after.size() > same && before.back() == after.back()) {
    end.push_back({' ', before.back()});
    before.pop_back();
    after.pop_back();
  }
  const auto offset = static_cast<Lines::difference_type>(same);
  const std::vector<Edit> middle =
      EditMiddle(Lines(before.begin() + offset, before.end()), Lines(after.begin() + offset, after.end()));
  edits.insert(edits.end(), middle.begin(), middle.end());
  edits.insert(edits.end(), end.rbegin(), end.rend());
  return edits;
}

// "12,3", as diff writes where `count` lines after the first `skipped` are.
std::string RangeText(size_t skipped, size_t count) {
  return absl::StrCat(count == 0 ? skipped : skipped + 1, count == 1 ? "" : absl::StrCat(",", count));
}

// The edits from `begin` to `end`, which begin after so many lines of each text.
std::string HunkText(const std::vector<Edit>& edits, size_t begin, size_t end, size_t before, size_t after,
                     bool colour) {
  std::string body;
  size_t in_before = 0, in_after = 0;
  for (size_t i = begin; i < end; ++i) {
    const Edit& edit = edits[i];
    in_before += edit.mark != '+';
    in_after += edit.mark != '-';
    const Colour paint = edit.mark == '-' ? Colour::kRed : edit.mark == '+' ? Colour::kGreen : Colour::kNone;
    absl::StrAppend(&body, Paint(absl::StrCat(std::string(1, edit.mark), edit.line), paint, colour), "\n");
  }
  const std::string head = absl::StrCat("@@ -", RangeText(before, in_before), " +", RangeText(after, in_after), " @@");
  return absl::StrCat(Paint(head, Colour::kCyan, colour), "\n", body);
}

}  // namespace

std::string UnifiedDiff(absl::string_view before_name, absl::string_view before, absl::string_view after_name,
                        absl::string_view after, bool colour) {
  const std::vector<Edit> edits = MakeEdits(SplitLines(before), SplitLines(after));
  std::string hunks;
  size_t lines_before = 0, lines_after = 0;
  for (size_t i = 0; i < edits.size();) {
    // A hunk ends where more follows that is the same than two contexts.
    size_t first = i;
    while (first < edits.size() && edits[first].mark == ' ') ++first;
    if (first == edits.size()) break;
    size_t last = first;
    for (size_t next = first; next < edits.size() && next - last <= 2 * kContext + 1; ++next) {
      if (edits[next].mark != ' ') last = next;
    }
    const size_t begin = first - std::min(first - i, kContext);
    const size_t end = std::min(last + 1 + kContext, edits.size());
    lines_before += begin - i;
    lines_after += begin - i;
    absl::StrAppend(&hunks, HunkText(edits, begin, end, lines_before, lines_after, colour));
    for (size_t k = begin; k < end; ++k) {
      lines_before += edits[k].mark != '+';
      lines_after += edits[k].mark != '-';
    }
    i = end;
  }
  if (hunks.empty()) return "";
  return absl::StrCat(Paint(absl::StrCat("--- ", before_name), Colour::kBold, colour), "\n",
                      Paint(absl::StrCat("+++ ", after_name), Colour::kBold, colour), "\n", hunks);
}

}  // namespace binlogd
