// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <sys/socket.h>

#include "base/log.hpp"
#include "http/gate.hpp"

namespace http {

namespace {

constexpr std::string_view log_target = "aspen::http";
/// An output buffer that once held a large answer is not kept for small ones.
constexpr std::size_t output_bytes_kept = std::size_t{256} * 1024;

} // namespace

void exchange::reset() {
  request_.clear();
  refused_.reset();
  matched_ = nullptr;
  waits_for_ = wait_kind::nothing;
  waits_on_ = nullptr;
  body_left_ = 0;
  status_ = 0;
  waited_for_actors_ = {};
  owes_continue_ = is_expired_ = is_aborted_ = was_answered_ = keeps_connection_ = false;
}

void exchange::begin(connection& from, std::size_t head_bytes, std::optional<head_fault> fault) {
  reset();
  from_ = &from;
  from.consumed = head_bytes;
  began_ = std::chrono::steady_clock::now();
  if (!fault)
    fault = parse_head(std::string_view(from.input).substr(0, head_bytes), request_.head);
  auto* parent = request_.head.find("traceparent");
  auto given = parent == nullptr ? std::nullopt : parse_traceparent(parent->value);
  request_.trace = given ? *given : tools_.traces.fresh();
  request_.trace.span = tools_.traces.fresh_span();
  tools_.request_trace.began(request_.trace);
  is_malformed_ = fault.has_value();
  if (fault) {
    refused_ = refuse(fault->status, fault->code, std::move(fault->text));
    refused_->closes_connection = true;
    if (fault->limit != 0) {
      refused_->limit = fault->limit;
      refused_->actual = fault->actual;
    }
    tools_.site.metrics.count_rejected(rejection::malformed);
  } else {
    body_left_ = request_.head.content_length;
    owes_continue_ = request_.head.expects_continue && body_left_ > 0;
    keeps_connection_ = request_.head.keeps_connection;
  }
  enter(true);
}

void exchange::resume(bool is_expired) {
  is_expired_ = is_expired_ || is_expired;
  enter(false);
}

void exchange::abort() {
  is_aborted_ = true;
  enter(false);
}

connections::outcome exchange::outcome() const {
  if (!was_answered_)
    return connections::outcome::broken;
  if (keeps_connection_)
    return connections::outcome::kept;
  bool is_cut_short = body_left_ > 0 || is_malformed_;
  return is_cut_short ? connections::outcome::cut_short : connections::outcome::ended;
}

void exchange::enter(bool is_first) {
  auto* before = std::exchange(tools_.running, this);
  auto trace_before = base::log::exchange_trace(request_.trace.trace);
  trace::scope works_on(tools_.request_trace.context_of(request_.trace));
  if (is_first)
    fiber_.start(&exchange::run, this);
  else
    fiber_.resume();
  base::log::exchange_trace(trace_before);
  tools_.running = before;
}

void exchange::run(void* self) {
  auto& me = *static_cast<exchange*>(self);
  me.was_answered_ = me.tools_.protocol.serve(me) && me.flush() && me.send_stream();
  me.stream_.reset();
  if (!me.was_answered_) {
    me.tools_.output.clear();
    me.keeps_connection_ = false;
  }
  me.account();
}

void exchange::account() {
  tools_.memory.release(std::exchange(reserved_, 0));
  auto took = std::chrono::steady_clock::now() - began_;
  tools_.site.metrics.count(matched_, request_.head.method, status_, took);
  tools_.request_trace.ended(request_.trace, matched_, status_, took);
  const auto& settings = tools_.site.settings;
  std::chrono::milliseconds slow(tools_.site.slow_request.load(std::memory_order_relaxed));
  if (slow.count() > 0 && took > slow && settings.on_slow_request)
    settings.on_slow_request();
  if (!tools_.logs_requests())
    return;
  // Never the target: keys are data.
  base::log::debug(
      log_target, "request answered",
      {{"method", to_string(request_.head.method)},
       {"route", matched_ == nullptr ? std::string_view{"none"} : matched_->pattern},
       {"status", status_},
       {"sent", was_answered_},
       {"duration_us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()}});
}

std::optional<refusal> exchange::check() {
  if (!refused_)
    refused_ = check_request(request_, tools_.site, tools_.is_admin, matched_);
  if (!refused_ && body_left_ > 0 && !reserve(body_left_)) {
    refused_ = refuse(429, "overloaded", "too much is being received and sent at the moment");
    tools_.site.metrics.count_rejected(rejection::memory);
  }
  if (refused_ && request_.head.method != method::get && request_.head.method != method::head
      && !refused_->committed)
    refused_->committed = actors::commit_status::no;
  return refused_;
}

reply exchange::answer(std::string body) {
  request_.body = std::move(body);
  return matched_->answer(request_, *this, tools_.site);
}

void exchange::complete(reply& given) {
  status_ = given.status;
  stream_ = given.stream;
  if (tools_.is_draining() || given.closes_connection
      || body_left_ > 0) // what is left of it would be taken for the next request
    keeps_connection_ = false;
  given.set("Date", tools_.date());
  given.set("Cache-Control", "no-store");
  given.set("X-Content-Type-Options", "nosniff");
  given.set("traceparent", request_.trace.to_header());
  given.set("Server-Timing", server_timing());
  if (matched_ != nullptr && matched_->plane == plane::data)
    given.set("X-Aspen-Served-By", std::to_string(tools_.site.settings.node_id));
  if (!keeps_connection_)
    given.set("Connection", "close");
  else if (request_.head.is_http_1_0)
    given.set("Connection", "keep-alive");
}

/// How long it took as far as here, and how long of that it waited for the actors (W3C
/// Server Timing; milliseconds).
std::string exchange::server_timing() const {
  auto milliseconds = [](std::chrono::nanoseconds time) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f", static_cast<double>(time.count()) / 1e6);
    return std::string(text.data());
  };
  return "total;dur=" + milliseconds(std::chrono::steady_clock::now() - began_)
         + ", actors;dur=" + milliseconds(waited_for_actors_);
}

// -- waiting ---------------------------------------------------------------------

bool exchange::wait(wait_kind what) {
  if (is_aborted_ || is_expired_)
    return false;
  waits_for_ = what;
  fiber_.suspend();
  waits_for_ = wait_kind::nothing;
  return !is_aborted_ && !is_expired_;
}

std::size_t exchange::receive(char* into, std::size_t size) {
  if (owes_continue_ && !send_continue())
    return 0;
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, body_left_));
  auto& input = from_->input;
  if (auto buffered = std::min(size, input.size() - from_->consumed); buffered > 0) {
    std::memcpy(into, input.data() + from_->consumed, buffered);
    from_->consumed += buffered;
    body_left_ -= buffered;
    return buffered;
  }
  while (size > 0) {
    auto got = ::recv(from_->socket, into, size, 0);
    if (got > 0) {
      body_left_ -= static_cast<std::uint64_t>(got);
      return static_cast<std::size_t>(got);
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
      return 0;
    if (errno == EINTR)
      continue;
    from_->is_readable = false;
    if (!wait(wait_kind::readable))
      return 0;
  }
  return 0;
}

bool exchange::send_continue() {
  owes_continue_ = false;
  // A client that waits for this has sent nothing yet, and we have sent nothing to it.
  if (from_->consumed < from_->input.size())
    return true;
  return send_rest("HTTP/1.1 100 Continue\r\n\r\n");
}

bool exchange::flush() {
  auto& output = tools_.output;
  auto sent = ::send(from_->socket, output.data(), output.size(), MSG_NOSIGNAL);
  bool is_all = sent == static_cast<ssize_t>(output.size());
  if (is_all) {
    output.clear();
    if (output.capacity() > output_bytes_kept)
      output.shrink_to_fit();
    return true;
  }
  if (sent < 0 && errno != EAGAIN && errno != EINTR)
    return false;
  // Others use the buffer while we wait.
  auto rest = std::exchange(output, {});
  return send_rest(std::string_view(rest).substr(sent < 0 ? 0 : static_cast<std::size_t>(sent)));
}

/// A piece is asked for when the client took the one before: what is kept is one piece, whatever the size.
bool exchange::send_stream() {
  for (std::uint64_t offset = 0; stream_ && offset < stream_->size;) {
    auto piece = stream_->piece(*this, offset);
    if (!piece || piece->empty() || piece->size() > stream_->size - offset || !send_rest(*piece))
      return false;
    offset += piece->size();
  }
  return true;
}

bool exchange::send_rest(std::string_view rest) {
  // The answer is there: from here on a deadline is about a client that does not take it.
  bool was_expired = std::exchange(is_expired_, false);
  while (!rest.empty()) {
    auto sent = ::send(from_->socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && errno != EAGAIN)
      return false;
    from_->is_writable = false;
    tools_.timers.send.set(from_->deadline, tools_.timers.now);
    if (!wait(wait_kind::writable))
      return false;
  }
  is_expired_ = was_expired;
  return true;
}

} // namespace http
