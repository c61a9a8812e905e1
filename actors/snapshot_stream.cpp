// SPDX-License-Identifier: Apache-2.0
#include "actors/snapshot_stream.hpp"

#include <caf/typed_event_based_actor.hpp>

#include "actors/traced.hpp"
#include "base/log.hpp"
#include "base/snapshot_limits.hpp"
#include "storage/transfer_file.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft::snapshot";
constexpr std::uint64_t bytes_between_reports = 16 * base::limits::mebibyte;

class snapshot_stream : public traced<snapshot_stream_handle::base> {
public:
  snapshot_stream(caf::actor_config& config, const actor_context& context,
                  std::shared_ptr<actor_stats> stats, snapshot_sender_handle owner,
                  std::size_t which, std::shared_ptr<snapshot_transport> transport,
                  std::chrono::milliseconds open_timeout,
                  std::shared_ptr<std::atomic<bool>> is_stopping)
    : traced(config, context.registry, std::move(stats)), sender_(std::move(owner)), which_(which),
      transport_(std::move(transport)), open_timeout_(open_timeout),
      is_stopping_(std::move(is_stopping)) {}

  behavior_type make_behavior() override {
    return {[this](const stream_snapshot& what) { on_stream_snapshot(what); }};
  }

  void on_exit() override { sender_ = nullptr; }

private:
  void on_stream_snapshot(const stream_snapshot& what) {
    auto outcome = stream(what);
    send(sender_, snapshot_stream_ended{which_, what.to, what.file,
                                        outcome ? std::string() : to_string(outcome.error()),
                                        !outcome && is_the_files_fault(outcome.error().code)});
  }

  /// The receiver does not want it, or it is not there.
  static bool is_the_files_fault(base::errc code) {
    return code == base::errc::invalid || code == base::errc::not_found
           || code == base::errc::corrupt;
  }

  base::status stream(const stream_snapshot& what) {
    auto file = storage::source_file::open(what.file->path);
    if (!file)
      return base::fail(file.error());
    auto offer = what.file->offer;
    offer.term = what.term;
    auto output = transport_->open_snapshot(what.to, offer, open_timeout_);
    if (!output)
      return base::fail(output.error().within("offer a snapshot"));
    auto sent = (*output)->resume_offset();
    base::log::info(target, "sending snapshot",
                    {{"to", what.to.value},
                     {"index", offer.point.id.index.value},
                     {"size_kb", offer.size_bytes / base::limits::kibibyte},
                     {"from_byte", sent}});
    if (auto outcome = send_bytes(what.to, *file, **output, offer.size_bytes, sent); !outcome)
      return outcome;
    report(what.to, sent, offer.size_bytes);
    return (*output)->finish();
  }

  base::status send_bytes(raft::server_id to, const storage::source_file& file,
                          snapshot_output& output, std::uint64_t size, std::uint64_t& sent) {
    auto reported = sent;
    while (sent < size) {
      if (*is_stopping_)
        return base::fail(base::errc::interrupted, "this node stops sending");
      auto chunk = file.read(sent, base::limits::snapshot_chunk_bytes);
      if (!chunk)
        return base::fail(chunk.error());
      if (chunk->empty())
        return base::fail(base::errc::corrupt, "the snapshot file became shorter");
      if (auto outcome = output.write(*chunk); !outcome)
        return outcome;
      sent += chunk->size();
      if (sent - reported >= bytes_between_reports)
        report(to, reported = sent, size);
    }
    return {};
  }

  void report(raft::server_id to, std::uint64_t sent, std::uint64_t size) {
    send(sender_, snapshot_stream_progress{to, sent, size});
  }

  snapshot_sender_handle sender_;
  std::size_t which_;
  std::shared_ptr<snapshot_transport> transport_;
  std::chrono::milliseconds open_timeout_;
  std::shared_ptr<std::atomic<bool>> is_stopping_;
};

} // namespace

snapshot_stream_handle start_snapshot_stream(caf::actor_system& system,
                                             const actor_context& context,
                                             snapshot_sender_handle sender, std::size_t which,
                                             std::shared_ptr<snapshot_transport> transport,
                                             std::chrono::milliseconds open_timeout,
                                             std::shared_ptr<std::atomic<bool>> is_stopping) {
  auto name = "snapshot_sender/" + std::to_string(which);
  return spawn_blocking<snapshot_stream>(system, context, name.c_str(), 16, std::move(sender),
                                         which, std::move(transport), open_timeout,
                                         std::move(is_stopping));
}

} // namespace actors
