// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/asker.hpp"
#include "http/connections.hpp"
#include "http/fiber.hpp"
#include "http/request.hpp"
#include "http/route_table.hpp"
#include "http/worker_tools.hpp"

namespace http {

/// What a suspended request waits for.
enum class wait_kind { nothing, readable, writable, answer };

/// One request in progress, with the stack it runs on. Belongs to one worker, which uses
/// it again for another request when this one is done.
class exchange : public asker {
public:
  explicit exchange(worker_tools& tools) : tools_(tools) {}

  // -- the worker's side, off the fiber ------------------------------------------

  /// Takes the head in front of `from`'s input, or answers `fault` in its place, and runs
  /// until the first wait. Requires: `is_idle()`.
  void begin(connection& from, std::size_t head_bytes, std::optional<head_fault> fault);
  /// Goes on; `is_expired` when the deadline passed instead. Requires: not idle.
  void resume(bool is_expired);
  /// This wait and every later one ends at once: the worker stops. Requires: not idle.
  void abort();
  bool is_idle() const { return fiber_.is_idle(); }
  wait_kind waits_for() const { return waits_for_; }
  bool waits_on(const actors::slot_base& which) const { return waits_on_ == &which; }
  connection& from() const { return *from_; }
  /// What becomes of the connection. Requires: idle again.
  connections::outcome outcome() const;
  std::size_t place = 0; ///< in the worker's list of busy exchanges

  // -- the protocol's side, on the fiber -----------------------------------------

  const http::request& what() const { return request_; }
  /// What is refused before a body is read.
  std::optional<refusal> check();
  /// Up to `size` bytes of the body; 0 when it does not come.
  std::size_t receive(char* into, std::size_t size);
  /// Why `receive` gave nothing: too slow, or gone.
  bool is_expired() const { return is_expired_; }
  /// Answers through the route's handler. Requires: `check` refused nothing, and the body
  /// is complete.
  reply answer(std::string body);
  /// The fields that every answer has; decides what becomes of the connection.
  void complete(reply& given);
  std::string& output() { return tools_.output; }

  // -- the handler's side, on the fiber ------------------------------------------

  actors::answer<actors::written> write(const storage::command& what,
                                        bool answer_needs_apply) override;
  actors::answer<actors::query_result> read(actors::query what, actors::consistency consistency,
                                            raft::log_index min_index) override;
  actors::answer<actors::checkpoint_done> checkpoint() override;
  actors::answer<actors::cluster_changed> change_cluster(actors::cluster_change what) override;
  actors::answer<actors::restart_under_way> restart_child(std::string name,
                                                          bool clears_quarantine) override;
  actors::answer<actors::snapshot_made> take_snapshot() override;
  actors::answer<actors::validated> validate() override;
  actors::answer<actors::copied_log> copy_log() override;
  actors::answer<actors::backup_made> take_backup() override;
  actors::answer<base::bytes> read_held_file(const std::shared_ptr<const actors::held_file>& file,
                                             std::uint64_t offset) override;
  bool reserve(std::size_t bytes) override;

private:
  static void run(void* self);
  void enter(bool is_first);
  void reset();
  void note(const refusal& why);
  bool flush();
  bool send_stream();
  bool send_rest(std::string_view rest);
  bool send_continue();
  bool wait(wait_kind what);
  template <class Reply>
  actors::answer<Reply> await(actors::slot<Reply>& where);
  void account();
  std::string server_timing() const;

  worker_tools& tools_;
  http::fiber fiber_;
  connection* from_ = nullptr;
  http::request request_;
  std::optional<refusal> refused_;
  std::shared_ptr<body_stream> stream_; ///< what follows the head of the answer
  const route* matched_ = nullptr;
  steady_time began_;
  std::chrono::nanoseconds waited_for_actors_{};

  wait_kind waits_for_ = wait_kind::nothing;
  const actors::slot_base* waits_on_ = nullptr;
  std::uint64_t body_left_ = 0;
  std::size_t reserved_ = 0;
  int status_ = 0;
  bool is_malformed_ = false;
  bool owes_continue_ = false;
  bool is_expired_ = false;
  bool is_aborted_ = false;
  bool was_answered_ = false;
  bool keeps_connection_ = false;
};

} // namespace http
