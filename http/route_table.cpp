// SPDX-License-Identifier: Apache-2.0
#include "http/route_table.hpp"

#include <algorithm>
#include <array>

#include "http/actor_handlers.hpp"
#include "http/admin_handlers.hpp"
#include "http/batch_handler.hpp"
#include "http/cluster_handlers.hpp"
#include "http/failpoint_handlers.hpp"
#include "http/health_handlers.hpp"
#include "http/inspection_handlers.hpp"
#include "http/kv_handlers.hpp"
#include "http/log_handlers.hpp"
#include "http/scan_handler.hpp"
#include "http/status_handlers.hpp"
#include "http/supervisor_handlers.hpp"
#include "http/trace_handlers.hpp"
#include "http/trace_tail.hpp"

namespace http {

namespace {

constexpr std::string_view read_query = "consistency min_index";
constexpr std::string_view scan_query =
    "prefix start end limit cursor keys_only consistency min_index";
constexpr std::string_view trace_query = "seconds limit format trace";
constexpr std::string_view tail_query = "match after limit heartbeats";
constexpr std::string_view any_query = "*";

using enum method;
using enum body_rule;

// clang-format off
constexpr std::array table{
  // data
  route{put,    "/v1/kv/{key}",   value,    plane::data, "",         put_key},
  route{get,    "/v1/kv/{key}",   absent,   plane::data, read_query, get_key},
  route{remove, "/v1/kv/{key}",   ignored,  plane::data, "",         delete_key},
  route{get,    "/v1/kv",         absent,   plane::data, scan_query, scan_keys},
  route{post,   "/v1/batch",      document, plane::data, "",         write_batch},

  // health, for people, probes and Prometheus
  route{get, "/health",           absent, plane::both, any_query, get_health},
  route{get, "/livez",            absent, plane::both, any_query, get_livez},
  route{get, "/livez/{check}",    absent, plane::both, any_query, get_livez},
  route{get, "/readyz",           absent, plane::both, any_query, get_readyz},
  route{get, "/readyz/{check}",   absent, plane::both, any_query, get_readyz},
  route{get, "/startupz",         absent, plane::both, any_query, get_startupz},
  route{get, "/startupz/{check}", absent, plane::both, any_query, get_startupz},
  route{get, "/metrics",          absent, plane::both, any_query, get_metrics},
  route{get, "/version",          absent, plane::both, "",        get_version},

  // the cluster
  route{get,    "/v1/cluster",                      absent,   plane::both, "", get_cluster},
  route{post,   "/v1/cluster/members",              document, plane::both, "", add_member},
  route{post,   "/v1/cluster/members/{id}/promote", ignored,  plane::both, "", promote_member},
  route{remove, "/v1/cluster/members/{id}",         ignored,  plane::both, "", remove_member},
  route{post,   "/v1/cluster/transfer-leader",      ignored,  plane::both, "", transfer_leader},

  // operators
  route{post, "/admin/checkpoint-wal",             ignored, plane::both, "", checkpoint_wal},
  route{post, "/admin/shutdown",                   ignored, plane::both, "", shut_down},
  route{get,  "/admin/supervisor",                 absent,  plane::both, "", get_supervisor},
  route{post, "/admin/supervisor/{child}/restart", ignored, plane::both, "", restart_child},
  route{post, "/admin/supervisor/{child}/clear",   ignored, plane::both, "", clear_child},
  route{post, "/admin/snapshot",                   ignored, plane::both, "", make_snapshot},
  route{post, "/admin/validate",                   ignored, plane::both, "", validate_stores},
  route{get,  "/admin/backup",                     absent,  plane::both, "consistency", take_backup},
  route{get,  "/admin/log-copy",                   absent,  plane::both, "", copy_log},
  route{get,    "/admin/log-level",                absent,   plane::both, "", get_log_level},
  route{put,    "/admin/log-level",                document, plane::both, "", set_log_level},
  route{post,   "/admin/log-level",                document, plane::both, "", set_log_level},
  route{remove, "/admin/log-level",                ignored,  plane::both, "", reset_log_level},
  route{get,  "/debug/actors",                     absent,  plane::both, "", get_actors},
  route{get,  "/debug/trace",                      absent,  plane::both, trace_query, get_trace},
  route{get,  "/debug/trace/dumps",                absent,  plane::both, "", get_trace_dumps},
  route{get,  "/debug/trace/tail",                 absent,  plane::both, tail_query, follow_trace},
  route{get,  "/debug/trace/{id}",                 absent,  plane::both, "", get_one_trace},
#ifdef ASPEN_FAILPOINTS
  route{get,  "/debug/failpoints",                 absent,   plane::both, "", get_failpoints},
  route{post, "/debug/failpoints",                 document, plane::both, "", arm_failpoints},
#endif
};
// clang-format on

/// True when `path` is what `pattern` describes; `parameter` is what stood for its name.
bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
  auto open = pattern.find('{');
  if (open == std::string_view::npos)
    return pattern == path;
  if (path.substr(0, open) != pattern.substr(0, open))
    return false;
  auto after = pattern.substr(pattern.find('}') + 1);
  auto rest = path.substr(open);
  if (!rest.ends_with(after))
    return false;
  parameter = rest.substr(0, rest.size() - after.size());
  return after.empty() || parameter.find('/') == std::string_view::npos;
}

} // namespace

std::span<const route> routes() {
  return table;
}

route_match find_route(method asked, std::string_view path, bool is_admin_listener) {
  auto wanted = asked == method::head ? method::get : asked;
  route_match match;
  for (const auto& each : table) {
    std::string_view parameter;
    if ((is_admin_listener && each.plane == plane::data) || !matches(each.pattern, path, parameter))
      continue;
    if (each.method == wanted) {
      match.found = &each;
      match.parameter = parameter;
      return match;
    }
    if (!match.allow.empty())
      match.allow += ", ";
    match.allow += to_string(each.method);
    if (each.method == method::get)
      match.allow += ", HEAD";
  }
  return match;
}

} // namespace http
