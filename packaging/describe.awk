# SPDX-License-Identifier: Apache-2.0
# Reads what packaging/describe's walk() prints: for each command a line "@ its words", then its --help.

# -- reading ---------------------------------------------------------------------------------------

function finish_entry() {
  if (entry != "") {
    count[at, part]++
    entries[at, part, count[at, part]] = entry
    texts[at, part, count[at, part]] = text
  }
  entry = text = ""
}

/^@ / || $0 == "@" {
  finish_entry()
  at = ++commands
  path[at] = substr($0, 3)
  part = "about"
  next
}
part == "about" && about[at] == "" { about[at] = $0; next }
/^Usage:/ || /^USAGE:/ { usage[at] = $0; sub(/^[^:]*: */, "", usage[at]); next }
tolower($0) ~ /^(options|positionals|subcommands):$/ {
  finish_entry()
  part = tolower($0)
  sub(/:$/, "", part)
  next
}
/^$/ { finish_entry(); if (part != "about") part = "footer"; next }
part == "footer" { if (at == 1) footer[++footers] = $0; next }
/^  [^ ]/ {
  finish_entry()
  line = substr($0, 3)
  # Name and description stand two blanks apart, or on two lines.
  if (match(line, /   *[^ ]/)) {
    entry = substr(line, 1, RSTART - 1)
    text = substr(line, RSTART + RLENGTH - 1)
  } else {
    entry = line
  }
  next
}
entry != "" {
  line = $0
  sub(/^ +/, "", line)
  text = text (text == "" ? "" : " ") line
}

# -- writing ---------------------------------------------------------------------------------------

function roff(words) {
  gsub(/\\/, "\\e", words)
  gsub(/-/, "\\-", words)
  sub(/^[.']/, "\\\\\\&&", words)
  return words
}

# What belongs to the option stands behind its names: "-o,--output FORMAT=table".
function names_of(option) { sub(/[ :=].*/, "", option); return option }
function takes_value(option) { return option ~ /^[^ ]+ [A-Z]/ && option !~ /^[^ ]+ (Excludes|Needs|\(Env)/ }

function list(command, what, i) {
  for (i = 1; i <= count[command, what]; i++) {
    # Every command has it.
    if (command > 1 && what == "options" && entries[command, what, i] == "-h,--help")
      continue
    print ".TP"
    print ".B " roff(entries[command, what, i])
    print roff(texts[command, what, i])
  }
}

function man(    i, line, first) {
  first = about[1]
  sub(/\.$/, "", first)
  print ".\\\" Made by packaging/describe from --help."
  print ".TH " toupper(name) " " section " \"\" \"Aspen " version "\" \"Aspen\""
  print ".SH NAME"
  print roff(name) " \\- " roff(tolower(substr(first, 1, 1)) substr(first, 2))
  print ".SH SYNOPSIS"
  line = usage[1]
  sub(/^[^ ]+/, "", line)
  print ".B " roff(name)
  print roff(substr(line, 2))
  print ".SH OPTIONS"
  list(1, "positionals")
  list(1, "options")
  if (commands > 1)
    print ".SH COMMANDS"
  for (i = 2; i <= commands; i++) {
    line = usage[i]
    sub(/^[^ ]+ /, "", line)
    print ".SS " roff(line)
    print roff(about[i])
    list(i, "positionals")
    list(i, "options")
  }
  print ".SH NOTES"
  for (i = 1; i <= footers; i++)
    print roff(footer[i])
  if (extra != "")
    while ((getline line < extra) > 0)
      print line
}

# The options of a command: its own, and the program's, which may stand behind it too.
function options_of(command, i, all, each, names, n, j, seen) {
  all = ""
  for (j = 0; j < 2; j++) {
    if (j == 1 && command == 1)
      break
    each = j == 0 ? command : 1
    for (i = 1; i <= count[each, "options"]; i++) {
      n = split(names_of(entries[each, "options", i]), names, ",")
      if (names[n] ~ /^--/ && index(all " ", " " names[n] " ") == 0)
        all = all " " names[n]
    }
  }
  return substr(all, 2)
}

function commands_of(command, i, all) {
  all = ""
  for (i = 1; i <= count[command, "subcommands"]; i++)
    all = all (all == "" ? "" : " ") names_of(entries[command, "subcommands", i])
  return all
}

# Options whose value is no command, as a pattern.
function with_value(    i, j, names, n, k, all) {
  all = ""
  for (i = 1; i <= commands; i++)
    for (j = 1; j <= count[i, "options"]; j++)
      if (takes_value(entries[i, "options", j])) {
        n = split(names_of(entries[i, "options", j]), names, ",")
        for (k = 1; k <= n; k++)
          if (index(" " all " ", " " names[k] " ") == 0)
            all = all (all == "" ? "" : " | ") names[k]
      }
  return all
}

# The longest first, so that what stands behind the arguments of one is not taken for another.
function cases(    i, pattern) {
  for (i = commands; i >= 1; i--) {
    pattern = i == 1 ? "*" : "' " path[i] "' | ' " path[i] " '*"
    print "    " pattern ") commands='" commands_of(i) "' options='" options_of(i) "' ;;"
  }
}

function completion(words, current, before) {
  print "  local part typed='' commands='' options='' skip=''"
  print "  for part in " before "; do"
  print "    # What belongs to an option is no command."
  print "    if [[ -n $skip ]]; then skip=''; continue; fi"
  print "    case $part in"
  print "      " with_value() ") skip=1 ;;"
  print "      -*) ;;"
  print "      *) typed+=\" $part\" ;;"
  print "    esac"
  print "  done"
  print "  case $typed in"
  cases()
  print "  esac"
}

function bash(    function_name) {
  function_name = "_" name
  gsub(/-/, "_", function_name)
  print "# bash completion for " name "; made by packaging/describe from --help."
  print function_name "() {"
  completion("COMP_WORDS", "", "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"")
  print "  [[ ${COMP_WORDS[COMP_CWORD]} != -* ]] || commands=$options"
  print "  mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"${COMP_WORDS[COMP_CWORD]}\")"
  print "}"
  print "complete -o default -F " function_name " " name
}

function zsh() {
  print "#compdef " name
  print "# zsh completion for " name "; made by packaging/describe from --help."
  completion("words", "", "\"${(@)words[2,CURRENT-1]}\"")
  print "  if [[ ${words[CURRENT]} == -* ]]; then compadd -- ${=options}"
  print "  elif [[ -n $commands ]]; then compadd -- ${=commands}"
  print "  else _files; fi"
}

END {
  finish_entry()
  if (kind == "man") man()
  else if (kind == "bash") bash()
  else zsh()
}
