#include "client/man_page.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/utf8.h"

namespace binlogd {
namespace {

// The code point of a valid character of more than one byte.
uint32_t CodePoint(absl::string_view character) {
  const auto byte = [character](size_t i) { return static_cast<unsigned char>(character[i]); };
  uint32_t point = byte(0) & (0xffu >> (character.size() + 1));
  for (size_t i = 1; i < character.size(); ++i) point = point << 6 | (byte(i) & 0x3fu);
  return point;
}

// Text as troff takes it, as a whole line or a part of one.
std::string Escaped(absl::string_view text) {
  std::string escaped;
  if (!text.empty() && (text[0] == '.' || text[0] == '\'')) escaped = "\\&";
  while (!text.empty()) {
    const size_t length = std::max<size_t>(Utf8CharacterLength(text), 1);
    const absl::string_view character = text.substr(0, length);
    text.remove_prefix(length);
    if (length > 1) {
      absl::StrAppendFormat(&escaped, "\\[u%04X]", CodePoint(character));
    } else if (character == "\\") {
      escaped += "\\e";
    } else if (character == "-") {
      escaped += "\\-";
    } else if (character == "'") {
      escaped += "\\(aq";
    } else if (character == "\"") {
      escaped += "\\(dq";
    } else {
      absl::StrAppend(&escaped, character);
    }
  }
  return escaped;
}

std::string Bold(absl::string_view text) { return absl::StrCat("\\fB", Escaped(text), "\\fR"); }
std::string Italic(absl::string_view text) { return absl::StrCat("\\fI", Escaped(text), "\\fR"); }

std::string Section(absl::string_view title) { return absl::StrCat(".SH ", title, "\n"); }

// A term, already escaped, and what it means.
std::string Term(absl::string_view term, absl::string_view meaning) {
  return absl::StrCat(".TP\n", term, "\n", Escaped(meaning), "\n");
}

std::string Head(const std::string& page, absl::string_view description) {
  return absl::StrCat(".TH ", Escaped(absl::AsciiStrToUpper(page)),
                      " 1 \"\" \"binlogd " BINLOGD_VERSION "\" \"binlogctl manual\"\n.nh\n.ad l\n", Section("NAME"),
                      Escaped(page), " \\- ", Escaped(description), "\n");
}

std::string OptionsText(const std::vector<OptionHelp>& options) {
  std::string text;
  for (const OptionHelp& option : options) {
    std::string term = option.short_name.empty() ? "" : absl::StrCat(Bold(option.short_name), ", ");
    absl::StrAppend(&term, Bold(option.long_name), option.takes_value() ? " " : "", Italic(option.type));
    std::string meaning = option.description;
    if (!option.default_text.empty()) absl::StrAppend(&meaning, ". Default: ", option.default_text);
    if (!option.variable.empty()) absl::StrAppend(&meaning, ". Environment: ", option.variable);
    text += Term(term, absl::StrCat(meaning, "."));
  }
  return text;
}

std::string ArgumentsSynopsis(const VerbHelp& verb) {
  std::string text;
  for (const ArgumentHelp& argument : verb.arguments) {
    const std::string name = absl::StrCat(Italic(argument.name), argument.many ? " ..." : "");
    absl::StrAppend(&text, " ", argument.required ? name : absl::StrCat("[", name, "]"));
  }
  return text;
}

std::string Synopsis(absl::string_view program, const VerbHelp& verb) {
  return absl::StrCat(Bold(program), verb.options.empty() ? "" : " [\\fIOPTIONS\\fR]", ArgumentsSynopsis(verb), "\n");
}

// "Example:" and lines that begin with two blanks.
std::string ExampleText(const VerbHelp& verb) {
  std::string lines;
  for (const absl::string_view line : absl::StrSplit(verb.footer, '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "  ")) absl::StrAppend(&lines, Escaped(line.substr(2)), "\n");
  }
  return lines.empty() ? "" : absl::StrCat(".PP\n.nf\n.RS\n", lines, ".RE\n.fi\n");
}

std::string Details(const VerbHelp& verb) {
  std::string text;
  for (const ArgumentHelp& argument : verb.arguments) {
    text += Term(Italic(argument.name), absl::StrCat(argument.description, "."));
  }
  return absl::StrCat(text, OptionsText(verb.options));
}

std::string ExitStatus(const VerbHelp& verb) {
  return absl::StrCat(Section("EXIT STATUS"), verb.name == "diff"
                                                  ? Term("0", "There is no difference.") + Term("1", "There is one.") +
                                                        Term("2", "Something went wrong.")
                                                  : Term("0", "Done.") + Term("1", "Failed; standard error says why.") +
                                                        Term("2", "The command line makes no sense."));
}

std::string SeeAlso(const std::vector<std::string>& pages) {
  std::vector<std::string> references;
  for (const std::string& page : pages) references.push_back(absl::StrCat(Bold(page), "(1)"));
  return absl::StrCat(Section("SEE ALSO"), absl::StrJoin(references, ",\n"), "\n");
}

}  // namespace

std::string ProgramPage(const VerbHelp& program) {
  std::string page = absl::StrCat(Head(program.name, "control and watch the streamers of a binlogd"),
                                  Section("SYNOPSIS"), Bold(program.name), " [\\fIOPTIONS\\fR] \\fICOMMAND\\fR ...\n",
                                  Section("DESCRIPTION"), Escaped(program.description), "\n", Section("COMMANDS"));
  std::vector<std::string> pages;
  for (const VerbHelp& verb : program.verbs) {
    pages.push_back(absl::StrCat(program.name, "-", verb.name));
    page += Term(absl::StrCat(Bold(pages.back()), "(1)"), absl::StrCat(verb.description, "."));
  }
  return absl::StrCat(page, Section("OPTIONS"), OptionsText(program.options), ExitStatus(program), SeeAlso(pages));
}

std::string VerbPage(const VerbHelp& program, const VerbHelp& verb) {
  const std::string name = absl::StrCat(program.name, " ", verb.name);
  std::string page =
      absl::StrCat(Head(absl::StrCat(program.name, "-", verb.name), verb.description), Section("SYNOPSIS"));
  if (verb.verbs.empty()) page += Synopsis(name, verb);
  for (size_t i = 0; i < verb.verbs.size(); ++i) {
    absl::StrAppend(&page, i == 0 ? "" : ".br\n", Synopsis(absl::StrCat(name, " ", verb.verbs[i].name), verb.verbs[i]));
  }
  absl::StrAppend(&page, Section("DESCRIPTION"), Escaped(verb.description), ".\n", Section("OPTIONS"), Details(verb));
  for (const VerbHelp& inner : verb.verbs) {
    absl::StrAppend(&page, ".SS ", Escaped(inner.name), "\n", Escaped(inner.description), ".\n", Details(inner),
                    ExampleText(inner));
  }
  absl::StrAppend(&page, ".SS Everywhere\n", OptionsText(program.options));
  if (!verb.footer.empty()) absl::StrAppend(&page, Section("EXAMPLE"), ExampleText(verb));
  return absl::StrCat(page, ExitStatus(verb), SeeAlso({program.name}));
}

}  // namespace binlogd
