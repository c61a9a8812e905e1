// SPDX-License-Identifier: Apache-2.0
#include "tests/support/history_json.hpp"

#include <nlohmann/json.hpp>

namespace linearizability {

using nlohmann::json;

namespace {

content content_of(const json& object, const char* name) {
  auto found = object.find(name);
  if (found == object.end() || found->is_null())
    return std::nullopt;
  return found->get<std::string>();
}

json json_of(const content& what) {
  return what ? json(*what) : json(nullptr);
}

operation_outcome outcome_of(const std::string& name) {
  if (name == "ok")
    return operation_outcome::ok;
  if (name == "mismatch")
    return operation_outcome::mismatch;
  if (name == "not_done")
    return operation_outcome::not_done;
  if (name == "unknown")
    return operation_outcome::unknown;
  throw std::invalid_argument("no outcome is called " + name);
}

void check(const operation& what) {
  if (what.outcome == operation_outcome::mismatch && what.kind != operation_kind::compare_and_put)
    throw std::invalid_argument("only a compare_and_put has a mismatch");
  if (what.outcome != operation_outcome::unknown && what.returned < what.invoked)
    throw std::invalid_argument("it returned before it was invoked");
}

operation operation_of(const json& object) {
  operation what;
  what.client = object.at("client").get<std::uint64_t>();
  what.key = object.at("key").get<std::string>();
  what.value = content_of(object, "value");
  auto op = object.at("op").get<std::string>();
  if (op == "put" || op == "delete")
    what.kind = operation_kind::put;
  else if (op == "compare_and_put")
    what.kind = operation_kind::compare_and_put;
  else if (op != "get")
    throw std::invalid_argument("no operation is called " + op);
  if (op == "delete" && what.value)
    throw std::invalid_argument("a delete writes no value");
  what.expected = content_of(object, "expected");
  if (object.contains("observed"))
    what.observed = content_of(object, "observed");
  what.outcome = outcome_of(object.at("outcome").get<std::string>());
  what.invoked = object.at("invoked").get<std::uint64_t>();
  if (what.outcome != operation_outcome::unknown)
    what.returned = object.at("returned").get<std::uint64_t>();
  check(what);
  return what;
}

const char* name_of(operation_kind kind) {
  switch (kind) {
  case operation_kind::get: return "get";
  case operation_kind::put: return "put";
  case operation_kind::compare_and_put: break;
  }
  return "compare_and_put";
}

const char* name_of(operation_outcome outcome) {
  switch (outcome) {
  case operation_outcome::ok: return "ok";
  case operation_outcome::mismatch: return "mismatch";
  case operation_outcome::not_done: return "not_done";
  case operation_outcome::unknown: break;
  }
  return "unknown";
}

} // namespace

base::result<std::vector<operation>> read_history(std::istream& in) {
  std::vector<operation> history;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos)
      continue;
    try {
      history.push_back(operation_of(json::parse(line)));
    } catch (const std::exception& why) {
      return base::fail(base::errc::invalid, "line " + std::to_string(number) + ": " + why.what());
    }
  }
  return history;
}

std::string to_json(const operation& what) {
  json object{{"client", what.client},
              {"key", what.key},
              {"op", name_of(what.kind)},
              {"value", json_of(what.value)},
              {"outcome", name_of(what.outcome)},
              {"invoked", what.invoked}};
  if (what.kind == operation_kind::compare_and_put)
    object["expected"] = json_of(what.expected);
  if (what.observed)
    object["observed"] = json_of(*what.observed);
  if (what.outcome != operation_outcome::unknown)
    object["returned"] = what.returned;
  return object.dump();
}

} // namespace linearizability
