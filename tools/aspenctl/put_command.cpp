// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "base/limits.hpp"
#include "tools/aspenctl/commands.hpp"
#include "tools/aspenctl/encoding.hpp"

namespace aspenctl {

namespace {

outcome<std::string> read_stdin() {
  std::string all;
  char part[65536];
  std::size_t count = 0;
  // One byte more than allowed tells that there is too much; nobody needs the rest.
  while (all.size() <= base::limits::value_bytes_max
         && (count = std::fread(part, 1, sizeof part, stdin)) > 0)
    all.append(part, count);
  if (std::ferror(stdin) != 0)
    return fail(exit_status::failed, "cannot read the value from stdin");
  return all;
}

} // namespace

outcome<void> put(const client& nodes, output_format format, const put_options& options) {
  if (auto wrong = why_no_key(options.key))
    return fail(exit_status::usage, *wrong);
  auto value = options.value ? outcome<std::string>(*options.value) : read_stdin();
  if (!value)
    return tl::unexpected(std::move(value.error()));
  if (value->size() > base::limits::value_bytes_max)
    return fail(exit_status::usage, "the value has more than the "
                                        + std::to_string(base::limits::value_bytes_max)
                                        + " bytes that are allowed");
  auto body =
      nodes.ask_for_object({"PUT", "/v1/kv/" + percent_encode(options.key), std::move(*value)});
  if (!body)
    return tl::unexpected(std::move(body.error()));
  if (format == output_format::json)
    print_json(*body);
  else
    print("OK\n");
  return {};
}

} // namespace aspenctl
