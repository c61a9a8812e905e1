// SPDX-License-Identifier: Apache-2.0
#include "node/cluster_lookup.hpp"

#include <thread>

#include <fmt/format.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

namespace node {

namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds one_try{3};
constexpr milliseconds between_tries{500};

base::result<base::uuid> ask(const endpoint& where) {
  httplib::Client client(where.host, where.port);
  client.set_connection_timeout(one_try);
  client.set_read_timeout(one_try);
  auto said = client.Get("/v1/cluster");
  if (!said)
    return base::fail(base::errc::io, httplib::to_string(said.error()));
  auto body = nlohmann::json::parse(said->body, nullptr, false);
  if (said->status != 200 || !body.is_object() || !body.contains("cluster_id"))
    return base::fail(base::errc::invalid,
                      fmt::format("status {}: no node of Aspen answers there", said->status));
  const auto& id = body["cluster_id"];
  if (id.is_null())
    return base::fail(base::errc::timeout, "the node there does not know its cluster yet");
  auto parsed = base::uuid_from_string(id.is_string() ? id.get<std::string>() : "");
  if (!parsed)
    return base::fail(base::errc::invalid, "the cluster id it tells is none");
  return *parsed;
}

} // namespace

base::result<base::uuid> look_up_cluster(const endpoint& where, milliseconds patience) {
  auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto found = ask(where);
    if (found || found.error().code == base::errc::invalid
        || std::chrono::steady_clock::now() >= end)
      return found ? found
                   : base::fail(found.error().within("ask " + to_string(where)
                                                     + " which cluster to join"));
    std::this_thread::sleep_for(between_tries);
  }
}

} // namespace node
