// SPDX-License-Identifier: Apache-2.0
#include "transport/peer_link.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "transport/message_codec.hpp"
#include "transport/ping.hpp"

namespace transport {

namespace {

using std::chrono::steady_clock;

// A failure that repeats is logged again after this long.
constexpr auto report_again = std::chrono::seconds(60);

} // namespace

peer_link::peer_link(std::shared_ptr<node_context> node, const callbacks& to, raft::server_id id)
  : node_(std::move(node)), callbacks_(to), id_(id), dial_timer_(*node_->io),
    ping_timer_(*node_->io),
    back_off_(node_->settings.times.back_off_min, node_->settings.times.back_off_max) {
  state_.id = id;
  state_.is_listed = false;
}

// --- any thread

send_outcome peer_link::send(const raft::message& body) {
  std::shared_ptr<connection> link;
  std::uint8_t version = 0;
  {
    std::lock_guard lock(mutex_);
    if (!link_) {
      ++counters_.dropped_not_connected;
      return send_outcome::not_connected;
    }
    link = link_;
    version = version_;
  }
  auto frame = encode_message(body, version, node_->settings.self);
  bool fits = frame.size() <= frame_header_bytes + bounds::frame_body_bytes_max
              && link->send(std::move(frame));
  std::lock_guard lock(mutex_);
  ++(fits ? counters_.messages_out : counters_.dropped_over_bound);
  return fits ? send_outcome::queued : send_outcome::over_bound;
}

peer_state peer_link::state() const {
  std::lock_guard lock(mutex_);
  auto now = state_;
  auto heard = last_heard_;
  now.connects = counters_.connects;
  now.disconnects = counters_.disconnects;
  now.failed_dials = counters_.failed_dials;
  now.messages_out = counters_.messages_out;
  now.messages_in = counters_.messages_in;
  now.dropped_not_connected = counters_.dropped_not_connected;
  now.dropped_over_bound = counters_.dropped_over_bound;
  now.bytes_in = counters_.bytes_in;
  now.bytes_out = counters_.bytes_out;
  if (link_) {
    heard = link_->last_heard();
    now.bytes_in += link_->bytes_in();
    now.bytes_out += link_->bytes_out();
    now.outbound_bytes = link_->outbound_bytes();
  }
  if (heard)
    now.since_heard =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - *heard);
  return now;
}

// --- the peer set

void peer_link::list(const peer& as) {
  if (listed_ == as)
    return;
  bool is_other_life = link_ && !as.incarnation.is_nil() && as.incarnation != other_.incarnation;
  bool is_elsewhere = !listed_ || listed_->address != as.address;
  listed_ = as;
  {
    std::lock_guard lock(mutex_);
    state_.is_listed = true;
    state_.address = as.address;
    if (!link_)
      state_.incarnation = as.incarnation;
  }
  if (is_other_life && other_membership_index_ <= node_->here.known.membership_index)
    end_link({base::errc::incompatible, "the membership lists another incarnation"}, true,
             refusal_reason::outdated_incarnation);
  if (!link_ && (is_elsewhere || !dialler_)) {
    if (auto dialler = std::exchange(dialler_, nullptr))
      dialler->abandon();
    back_off_.reset();
    bool is_ours = node_->settings.self.server < id_;
    schedule_dial(is_ours ? std::chrono::milliseconds(0)
                          : node_->settings.times.fallback_dial_after);
  }
}

void peer_link::unlist(raft::log_index known) {
  listed_.reset();
  dial_timer_.cancel();
  if (auto dialler = std::exchange(dialler_, nullptr))
    dialler->abandon();
  {
    std::lock_guard lock(mutex_);
    state_.is_listed = false;
    state_.address.clear();
  }
  if (link_ && other_membership_index_ <= known)
    end_link({base::errc::incompatible, "the membership does not list it any more"}, true,
             refusal_reason::unknown_server);
}

// --- the link

bool peer_link::is_dialled_by_lower(bool by_us) const {
  return by_us == (node_->settings.self.server < id_);
}

std::optional<refusal> peer_link::would_refuse(const identity& other) const {
  if (!link_)
    return std::nullopt;
  link_claim standing{other_.boot, is_dialled_by_lower(state_.was_dialled_by_us)};
  if (replaces({other.boot, is_dialled_by_lower(false)}, standing))
    return std::nullopt;
  return refusal{refusal_reason::duplicate_link, "there is a link already"};
}

void peer_link::adopt(greeted fresh) {
  if (link_) {
    link_claim standing{other_.boot, is_dialled_by_lower(state_.was_dialled_by_us)};
    if (!replaces({fresh.other.boot, is_dialled_by_lower(fresh.is_dialled_by_us)}, standing)) {
      refusal why{refusal_reason::duplicate_link, "there is a link already"};
      fresh.link->end_after(encode_refusal(why, node_->settings.self),
                            {base::errc::busy, why.text});
      return;
    }
    end_link({base::errc::interrupted, "replaced by a newer connection"}, false);
  }
  dial_timer_.cancel();
  // A dial of the lower id that is under way goes on: the other side may have taken it, and
  // then keeps it.
  if (node_->settings.self.server > id_)
    if (auto dialler = std::exchange(dialler_, nullptr))
      dialler->abandon();
  linked_at_ = steady_clock::now();
  other_membership_index_ = fresh.membership_index;
  {
    std::lock_guard lock(mutex_);
    link_ = fresh.link;
    other_ = fresh.other;
    version_ = fresh.version;
    state_.is_connected = true;
    state_.was_dialled_by_us = fresh.is_dialled_by_us;
    state_.incarnation = fresh.other.incarnation;
    state_.remote_address = fresh.link->remote_address();
    state_.program_version = fresh.program_version;
    state_.http_addr = fresh.http_addr;
    state_.boot = fresh.other.boot;
    state_.membership_index = fresh.membership_index;
    state_.round_trip.reset();
    state_.last_error.clear();
    state_.refused_us.reset();
    ++counters_.connects;
  }
  reported_.clear();
  auto self = shared_from_this();
  link_->handle({[self](const frame_view& frame) { self->on_frame(frame); },
                 [self](const base::error& why) { self->on_bad_frame(why.text); },
                 [self](const base::error& why) { self->on_end(why); }});
  base::log::info(log_target, "peer connected",
                  {{"peer", id_.value},
                   {"address", fresh.link->remote_address()},
                   {"dialled", fresh.is_dialled_by_us},
                   {"version", fresh.program_version}});
  ping();
  tell_change();
}

void peer_link::end_link(const base::error& why, bool tells, refusal_reason reason) {
  auto link = link_;
  if (!link)
    return;
  if (tells)
    link->end_after(encode_refusal({reason, why.text}, node_->settings.self), why);
  else
    link->end(why);
}

void peer_link::on_end(const base::error& why) {
  ping_timer_.cancel();
  {
    std::lock_guard lock(mutex_);
    counters_.bytes_in += link_->bytes_in();
    counters_.bytes_out += link_->bytes_out();
    ++counters_.disconnects;
    last_heard_ = link_->last_heard();
    link_ = nullptr;
    state_.is_connected = false;
    state_.last_error = why.text;
  }
  auto level = node_->is_stopping ? base::log::level::info : base::log::level::warn;
  base::log::write(level, log_target, "peer lost", {{"peer", id_.value}, {"reason", why.text}});
  tell_change();
  if (node_->is_stopping || !listed_)
    return;
  if (steady_clock::now() - linked_at_ > node_->settings.times.back_off_max)
    back_off_.reset();
  auto wait = back_off_.next(node_->chance());
  bool is_ours = node_->settings.self.server < id_;
  schedule_dial(is_ours ? wait : std::max(wait, node_->settings.times.fallback_dial_after));
}

// --- frames

void peer_link::on_frame(const frame_view& frame) {
  if (frame.header.sender != other_)
    return on_bad_frame("its sender is not the one of the handshake");
  if (frame.header.type == frame_type::refused) {
    auto why = decode_refusal(frame.body);
    if (why) {
      std::lock_guard lock(mutex_);
      state_.refused_us = why->reason;
    }
    return end_link(
        {base::errc::invalid, "the other side ended it: " + (why ? why->text : why.error().text)},
        false);
  }
  if (frame.header.version != version_)
    return on_bad_frame("version " + std::to_string(frame.header.version) + " was not agreed on");
  if (frame.header.type == frame_type::ping)
    link_->send(encode_pong(frame.body, version_, node_->settings.self));
  else if (frame.header.type == frame_type::pong)
    on_pong(frame.body);
  else if (is_message(frame.header.type))
    on_message(frame);
  else
    on_bad_frame(to_string(frame.header.type) + " has no place on a link");
}

void peer_link::on_message(const frame_view& frame) {
  auto body = decode_message(frame.header.type, frame.body);
  if (!body)
    return on_bad_frame(body.error().text);
  {
    std::lock_guard lock(mutex_);
    ++counters_.messages_in;
  }
  callbacks_.on_message(id_, std::move(*body));
}

void peer_link::on_bad_frame(const std::string& what) {
  node_->bad_frames.fetch_add(1, std::memory_order_relaxed);
  refusal why{refusal_reason::bad_frame, what};
  link_->end_after(encode_refusal(why, node_->settings.self),
                   {base::errc::corrupt, "it sent a bad frame: " + what});
}

void peer_link::on_pong(base::byte_view body) {
  auto round_trip = round_trip_of(body, steady_clock::now());
  if (!round_trip)
    return on_bad_frame("a pong that answers no ping");
  std::lock_guard lock(mutex_);
  state_.round_trip = *round_trip;
}

void peer_link::ping() {
  auto silent = steady_clock::now() - link_->last_heard();
  if (silent > node_->settings.times.silence_max) {
    auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(silent).count();
    return end_link({base::errc::timeout,
                     "silent for " + std::to_string(milliseconds) + " ms: frozen or cut off"},
                    false);
  }
  link_->send(encode_ping(steady_clock::now(), version_, node_->settings.self));
  ping_timer_.expires_after(node_->settings.times.ping_interval);
  ping_timer_.async_wait([self = shared_from_this(), link = link_](const std::error_code& error) {
    if (!error && self->link_ == link)
      self->ping();
  });
}

// --- dialling

void peer_link::schedule_dial(std::chrono::milliseconds wait) {
  dial_timer_.expires_after(wait);
  dial_timer_.async_wait([self = shared_from_this()](const std::error_code& error) {
    if (!error)
      self->dial();
  });
}

void peer_link::dial() {
  if (node_->is_stopping || !listed_ || link_ || dialler_ || listed_->address.empty())
    return;
  dialler_ = std::make_shared<dialler>(node_, *listed_, purpose::messages,
                                       node_->settings.outbound_bytes_max);
  dialler_->dial([self = shared_from_this()](greeting_outcome outcome) {
    self->on_dialled(std::move(outcome));
  });
}

void peer_link::on_dialled(greeting_outcome outcome) {
  dialler_ = nullptr;
  if (outcome)
    return adopt(std::move(*outcome));
  {
    std::lock_guard lock(mutex_);
    ++counters_.failed_dials;
    if (!link_) {
      state_.last_error = outcome.error().why.text;
      state_.refused_us =
          outcome.error().is_theirs ? outcome.error().reason : std::optional<refusal_reason>();
    }
  }
  if (outcome.error().reason != refusal_reason::duplicate_link)
    report(outcome.error().why.text);
  if (!link_)
    schedule_dial(back_off_.next(node_->chance()));
}

void peer_link::report(const std::string& failure) {
  auto now = steady_clock::now();
  bool is_news = failure != reported_ || now - reported_at_ > report_again;
  auto level = is_news ? base::log::level::warn : base::log::level::debug;
  base::log::write(level, log_target, "peer not reached",
                   {{"peer", id_.value},
                    {"address", listed_ ? listed_->address : std::string()},
                    {"reason", failure}});
  if (is_news) {
    reported_ = failure;
    reported_at_ = now;
  }
}

void peer_link::tell_change() {
  if (callbacks_.on_peer_change && !node_->is_stopping)
    callbacks_.on_peer_change(state());
}

void peer_link::stop() {
  listed_.reset();
  dial_timer_.cancel();
  if (auto dialler = std::exchange(dialler_, nullptr))
    dialler->abandon();
  end_link({base::errc::interrupted, "this server is stopping"}, false);
}

} // namespace transport
