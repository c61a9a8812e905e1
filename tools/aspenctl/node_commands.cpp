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

struct column {
  const char* title;
  const char* member;
};

/// Asks every endpoint, and prints a row for each that answered; what the others said is the failure.
outcome<void> ask_each(const client& nodes, output_format format, const call& what,
                       const std::vector<column>& columns) {
  auto rows = ordered_json::array();
  std::vector<std::string> titles{"ENDPOINT"};
  for (const auto& each : columns)
    titles.emplace_back(each.title);
  text_table table(std::move(titles));
  std::optional<failure> why;
  for (const auto& where : nodes.endpoints()) {
    auto got = nodes.ask_once(where, what);
    if (auto* none = std::get_if<silence>(&got)) {
      bool may_be_done = what.is_write() && none->was_sent;
      gather(why, {may_be_done ? exit_status::unknown : exit_status::unavailable,
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
    std::vector<std::string> cells{cell(row, "endpoint")};
    for (const auto& each : columns)
      cells.push_back(cell(row, each.member));
    table.add(std::move(cells));
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

} // namespace

outcome<void> checkpoint(const client& nodes, output_format format) {
  return ask_each(nodes, format, {"POST", "/admin/checkpoint-wal", {}},
                  {{"PAGES", "pages_checkpointed"},
                   {"WAL BEFORE", "wal_size_before_bytes"},
                   {"WAL AFTER", "wal_size_after_bytes"}});
}

outcome<void> log_level(const client& nodes, output_format format, const std::string& filter,
                        bool is_reset) {
  if (is_reset && !filter.empty())
    return fail(exit_status::usage, "log-level: FILTER and --reset exclude each other");
  call what{"GET", "/admin/log-level", {}};
  if (is_reset)
    what.method = "DELETE";
  else if (!filter.empty())
    what = {"PUT", what.target, ordered_json{{"filter", filter}}.dump(), "application/json"};
  std::vector<column> columns{{"FILTER", "filter"}, {"CONFIGURED", "configured"}};
  if (what.is_write())
    columns.push_back({"BEFORE", "previous"});
  return ask_each(nodes, format, what, columns);
}

outcome<void> show_version(output_format format) {
  if (format == output_format::json)
    print_json(ordered_json{{"version", base::version}, {"commit", base::git_commit}});
  else
    print("aspenctl " + std::string(base::version) + " (" + std::string(base::git_commit) + ")\n");
  return {};
}

} // namespace aspenctl
