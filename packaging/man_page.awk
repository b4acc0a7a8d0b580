# Makes the manual page binlogd(1), troff, of what binlogd --help prints; -v version=…
function escaped(text) {
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  gsub(/'/, "\\(aq", text)
  return text ~ /^\./ ? "\\\\&" text : text
}
# The option or subcommand that is being read.
function end_item() {
  if (needs != "") meaning = meaning ". Needs " needs
  if (default_text != "") meaning = meaning ". Default: " default_text
  if (term != "") printf ".TP\n\\fB%s\\fR%s\n%s.\n", escaped(term), value == "" ? "" : " \\fI" escaped(value) "\\fR", escaped(meaning)
  term = value = meaning = needs = default_text = ""
}
BEGIN { printf ".TH BINLOGD 1 \"\" \"binlogd %s\" \"binlogd manual\"\n.nh\n.ad l\n", version }
NR == 1 {
  sub(/^binlogd: /, "")
  printf ".SH NAME\nbinlogd \\- %s\n", escaped($0)
  next
}
/^Usage: / {
  print ".SH SYNOPSIS\n\\fBbinlogd\\fR \\fB\\-\\-state\\-dir\\fR \\fIFOLDER\\fR [\\fIOPTIONS\\fR]\n.br\n\\fBbinlogd token\\fR"
  next
}
/^[A-Z].*:$/ { end_item(); sub(/:$/, ""); printf ".SH %s\n", toupper($0); next }
/^  [^ ]/ {
  end_item()
  sub(/^ +/, "")
  # The meaning stands behind two blanks, or on the next line.
  if (match($0, /  +/)) { meaning = substr($0, RSTART + RLENGTH); $0 = substr($0, 1, RSTART - 1) }
  term = $1
  value = $0
  sub(/^[^ ]+ ?/, "", value)
  needs = default_text = ""
  if (match(value, / Needs: .*/)) { needs = substr(value, RSTART + 8); value = substr(value, 1, RSTART - 1) }
  if (match(value, /=.*/)) { default_text = substr(value, RSTART + 1); value = substr(value, 1, RSTART - 1) }
  sub(/:.*/, "", value)
  gsub(/,/, ", ", term)
  next
}
/^ +[^ ]/ { sub(/^ +/, ""); meaning = meaning == "" ? $0 : meaning " " $0 }
END {
  end_item()
  print ".SH SIGNALS"
  print ".TP\n\\fBSIGHUP\\fR\nRead the declared streamers again, and begin a new audit log."
  print ".TP\n\\fBSIGTERM\\fR, \\fBSIGINT\\fR\nCommit what is delivered, and end. A second one ends at once."
  print ".SH EXIT STATUS\n.TP\n0\nIt was asked to end.\n.TP\n1\nFailed; standard error says why.\n.TP\n2\nThe command line makes no sense."
  print ".SH SEE ALSO\n\\fBbinlogctl\\fR(1), /usr/share/doc/binlogd"
}
