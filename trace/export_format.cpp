// SPDX-License-Identifier: Apache-2.0
#include "trace/export_format.hpp"

#include <algorithm>
#include <array>

#include "trace/dump_file.hpp"
#include "trace/export.hpp"
#include "trace/selection.hpp"

namespace trace {

namespace {

/// For the forms that know nothing of traces.
template <std::string (*Write)(const recording&)>
std::string of_part(const recording& what, const base::uuid& trace) {
  return trace.is_nil() ? Write(what) : Write(only_trace(what, trace));
}

constexpr std::array formats{
    export_format{"ndjson", "application/x-ndjson", false, of_part<to_ndjson>},
    export_format{"perfetto", "application/json", false, of_part<to_perfetto>},
    export_format{"mermaid", "text/plain; charset=utf-8", false, of_part<to_mermaid>},
    export_format{"html", "text/html; charset=utf-8", false, to_html},
    export_format{"shiviz", "text/plain; charset=utf-8", false, of_part<to_shiviz>},
    export_format{"otlp", "application/json", true, to_otlp},
    export_format{"ring", "application/octet-stream", false, of_part<to_ring_bytes>},
};

std::string all_names() {
  std::string names;
  for (std::size_t i = 0; i < formats.size(); ++i)
    names += (i == 0 ? "" : i + 1 == formats.size() ? " or " : ", ") + std::string(formats[i].name);
  return names;
}

} // namespace

std::span<const export_format> export_formats() {
  return formats;
}

const export_format* find_export_format(std::string_view name) {
  auto found = std::ranges::find(formats, name, &export_format::name);
  return found == formats.end() ? nullptr : &*found;
}

std::string why_no_format(std::string_view name, bool has_trace) {
  const auto* found = find_export_format(name);
  if (!found)
    return "'" + std::string(name) + "' is no format; it is " + all_names();
  if (found->is_of_one_trace && !has_trace)
    return std::string(name) + " tells of one trace: it needs the trace's id";
  return {};
}

} // namespace trace
