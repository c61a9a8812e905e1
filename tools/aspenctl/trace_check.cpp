// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "tools/aspenctl/recordings.hpp"
#include "tools/aspenctl/trace_commands.hpp"
#include "trace/checker.hpp"

namespace aspenctl {

outcome<void> trace_check(const client& nodes, output_format format,
                          const trace_check_options& options) {
  auto all = read_recordings(options.files);
  if (!all)
    return tl::unexpected(std::move(all.error()));
  std::string silent;
  if (options.files.empty() || options.is_live)
    for (auto& each : ask_recordings(nodes, silent))
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
