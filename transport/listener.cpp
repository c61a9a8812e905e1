// SPDX-License-Identifier: Apache-2.0
#include "transport/listener.hpp"

#include <sstream>
#include <utility>

#include "base/log.hpp"
#include "transport/address.hpp"
#include "transport/bounds.hpp"

namespace transport {

namespace {

using asio::ip::tcp;

// The same refusal is logged again after this long; so many different ones are remembered.
constexpr auto report_again = std::chrono::seconds(60);
constexpr std::size_t reports_remembered = 64;

base::error bind_error(const std::string& address, const std::error_code& error) {
  bool is_taken = error == asio::error::address_in_use;
  bool is_lack =
      error == asio::error::no_descriptors || error == std::errc::too_many_files_open_in_system;
  return {is_taken  ? base::errc::busy
          : is_lack ? base::errc::resource
                    : base::errc::io,
          "listen on " + address + ": " + error.message()};
}

tcp::endpoint endpoint_of(const address& where) {
  auto host = where.host == "localhost" ? std::string("127.0.0.1") : where.host;
  return {asio::ip::make_address(host), where.port};
}

base::status bind_to(tcp::acceptor& acceptor, const std::string& address) {
  auto where = parse_address(address);
  if (!where)
    return base::fail(where.error().within("listen"));
  if (where->host != "localhost" && !is_literal(*where))
    return base::fail(base::errc::invalid,
                      "listen on " + address + ": expected an IP address or localhost");
  auto endpoint = endpoint_of(*where);
  std::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error)
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error)
    acceptor.bind(endpoint, error);
  if (error)
    return base::fail(bind_error(address, error));
  return {};
}

template <class Endpoint>
std::string to_text(const Endpoint& where) {
  std::ostringstream text;
  text << where;
  return text.str();
}

} // namespace

base::status try_to_bind(const std::string& address) {
  asio::io_context io;
  tcp::acceptor acceptor(io);
  return bind_to(acceptor, address);
}

listener::listener(std::shared_ptr<node_context> node, greeter::last_question ask, taker take)
  : node_(std::move(node)), ask_(std::move(ask)), take_(std::move(take)), acceptor_(*node_->io),
    pause_timer_(*node_->io) {}

base::status listener::open(const std::string& address) {
  if (auto bound = bind_to(acceptor_, address); !bound)
    return bound;
  std::error_code error;
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return base::fail(bind_error(address, error));
  return {};
}

std::string listener::local_address() const {
  std::error_code error;
  auto endpoint = acceptor_.local_endpoint(error);
  return error ? std::string() : to_text(endpoint);
}

void listener::start() {
  accept();
}

void listener::stop() {
  std::error_code ignored;
  acceptor_.close(ignored);
  pause_timer_.cancel();
  for (const auto& each : std::exchange(strangers_, {}))
    each->abandon();
}

void listener::accept() {
  acceptor_.async_accept([this](const std::error_code& error, tcp::socket socket) {
    on_accept(error, std::move(socket));
  });
}

void listener::on_accept(const std::error_code& error, tcp::socket socket) {
  if (node_->is_stopping)
    return;
  if (error == asio::error::connection_aborted)
    return accept();
  if (error)
    return pause(error);
  is_pausing_ = false;
  greet(std::move(socket));
  accept();
}

// Out of descriptors or memory: whoever knocks waits in the system's queue meanwhile.
void listener::pause(const std::error_code& why) {
  node_->accept_pauses.fetch_add(1, std::memory_order_relaxed);
  if (!std::exchange(is_pausing_, true))
    base::log::error(log_target, "no connection can be taken now", {{"reason", why.message()}});
  pause_timer_.expires_after(node_->settings.times.accept_pause);
  pause_timer_.async_wait([this](const std::error_code& error) {
    if (!error && !node_->is_stopping)
      accept();
  });
}

void listener::greet(tcp::socket socket) {
  node_->accepted.fetch_add(1, std::memory_order_relaxed);
  set_options(socket);
  std::error_code error;
  auto remote = to_text(socket.remote_endpoint(error));
  if (strangers_.size() >= bounds::strangers_max) {
    node_->strangers_dropped.fetch_add(1, std::memory_order_relaxed);
    auto oldest = std::move(strangers_.front());
    strangers_.pop_front();
    oldest->abandon();
  }
  auto link = std::make_shared<connection>(node_->io, node_->make_stream(std::move(socket)), remote,
                                           node_->settings.outbound_bytes_max);
  auto stranger = strangers_.insert(strangers_.end(), std::make_shared<greeter>(node_, link));
  (*stranger)->answer(ask_, [this, stranger, remote](greeting_outcome outcome) {
    on_greeted(stranger, remote, std::move(outcome));
  });
}

void listener::on_greeted(strangers::iterator stranger, const std::string& remote,
                          greeting_outcome outcome) {
  strangers_.erase(stranger);
  if (outcome)
    take_(std::move(*outcome));
  else
    report(remote, outcome.error());
}

void listener::report(const std::string& remote, const greeting_failure& failure) {
  auto now = std::chrono::steady_clock::now();
  auto key = remote.substr(0, remote.rfind(':')) + failure.why.text;
  if (reported_.size() >= reports_remembered)
    std::erase_if(reported_, [now](const auto& each) { return now - each.second > report_again; });
  auto known = reported_.find(key);
  bool is_news = failure.reason != refusal_reason::duplicate_link
                 && (known == reported_.end() ? reported_.size() < reports_remembered
                                              : now - known->second > report_again);
  if (is_news)
    reported_[key] = now;
  base::log::write(
      is_news ? base::log::level::warn : base::log::level::debug, log_target, "connection refused",
      {{"remote", remote}, {"server", failure.other.value}, {"reason", failure.why.text}});
}

} // namespace transport
