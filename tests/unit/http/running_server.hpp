// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "tests/unit/http/memory_gateway.hpp"
#include "tests/unit/http/raw_client.hpp"

/// A server on free ports before a `memory_gateway`, and short ways to ask it.
class running_server {
public:
  /// `change` may be anything that takes the settings and changes them.
  template <class Change>
  explicit running_server(Change change)
    : metrics(raft::server_id{1}), server_(changed(change), gateway, metrics) {
    begin();
  }
  running_server() : running_server([](http::settings&) {}) {}

  raw_client connect() { return raw_client(server_.http_port()); }
  raw_client connect_admin() { return raw_client(server_.admin_port()); }

  /// One request on a connection of its own.
  raw_answer ask(std::string_view method, std::string_view target, std::string_view body = {},
                 std::string_view fields = {}) {
    return connect().ask(make_request(method, target, body, fields), method == "HEAD");
  }
  raw_answer ask_admin(std::string_view method, std::string_view target) {
    return connect_admin().ask(make_request(method, target), method == "HEAD");
  }
  raw_answer put(std::string_view key, std::string_view value, std::string_view fields = {}) {
    return ask("PUT", "/v1/kv/" + std::string(key), value, fields);
  }
  raw_answer get(std::string_view key, std::string_view fields = {}) {
    return ask("GET", "/v1/kv/" + std::string(key), {}, fields);
  }

  /// Whether `condition` comes true; asks again and again, for half a minute at most.
  template <class Condition>
  static bool becomes(Condition condition) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition())
      if (std::chrono::steady_clock::now() > end)
        return false;
    return true;
  }

  memory_gateway gateway;
  actors::node_metrics metrics;
  http::server& server() { return server_; }

private:
  template <class Change>
  static http::settings changed(Change change) {
    http::settings made;
    made.http_addr = made.admin_addr = "127.0.0.1:0";
    made.workers = 2;
    made.is_in_memory = true;
    change(made);
    return made;
  }
  void begin();

  http::server server_;
};
