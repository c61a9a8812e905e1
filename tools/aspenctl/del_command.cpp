// SPDX-License-Identifier: Apache-2.0
#include "base/limits.hpp"
#include "tools/aspenctl/commands.hpp"
#include "tools/aspenctl/encoding.hpp"
#include "tools/aspenctl/scan.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

/// Of a batch's JSON, well below what a node takes (4 MiB).
constexpr std::size_t batch_bytes_max = base::limits::http_body_bytes_max / 2;

void print_count(output_format format, std::uint64_t count) {
  if (format == output_format::json)
    print_json(ordered_json{{"deleted", count}});
  else
    print(std::to_string(count) + "\n");
}

outcome<void> delete_batch(const client& nodes, const std::string& operations) {
  auto said =
      nodes.ask({"POST", "/v1/batch", "{\"operations\":[" + operations + "]}", "application/json"});
  if (!said)
    return tl::unexpected(std::move(said.error()));
  return {};
}

/// Deletes the keys of a page in as few batches as their bytes allow; `count` grows with each that is done.
outcome<void> delete_keys(const client& nodes, const ordered_json& items, std::uint64_t& count) {
  std::string operations;
  std::uint64_t gathered = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    operations += (operations.empty() ? "" : ",")
                  + ordered_json{{"delete", {{"key", items[i]["key"]}}}}.dump();
    ++gathered;
    if (i + 1 < items.size() && operations.size() < batch_bytes_max)
      continue;
    if (auto deleted = delete_batch(nodes, operations); !deleted)
      return deleted;
    count += gathered;
    operations.clear();
    gathered = 0;
  }
  return {};
}

outcome<void> delete_prefix(const client& nodes, output_format format, const std::string& prefix) {
  std::uint64_t count = 0;
  auto ended = for_each_page(nodes, {prefix, true}, [&](const ordered_json& items) {
    return delete_keys(nodes, items, count);
  });
  if (!ended) {
    auto why = std::move(ended.error());
    why.text += "; " + std::to_string(count) + " keys were deleted before";
    return tl::unexpected(std::move(why));
  }
  print_count(format, count);
  return {};
}

} // namespace

outcome<void> del(const client& nodes, output_format format, const del_options& options) {
  if (options.is_prefix) {
    // Not every key by a slip of the hand, such as an empty variable.
    if (options.key.empty())
      return fail(exit_status::usage, "an empty prefix would delete every key");
    return delete_prefix(nodes, format, options.key);
  }
  if (auto wrong = why_no_key(options.key))
    return fail(exit_status::usage, *wrong);
  auto body = nodes.ask_for_object({"DELETE", "/v1/kv/" + percent_encode(options.key), {}});
  if (!body)
    return tl::unexpected(std::move(body.error()));
  if (format == output_format::json)
    print_json(*body);
  else
    print_count(format, body->value("deleted", false) ? 1 : 0);
  return {};
}

} // namespace aspenctl
