// SPDX-License-Identifier: Apache-2.0
#include "http/scan_handler.hpp"

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "http/cursor.hpp"
#include "http/percent.hpp"
#include "http/read_options.hpp"

namespace http {

namespace limits = base::limits;

namespace {

constexpr std::size_t items_by_default = 100;
/// Of keys and values in a page. As JSON it may grow to six times that.
constexpr std::size_t page_bytes_max = limits::mebibyte;
static_assert(page_bytes_max <= limits::scan_bytes_max);

tl::expected<std::string, refusal> text_of(const query_parameters& query, std::string_view name) {
  const auto* given = query.find(name);
  if (given == nullptr)
    return std::string();
  if (given->size() > limits::key_bytes_max)
    return tl::unexpected(refuse_over("key_too_large", "bytes in '" + std::string(name) + "'",
                                      limits::key_bytes_max, given->size()));
  if (find_bad_utf8(*given) != std::string::npos || given->find('\0') != std::string::npos)
    return tl::unexpected(
        refuse(400, "bad_query", "'" + std::string(name) + "' is not UTF-8 without NUL"));
  return *given;
}

tl::expected<bool, refusal> flag_of(const query_parameters& query, std::string_view name) {
  const auto* given = query.find(name);
  if (given == nullptr || *given == "false" || *given == "0")
    return false;
  if (given->empty() || *given == "true" || *given == "1")
    return true;
  return tl::unexpected(refuse(
      400, "bad_query", "'" + std::string(name) + "' is 'true' or 'false', not '" + *given + "'"));
}

tl::expected<std::size_t, refusal> limit_of(const query_parameters& query) {
  const auto* given = query.find("limit");
  if (given == nullptr)
    return items_by_default;
  auto number = parse_number(*given);
  if (number && *number >= 1 && *number <= limits::scan_items_max)
    return static_cast<std::size_t>(*number);
  auto why = refuse(400, "bad_query",
                    "limit is a number from 1 to " + std::to_string(limits::scan_items_max)
                        + ", not '" + *given + "'");
  why.limit = limits::scan_items_max;
  why.actual = number;
  return tl::unexpected(std::move(why));
}

tl::expected<storage::scan_request, refusal> read_scan(const query_parameters& query) {
  storage::scan_request scan;
  scan.bytes_max = page_bytes_max;
  auto prefix = text_of(query, "prefix");
  auto start = text_of(query, "start");
  auto end = text_of(query, "end");
  auto limit = limit_of(query);
  auto keys_only = flag_of(query, "keys_only");
  for (const auto* each : {&prefix, &start, &end})
    if (!*each)
      return tl::unexpected(each->error());
  if (!limit)
    return tl::unexpected(limit.error());
  if (!keys_only)
    return tl::unexpected(keys_only.error());
  scan.prefix = std::move(*prefix);
  scan.start = std::move(*start);
  scan.end = std::move(*end);
  scan.items_max = *limit;
  scan.keys_only = *keys_only;
  if (const auto* cursor = query.find("cursor")) {
    scan.after = decode_cursor(scan, *cursor);
    if (!scan.after)
      return tl::unexpected(refuse(400, "bad_cursor",
                                   "this is no cursor of this scan; send prefix, "
                                   "start and end as they were"));
  }
  return scan;
}

nlohmann::ordered_json to_json(storage::row& row, bool keys_only) {
  nlohmann::ordered_json item;
  item["key"] = std::move(row.key);
  if (!keys_only) {
    bool is_text = find_bad_utf8(row.value) == std::string::npos;
    item[is_text ? "value" : "value_base64"] =
        is_text ? std::move(row.value) : to_base64(row.value);
  }
  item["create_revision"] = row.create_revision.value;
  item["mod_revision"] = row.mod_revision.value;
  item["version"] = row.version;
  return item;
}

} // namespace

reply scan_keys(const request& what, asker& ask, site& at) {
  auto options = read_read_options(what.query);
  if (!options)
    return to_reply(options.error());
  auto scan = read_scan(what.query);
  if (!scan)
    return to_reply(scan.error());
  auto answered = ask.read(*scan, options->consistency, options->min_index);
  if (!answered)
    return to_reply(refusal_from(answered.error(), false));
  auto& page = std::get<storage::scan_page>(*answered);
  std::size_t bytes = 0;
  for (const auto& row : page.rows)
    bytes += row.key.size() + row.value.size();
  if (!ask.reserve(bytes))
    return to_reply(refuse(429, "overloaded", "too much is being sent at the moment"));

  nlohmann::ordered_json body;
  body["items"] = nlohmann::ordered_json::array();
  if (!page.is_last && !page.rows.empty())
    body["cursor"] = encode_cursor(*scan, page.rows.back().key);
  for (auto& row : page.rows)
    body["items"].push_back(to_json(row, scan->keys_only));
  return with_read_fields(json_reply(200, body.dump()), *options, page.at, at);
}

} // namespace http
