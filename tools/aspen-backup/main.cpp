// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cstdio>
#include <exception>

#include "tools/aspen-backup/command_line.hpp"
#include "tools/aspen-debug-storage/isolation.hpp"
#include "tools/common/printer.hpp"

namespace {

using aspen_backup::exit_status;

int say(exit_status status, const std::string& text) {
  std::fprintf(stderr, "aspen-backup: %s\n", text.c_str());
  return static_cast<int>(status);
}

/// Does the work and ends its output.
int finish(const std::function<aspen_backup::outcome<exit_status>()>& work) {
  int status = static_cast<int>(exit_status::failed);
  try {
    auto ended = work();
    status = ended ? static_cast<int>(*ended) : say(ended.error().status, ended.error().text);
  } catch (const std::exception& broken) {
    status = say(exit_status::failed, broken.what());
  }
  if (!tools::finish_output()) {
    std::perror("aspen-backup: cannot write to stdout");
    return static_cast<int>(exit_status::failed);
  }
  return status;
}

} // namespace

int main(int count, char** arguments) {
  // The state is everybody's data: what is made of it is for this user alone.
  ::umask(0077);
  auto asked = aspen_backup::read_arguments(count, arguments);
  if (!asked)
    return say(exit_status::usage, asked.error().text + "\nRun aspen-backup --help for usage.");
  if (!tools::finish_output())
    return say(exit_status::failed, "cannot write to stdout");
  return debug_storage::run_isolated(
      [&] { return finish(*asked); },
      [](const std::string& signal) {
        return say(exit_status::damaged, "a file is damaged: reading it ended with " + signal);
      });
}
