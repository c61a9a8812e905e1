// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/recordings.hpp"

#include <filesystem>
#include <utility>

#include "tools/aspenctl/trace_commands.hpp"
#include "trace/dump_store.hpp"

namespace aspenctl {

namespace {

/// All that a node gives at once (http/trace_handlers.cpp).
constexpr auto whole_ring = "/debug/trace?format=ring&seconds=86400&limit=50000";

/// A folder of recordings stands for the dumps in it and the ring.
std::vector<std::string> files_of(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    return {path};
  std::vector<std::string> found;
  for (const auto& each : trace::list_dumps(path))
    found.push_back(path + "/" + each.name);
  if (auto ring = path + "/ring"; std::filesystem::exists(ring, ignored))
    found.push_back(ring);
  return found;
}

} // namespace

outcome<std::vector<trace::recording>> read_recordings(const std::vector<std::string>& paths) {
  std::vector<trace::recording> all;
  for (const auto& path : paths) {
    auto files = files_of(path);
    if (files.empty())
      return fail(exit_status::usage, path + ": there is no recording in that folder");
    for (const auto& file : files) {
      auto read = trace::read_ring_file(file);
      if (!read)
        return fail(exit_status::usage, to_string(read.error()));
      all.push_back(std::move(*read));
    }
  }
  return all;
}

std::vector<trace::recording> ask_recordings(const client& nodes, std::string& silent) {
  std::vector<trace::recording> all;
  auto leave_out = [&](const endpoint& where, const std::string& why) {
    silent += (silent.empty() ? "" : "; ") + where.url() + ": " + why;
  };
  for (const auto& where : everybody(nodes)) {
    call what{"GET", whole_ring, {}};
    auto got = nodes.ask_once(where, what);
    if (auto* none = std::get_if<silence>(&got)) {
      leave_out(where, none->why);
      continue;
    }
    const auto& said = std::get<answer>(got);
    if (!said.is_success()) {
      leave_out(where, failure_of(said, what).text);
      continue;
    }
    if (auto read = trace::read_ring_bytes(said.body))
      all.push_back(std::move(*read));
    else
      leave_out(where, to_string(read.error()));
  }
  return all;
}

} // namespace aspenctl
