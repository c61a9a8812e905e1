// SPDX-License-Identifier: Apache-2.0
#include "base/version.hpp"
#include "tools/aspenctl/commands.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

/// What is to be said in the end when several endpoints failed: the first failure's status, every text.
void gather(std::optional<failure>& all, failure one) {
  if (!all)
    all = std::move(one);
  else
    all->text += "; " + one.text;
}

} // namespace

outcome<void> checkpoint(const client& nodes, output_format format) {
  auto rows = ordered_json::array();
  text_table table({"ENDPOINT", "PAGES", "WAL BEFORE", "WAL AFTER"});
  std::optional<failure> why;
  for (const auto& where : nodes.endpoints()) {
    call what{"POST", "/admin/checkpoint-wal", {}};
    auto got = nodes.ask_once(where, what);
    if (auto* none = std::get_if<silence>(&got)) {
      gather(why, {none->was_sent ? exit_status::unknown : exit_status::unavailable,
                   where.url() + ": " + none->why});
      continue;
    }
    const auto& said = std::get<answer>(got);
    auto body = said.is_success() ? object_of(said) : tl::unexpected(failure_of(said, what));
    if (!body) {
      gather(why, std::move(body.error()));
      continue;
    }
    ordered_json row{{"endpoint", where.url()}};
    row.update(*body);
    table.add({cell(row, "endpoint"), cell(row, "pages_checkpointed"),
               cell(row, "wal_size_before_bytes"), cell(row, "wal_size_after_bytes")});
    rows.push_back(std::move(row));
  }
  if (format == output_format::json)
    print_json(rows);
  else if (!rows.empty())
    print(table.to_string());
  if (why)
    return tl::unexpected(std::move(*why));
  return {};
}

outcome<void> show_version(output_format format) {
  if (format == output_format::json)
    print_json(ordered_json{{"version", base::version}, {"commit", base::git_commit}});
  else
    print("aspenctl " + std::string(base::version) + " (" + std::string(base::git_commit) + ")\n");
  return {};
}

} // namespace aspenctl
