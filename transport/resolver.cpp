// SPDX-License-Identifier: Apache-2.0
#include "transport/resolver.hpp"

#include <cstring>

#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <asio/ip/address.hpp>
#include <asio/post.hpp>

#include <netdb.h>

#include "transport/quiet_thread.hpp"

namespace transport {

namespace {

base::result<endpoints> ask_system(const address& where) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int error = getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &wanted, &found);
  if (error != 0)
    return base::fail(base::errc::not_found, "look up " + where.host + ": " + gai_strerror(error));
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  endpoints all;
  for (const auto* each = found; each != nullptr; each = each->ai_next) {
    asio::ip::tcp::endpoint endpoint;
    if (each->ai_addrlen > endpoint.capacity())
      continue;
    std::memcpy(endpoint.data(), each->ai_addr, each->ai_addrlen);
    endpoint.resize(each->ai_addrlen);
    all.push_back(endpoint);
  }
  return all;
}

} // namespace

std::optional<endpoints> literal_endpoints(const address& where) {
  std::error_code error;
  auto literal = asio::ip::make_address(where.host, error);
  if (error)
    return std::nullopt;
  return endpoints{{literal, where.port}};
}

void look_up(const std::shared_ptr<asio::io_context>& io, const address& where,
             std::shared_ptr<std::atomic<bool>> is_under_way, std::weak_ptr<void> asker,
             std::function<void(base::result<endpoints>)> done) {
  auto answer = [io, asker, done = std::move(done)](base::result<endpoints> found) {
    asio::post(*io, [asker, done, found = std::move(found)] {
      if (auto alive = asker.lock())
        done(found);
    });
  };
  auto what = "look up " + where.host + ": ";
  if (is_under_way->exchange(true))
    return answer(base::fail(base::errc::busy, what + "the one before has not come back"));
  try {
    quiet_thread([where, answer, is_under_way] {
      answer(ask_system(where));
      is_under_way->store(false);
    }).detach();
  } catch (const std::system_error& error) {
    is_under_way->store(false);
    answer(base::fail(base::errc::resource, what + error.what()));
  }
}

} // namespace transport
