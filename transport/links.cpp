// SPDX-License-Identifier: Apache-2.0
#include "transport/links.hpp"

#include <utility>

#include "base/check.hpp"
#include "transport/bounds.hpp"
#include "transport/links_implementation.hpp"

namespace transport {

namespace {

// The rule that keeps plain TCP at home (INV-136).
base::status check_listen(const settings& with) {
  auto where = parse_address(with.listen);
  if (!where)
    return base::fail(where.error().within("listen"));
  if (with.tls || is_loopback(*where))
    return {};
  return base::fail(base::errc::invalid,
                    "listen on " + with.listen
                        + ": beyond loopback peers are spoken to over TLS only, and no "
                          "certificates are configured");
}

} // namespace

base::result<std::unique_ptr<links>> links::start(settings with, callbacks to) {
  BASE_CHECK(to.on_message, "messages have somebody to go to");
  BASE_CHECK(!with.self.cluster.is_nil() && !with.self.incarnation.is_nil()
                 && !with.self.boot.is_nil() && with.self.server != raft::server_id{},
             "a server says who it is (INV-132)");
  if (auto good = check_listen(with); !good)
    return base::fail(good.error());
  try {
    auto made = std::make_unique<implementation>(std::move(with), std::move(to));
    if (auto loaded = made->reload(); !loaded)
      return base::fail(loaded.error());
    if (auto opened = made->open(); !opened)
      return base::fail(opened.error());
    made->run();
    return std::unique_ptr<links>(new links(std::move(made)));
  } catch (const std::system_error& failure) {
    return base::fail(base::errc::resource, std::string("start peer links: ") + failure.what());
  }
}

links::links(std::unique_ptr<implementation> made) : implementation_(std::move(made)) {}

links::~links() {
  stop();
}

void links::stop() {
  implementation_->stop();
}

base::status links::set_peers(peer_set to) {
  return implementation_->set_peers(std::move(to));
}

send_outcome links::send(raft::server_id to, const raft::message& body) {
  return implementation_->send(to, body);
}

base::result<std::unique_ptr<outgoing_stream>> links::open_stream(
    raft::server_id to, stream_offer what, std::chrono::milliseconds timeout) {
  return implementation_->open_stream(to, std::move(what), timeout);
}

std::vector<peer_state> links::peer_states() const {
  return implementation_->peer_states();
}

std::string links::listening_address() const {
  return implementation_->listening_address_;
}

base::status links::try_address(const std::string& address) {
  return try_to_bind(address);
}

base::status links::reload() {
  return implementation_->reload();
}

std::optional<std::int64_t> links::certificate_not_after() const {
  auto context = implementation_->node_->tls();
  return context ? std::optional(context->not_after()) : std::nullopt;
}

links::totals links::get_totals() const {
  const auto& node = *implementation_->node_;
  return {node.accepted.load(), node.refused.load(), node.bad_frames.load(),
          node.strangers_dropped.load(), node.accept_pauses.load()};
}

} // namespace transport
