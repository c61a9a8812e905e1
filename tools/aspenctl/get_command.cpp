// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <charconv>

#include "tools/aspenctl/commands.hpp"
#include "tools/aspenctl/encoding.hpp"
#include "tools/aspenctl/scan.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

outcome<std::uint64_t> read_count(const char* name, const std::string& text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return fail(exit_status::usage, std::string(name) + ": '" + text + "' is no number");
  return value;
}

/// The read's parameters for the query, each with `&` in front.
outcome<std::string> read_parameters(const get_options& options) {
  std::string made;
  if (!options.consistency.empty()) {
    if (options.consistency != "linearizable" && options.consistency != "stale")
      return fail(exit_status::usage, "--consistency: '" + options.consistency
                                          + "' is neither 'linearizable' nor 'stale'");
    made += "&consistency=" + options.consistency;
  }
  if (!options.min_index.empty()) {
    auto index = read_count("--min-index", options.min_index);
    if (!index)
      return tl::unexpected(std::move(index.error()));
    made += "&min_index=" + std::to_string(*index);
  }
  return made;
}

std::uint64_t number_in(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

outcome<void> get_one(const client& nodes, output_format format, const get_options& options,
                      const std::string& parameters) {
  if (auto wrong = why_no_key(options.key))
    return fail(exit_status::usage, *wrong);
  auto target = "/v1/kv/" + percent_encode(options.key);
  if (!parameters.empty())
    target += "?" + parameters.substr(1);
  auto said = nodes.ask({"GET", target, {}});
  if (!said)
    return tl::unexpected(std::move(said.error()));
  if (said->etag.empty() || said->version.empty())
    return fail(exit_status::failed, said->from.url() + ": the answer is none of Aspen's");
  if (format == output_format::json) {
    ordered_json item{{"key", options.key}};
    if (is_utf8(said->body))
      item["value"] = said->body;
    else
      item["value_base64"] = to_base64(said->body);
    item["create_revision"] = number_in(said->create_revision);
    item["mod_revision"] = number_in(said->etag);
    item["version"] = number_in(said->version);
    print_json(ordered_json{{"items", ordered_json::array({item})}});
    return {};
  }
  if (!options.prints_value_only)
    print(options.key + "\n" + said->body + "\n");
  else // a file must get the bytes as they are; a person wants the prompt on a line of its own
    print(isatty(STDOUT_FILENO) != 0 ? said->body + "\n" : said->body);
  return {};
}

outcome<void> print_items(const ordered_json& items, const get_options& options) {
  for (const auto& item : items) {
    if (!options.prints_value_only)
      print(item["key"].get<std::string>() + "\n");
    if (options.keys_only)
      continue;
    auto value = value_of(item);
    if (!value)
      return tl::unexpected(std::move(value.error()));
    print(*value + "\n");
  }
  return {};
}

outcome<void> get_prefix(const client& nodes, output_format format, const get_options& options,
                         const std::string& parameters) {
  scan what{options.key, options.keys_only, 0, parameters};
  if (!options.limit.empty()) {
    auto limit = read_count("--limit", options.limit);
    if (!limit)
      return tl::unexpected(std::move(limit.error()));
    what.items_max = *limit;
  }
  if (format == output_format::table)
    return for_each_page(nodes, what,
                         [&](const ordered_json& items) { return print_items(items, options); });
  // Printed as it comes, so that memory does not grow with the number of keys.
  print("{\"items\": [");
  std::string_view between = "\n";
  auto ended = for_each_page(nodes, what, [&](const ordered_json& items) -> outcome<void> {
    for (const auto& item : items) {
      print(between);
      print(item.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
      between = ",\n";
    }
    return {};
  });
  if (ended)
    print("\n]}\n");
  return ended;
}

} // namespace

outcome<void> get(const client& nodes, output_format format, const get_options& options) {
  if (!options.is_prefix && (options.keys_only || !options.limit.empty()))
    return fail(exit_status::usage, "--keys-only and --limit go with --prefix");
  if (options.keys_only && options.prints_value_only)
    return fail(exit_status::usage, "--keys-only and --print-value-only leave nothing to print");
  auto parameters = read_parameters(options);
  if (!parameters)
    return tl::unexpected(std::move(parameters.error()));
  return options.is_prefix ? get_prefix(nodes, format, options, *parameters)
                           : get_one(nodes, format, options, *parameters);
}

} // namespace aspenctl
