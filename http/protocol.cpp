// SPDX-License-Identifier: Apache-2.0
#include "http/protocol.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include <httplib.h>

#include "base/log.hpp"
#include "http/exchange.hpp"

namespace http {

namespace {

/// The only path the library ever sees.
constexpr const char* fixed_path = "/";

/// Plays our head to the library, then the client's body; keeps what it writes.
class exchange_stream : public httplib::Stream {
public:
  explicit exchange_stream(exchange& served) : exchange_(served) {
    const auto& head = served.what().head;
    // An unknown method never gets past the gate; the library need not know it.
    head_ = std::string(head.method == method::other ? "GET" : to_string(head.method));
    head_.append(" ").append(fixed_path).append(" HTTP/1.1\r\n");
    // Without a length the library would read until the client closes.
    if (head.method != method::get && head.method != method::head && head.method != method::other)
      head_.append("Content-Length: ").append(std::to_string(head.content_length)).append("\r\n");
    head_.append("\r\n");
  }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }

  ssize_t read(char* into, size_t size) override {
    if (position_ < head_.size()) {
      auto count = std::min(size, head_.size() - position_);
      std::memcpy(into, head_.data() + position_, count);
      position_ += count;
      return static_cast<ssize_t>(count);
    }
    return static_cast<ssize_t>(exchange_.receive(into, size));
  }

  ssize_t write(const char* from, size_t size) override {
    exchange_.output().append(from, size);
    return static_cast<ssize_t>(size);
  }

  // Nobody asks who is at the other end: the library would make header fields of it.
  void get_remote_ip_and_port(std::string& address, int& port) const override {
    address.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& address, int& port) const override {
    address.clear();
    port = 0;
  }
  // Nothing may poll the socket behind the worker's back.
  socket_t socket() const override { return INVALID_SOCKET; }

private:
  exchange& exchange_;
  std::string head_;
  std::size_t position_ = 0;
};

/// The library writes the head; the exchange sends the body behind it, because the library takes a server that
/// does not listen by itself for one that is shutting down, and would leave the body out.
void announce(httplib::Response& into, std::string_view type, std::uint64_t size) {
  into.set_content_provider(static_cast<std::size_t>(size), std::string(type).c_str(),
                            [](std::size_t, std::size_t, httplib::DataSink&) { return false; });
}

void fill(httplib::Response& into, reply given) {
  into.status = given.status;
  for (auto& [name, value] : given.fields)
    into.headers.emplace(name, std::move(value));
  if (given.stream)
    return announce(into, given.content_type, given.stream->size);
  if (!given.body.empty())
    into.headers.emplace("Content-Type", given.content_type);
  into.body = std::move(given.body);
}

reply internal_error() {
  auto why = refuse(500, "internal", "an internal rule was broken; the node's log tells which");
  why.committed = actors::commit_status::unknown;
  why.closes_connection = true;
  return to_reply(why);
}

} // namespace

class protocol::server : public httplib::Server {
public:
  explicit server(std::function<exchange&()> running) : running_(std::move(running)) {
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& into) {
      auto refused = running_().check();
      if (!refused)
        return HandlerResponse::Unhandled;
      give(into, to_reply(*refused));
      return HandlerResponse::Handled;
    });
    auto without_body = [this](const httplib::Request&, httplib::Response& into) {
      give(into, running_().answer({}));
    };
    auto with_body = [this](const httplib::Request&, httplib::Response& into,
                            const httplib::ContentReader& reader) { take_body(into, reader); };
    Get(fixed_path, without_body);
    Put(fixed_path, with_body);
    Post(fixed_path, with_body);
    Delete(fixed_path, with_body);
    // Its own answer would tell the exception's text to the world (EXCEPTION_WHAT).
    set_exception_handler(
        [this](const httplib::Request&, httplib::Response& into, std::exception_ptr thrown) {
          log(thrown);
          into.headers.clear();
          give(into, internal_error());
        });
    set_post_routing_handler([](const httplib::Request&, httplib::Response& into) {
      // The library was told to close, which saves it from having its own idea of keeping
      // alive. `Connection` is the exchange's business: the library's word is taken back.
      auto [first, last] = into.headers.equal_range("Connection");
      auto librarys =
          std::find_if(first, last, [](const auto& field) { return field.second == "close"; });
      if (librarys != last)
        into.headers.erase(librarys);
      into.headers.erase("Accept-Ranges");
    });
  }

  /// Writes an answer into the exchange's output. False when the library did not.
  bool serve(exchange_stream& stream) { return call(&server::process_request, stream); }

private:
  void give(httplib::Response& into, reply given) {
    running_().complete(given);
    fill(into, std::move(given));
  }

  void take_body(httplib::Response& into, const httplib::ContentReader& reader) {
    auto& served = running_();
    std::string body;
    body.reserve(static_cast<std::size_t>(served.what().head.content_length));
    bool is_complete = reader([&body](const char* piece, size_t size) {
      body.append(piece, size);
      return true;
    });
    if (is_complete) {
      give(into, served.answer(std::move(body)));
      return;
    }
    auto missing =
        served.is_expired()
            ? refuse(408, "request_timeout", "the body did not arrive within the deadline")
            : refuse(400, "body_too_short", "the body ended before its Content-Length");
    missing.committed = actors::commit_status::no;
    missing.closes_connection = true;
    give(into, to_reply(missing));
  }

  static void log(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& fault) {
      base::log::error("aspen::http", "a handler failed", {{"what", fault.what()}});
    } catch (...) {
      base::log::error("aspen::http", "a handler failed");
    }
  }

  /// `process_request` has four parameters in 0.11 and eight in 0.18.
  template <class Member>
  bool call(Member process, exchange_stream& stream) {
    bool is_closed = false;
    if constexpr (std::is_invocable_v<Member, server&, httplib::Stream&, bool, bool&,
                                      std::nullptr_t>)
      return (this->*process)(stream, true, is_closed, nullptr);
    else
      return (this->*process)(stream, std::string(), 0, std::string(), 0, true, is_closed, nullptr);
  }

  std::function<exchange&()> running_;
};

protocol::protocol(std::function<exchange&()> running)
  : server_(std::make_unique<server>(std::move(running))) {}

protocol::~protocol() = default;

bool protocol::serve(exchange& what) {
  exchange_stream stream(what);
  return server_->serve(stream);
}

const char* protocol::library_version() {
  return CPPHTTPLIB_VERSION;
}

} // namespace http
