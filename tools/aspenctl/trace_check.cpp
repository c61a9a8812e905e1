// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <utility>

#include "tools/aspenctl/trace_commands.hpp"
#include "trace/checker.hpp"
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

outcome<std::vector<trace::recording>> read_files(const std::vector<std::string>& paths) {
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

/// What each member records now; `silent` names those that did not tell.
std::vector<trace::recording> ask_all(const client& nodes, std::string& silent) {
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

} // namespace

outcome<void> trace_check(const client& nodes, output_format format,
                          const trace_check_options& options) {
  auto all = read_files(options.files);
  if (!all)
    return tl::unexpected(std::move(all.error()));
  std::string silent;
  if (options.files.empty() || options.is_live)
    for (auto& each : ask_all(nodes, silent))
      all->push_back(std::move(each));
  auto report = trace::check(std::move(*all));
  print(format == output_format::json ? trace::to_json(report) + "\n" : trace::to_text(report));
  if (report.is_broken())
    return fail(exit_status::failed, "what was recorded breaks a rule");
  if (!silent.empty())
    return fail(exit_status::unavailable, "not asked: " + silent);
  return {};
}

} // namespace aspenctl
