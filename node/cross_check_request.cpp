// SPDX-License-Identifier: Apache-2.0
#include "node/cross_check_request.hpp"

#include <stdexcept>

#include <nlohmann/json.hpp>

namespace node {

namespace {

using json = nlohmann::json;

cross_check_request decode(const json& object) {
  cross_check_request request;
  auto backend = object.at("backend").get<int>();
  if (backend < 0 || backend > static_cast<int>(storage::backend::inmemory))
    throw std::out_of_range("backend");
  request.paths.backend = static_cast<storage::backend>(backend);
  request.paths.data_dir = object.at("data_dir").get<std::string>();
  request.paths.log_path = object.at("log_path").get<std::string>();
  request.paths.state_path = object.at("state_path").get<std::string>();
  request.options.is_full = object.at("is_full").get<bool>();
  request.options.digest_budget =
      std::chrono::milliseconds(object.at("digest_budget_ms").get<std::int64_t>());
  request.options.expected_server =
      raft::server_id(object.at("expected_server").get<std::uint64_t>());
  request.options.suspicion = object.at("suspicion").get<std::string>();
  if (object.contains("expected_cluster"))
    request.options.expected_cluster =
        base::uuid_from_string(object.at("expected_cluster").get<std::string>()).value();
  return request;
}

} // namespace

std::string to_json(const cross_check_request& request) {
  json object{{"backend", static_cast<int>(request.paths.backend)},
              {"data_dir", request.paths.data_dir},
              {"log_path", request.paths.log_path},
              {"state_path", request.paths.state_path},
              {"is_full", request.options.is_full},
              {"digest_budget_ms", request.options.digest_budget.count()},
              {"expected_server", request.options.expected_server.value},
              {"suspicion", request.options.suspicion}};
  if (request.options.expected_cluster)
    object["expected_cluster"] = base::to_string(*request.options.expected_cluster);
  // What was read from a damaged file need not be UTF-8.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<cross_check_request> cross_check_request_from_json(std::string_view text) {
  try {
    return decode(json::parse(text));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::vector<std::string> cross_check_command(const cross_check_request& request) {
  return {"/proc/self/exe", "--cross-check-child", to_json(request)};
}

} // namespace node
