// SPDX-License-Identifier: Apache-2.0
// constant_http PORT: cpp-httplib's own server on 127.0.0.1 with one handler that answers a
// constant. What the library reaches when nothing is asked of it: a limit for our own loop.
#include <httplib.h>

#include <cstdlib>
#include <iostream>

namespace {

constexpr std::size_t connections_max = 320; ///< a thread each, for its life
constexpr std::size_t requests_a_connection_max = 100'000'000;

} // namespace

int main(int count, char** words) {
  char* end = nullptr;
  long port = count == 2 ? std::strtol(words[1], &end, 10) : 0;
  if (end == nullptr || *end != '\0' || port < 1 || port > 65535) {
    std::cerr << "usage: constant_http PORT\n";
    return 2;
  }
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(connections_max); };
  server.set_keep_alive_max_count(requests_a_connection_max);
  server.set_tcp_nodelay(true);
  server.Get("/constant", [](const httplib::Request&, httplib::Response& answer) {
    answer.set_content(std::string(100, 'x'), "application/octet-stream");
  });
  if (!server.listen("127.0.0.1", static_cast<int>(port))) {
    std::cerr << "error: cannot listen on 127.0.0.1:" << port << '\n';
    return 1;
  }
}
