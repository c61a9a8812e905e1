// SPDX-License-Identifier: Apache-2.0
#include "transport/dialler.hpp"

#include <sstream>
#include <utility>

#include <asio/post.hpp>

namespace transport {

namespace {

std::string to_text(const asio::ip::tcp::endpoint& where) {
  std::ostringstream text;
  text << where;
  return text.str();
}

} // namespace

dialler::dialler(std::shared_ptr<node_context> node, peer target, purpose why,
                 std::size_t outbound_bytes_max)
  : node_(std::move(node)), target_(std::move(target)), purpose_(why),
    outbound_bytes_max_(outbound_bytes_max), socket_(*node_->io), deadline_(*node_->io) {}

void dialler::dial(greeter::handler done) {
  done_ = std::move(done);
  auto self = shared_from_this();
  auto where = parse_address(target_.address);
  if (!where || literal_endpoints(*where)) {
    auto found = where ? base::result<endpoints>(*literal_endpoints(*where))
                       : base::result<endpoints>(base::fail(where.error()));
    return asio::post(*node_->io, [self, found] { self->on_addresses(found); });
  }
  // A resolver that does not answer has the time of a connect.
  deadline_.expires_after(node_->settings.times.connect_timeout);
  deadline_.async_wait([self, host = where->host](const std::error_code& error) {
    if (!error)
      self->fail({base::errc::timeout, "look up " + host + ": no answer"});
  });
  auto& is_under_way = node_->look_ups[target_.id];
  if (!is_under_way)
    is_under_way = std::make_shared<std::atomic<bool>>(false);
  look_up(node_->io, *where, is_under_way, weak_from_this(),
          [raw = this](base::result<endpoints> found) { raw->on_addresses(std::move(found)); });
}

void dialler::on_addresses(base::result<endpoints> found) {
  if (!done_)
    return;
  deadline_.cancel();
  if (!found)
    return fail(found.error());
  addresses_ = std::move(*found);
  try_next();
}

void dialler::try_next() {
  if (next_ == addresses_.size())
    return fail(last_error_);
  const auto& where = addresses_[next_++];
  if (!node_->settings.tls && !where.address().is_loopback()) {
    last_error_ = {base::errc::invalid,
                   to_text(where) + " is beyond loopback, and there is no TLS"};
    return try_next();
  }
  auto self = shared_from_this();
  timed_out_ = false;
  deadline_.expires_after(node_->settings.times.connect_timeout);
  deadline_.async_wait([self](const std::error_code& error) {
    if (error)
      return;
    self->timed_out_ = true;
    std::error_code ignored;
    self->socket_.close(ignored);
  });
  socket_.async_connect(where, [self](const std::error_code& error) { self->on_connect(error); });
}

void dialler::on_connect(const std::error_code& error) {
  deadline_.cancel();
  if (!done_)
    return;
  if (!error && !timed_out_)
    return connected();
  auto where = to_text(addresses_[next_ - 1]);
  last_error_ = timed_out_
                    ? base::error{base::errc::timeout, "connect " + where + ": no answer"}
                    : base::error{base::errc::io, "connect " + where + ": " + error.message()};
  std::error_code ignored;
  socket_.close(ignored);
  try_next();
}

void dialler::connected() {
  set_options(socket_);
  auto where = to_text(addresses_[next_ - 1]);
  auto link = std::make_shared<connection>(node_->io, node_->make_stream(std::move(socket_)), where,
                                           outbound_bytes_max_);
  hello first;
  first.purpose = purpose_;
  first.to = target_.id;
  first.to_incarnation = target_.incarnation;
  first.membership_index = node_->here.known.membership_index;
  first.program_version = node_->settings.program_version;
  first.http_addr = node_->settings.http_addr;
  greeter_ = std::make_shared<greeter>(node_, link);
  greeter_->greet(first, [self = shared_from_this()](greeting_outcome outcome) {
    self->greeter_ = nullptr;
    if (auto done = std::exchange(self->done_, nullptr))
      done(std::move(outcome));
  });
}

void dialler::fail(base::error why) {
  deadline_.cancel();
  if (auto done = std::exchange(done_, nullptr))
    done(tl::unexpected(greeting_failure{std::move(why), {}, target_.id}));
}

void dialler::abandon() {
  done_ = nullptr;
  deadline_.cancel();
  std::error_code ignored;
  socket_.close(ignored);
  if (auto greeter = std::exchange(greeter_, nullptr))
    greeter->abandon();
}

} // namespace transport
