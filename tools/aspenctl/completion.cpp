// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/completion.hpp"

namespace aspenctl {

namespace {

std::string options_of(const CLI::App& command) {
  std::string made;
  for (const auto* each : command.get_options())
    for (const auto& name : each->get_lnames())
      made += " --" + name;
  return made;
}

/// One `case` for the command and, after it, for each below it. `path` is what was typed so far.
void add_cases(const CLI::App& command, const std::string& path, const std::string& options,
               std::string& out) {
  auto below = command.get_subcommands([](const CLI::App*) { return true; });
  std::string words;
  for (const auto* each : below)
    words += each->get_name() + " ";
  // Behind a command without commands stand its own arguments.
  auto pattern = "'" + path + "'" + (below.empty() ? " | '" + path + " '*" : "");
  out += "    " + pattern + ") words='" + words + "' options='" + options + "' ;;\n";
  for (const auto* each : below)
    add_cases(*each, path + " " + each->get_name(), options + options_of(*each), out);
}

} // namespace

std::string bash_completion(const CLI::App& program) {
  auto name = program.get_name();
  std::string cases;
  add_cases(program, "", options_of(program), cases);
  return "# bash completion for " + name + "; use: source <(" + name + " completion bash)\n" + "_"
         + name + R"(() {
  local word=${COMP_WORDS[COMP_CWORD]} path='' part words='' options='' skip=
  for part in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    # What belongs to an option is no command.
    if [[ -n $skip ]]; then skip=; continue; fi
    case $part in
      --endpoints | -o | --output | --dial-timeout | --command-timeout) skip=1 ;;
      -*) ;;
      *) path+=" $part" ;;
    esac
  done
  case $path in
)" + cases
         + R"(  esac
  if [[ $word == -* ]]; then words=$options; fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _)"
         + name + " " + name + "\n";
}

} // namespace aspenctl
