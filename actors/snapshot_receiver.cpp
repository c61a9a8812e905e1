// SPDX-License-Identifier: Apache-2.0
#include "actors/snapshot_receiver.hpp"

#include <chrono>

#include <caf/typed_event_based_actor.hpp>

#include "actors/traced.hpp"
#include "base/log.hpp"
#include "base/snapshot_limits.hpp"
#include "storage/files.hpp"
#include "storage/transfer_file.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft::snapshot";
constexpr std::uint64_t bytes_between_reports = 16 * base::limits::mebibyte;
/// How long the state machine may take to be replaced before the sender is let go.
constexpr std::chrono::minutes install_patience{10};

using stage = snapshot_received_status::stage;

class snapshot_receiver : public traced<snapshot_receiver_handle::base> {
public:
  snapshot_receiver(caf::actor_config& config, const actor_context& context,
                    std::shared_ptr<actor_stats> stats, generation life,
                    snapshot_receiver_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
      settings_(std::move(settings)), files_(settings_.stores),
      log_writer_(context.where->get().log_writer) {}

  behavior_type make_behavior() override {
    return {
        [this](begin) { return on_begin(); },
        [this](const snapshot_offered& what) { on_offered(what.stream); },
        [this](const snapshot_installed& what) { on_installed(what); },
        [this](const drop_install& what) { on_drop_install(what); },
        [this](tick) { give_up_waiting(); },
    };
  }

  void on_exit() override {
    settings_.inbox->close();
    stream_ = nullptr;
    log_writer_ = nullptr;
    context_.board->forget<snapshot_received_status>();
  }

private:
  caf::result<begun> on_begin() {
    auto promise = make_response_promise<begun>();
    request(log_writer_, caf::infinite, get_log_state{})
        .then(
            [this, promise](const log_state_reply& log) mutable {
              auto removed = storage::remove_transfer_leftovers(files_, log.state->pending);
              if (!removed) {
                promise.deliver(
                    caf::make_error(caf::sec::runtime_error, to_string(removed.error())));
                return;
              }
              open_inbox();
              publish();
              promise.deliver(begun{});
            },
            [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
    return promise;
  }

  void open_inbox() {
    snapshot_receiver_handle self{this};
    settings_.inbox->open([self](std::shared_ptr<snapshot_input> stream) {
      caf::anon_send(self, snapshot_offered{std::move(stream)});
    });
  }

  // -- what comes -----------------------------------------------------------------------

  void on_offered(const std::shared_ptr<snapshot_input>& stream) {
    if (stream_)
      return stream->refuse("another snapshot is being received");
    stream_ = stream;
    if (auto why = why_not(stream->offer()); !why.empty())
      return end("snapshot refused", why);
    status_.from = stream->from();
    status_.index = stream->offer().point.id.index;
    status_.bytes_total = stream->offer().size_bytes;
    auto received = receive();
    if (!received)
      return end("snapshot not received", to_string(received.error()));
    request(log_writer_, caf::infinite, get_log_state{})
        .then([this](const log_state_reply& log) { prepare(*log.state); },
              [this](caf::error& why) { end("snapshot not recorded", system().render(why)); });
  }

  /// What this server says to an offer that it does not take; empty for one it takes.
  std::string why_not(const snapshot_offer& offer) const {
    auto raft = context_.board->get<raft_status>();
    auto state = context_.board->get<storage_status>();
    auto attributes = decode_snapshot_attributes(offer.attributes);
    if (!attributes || attributes->backend != settings_.stores.backend)
      return "this server's storage backend is "
             + std::string(storage::to_string(settings_.stores.backend));
    if (!raft || !state)
      return "this server is starting";
    if (offer.term < raft->core.current_term)
      return "this server is in a newer term";
    if (!state->is_lost && offer.point.id.index <= state->meta.last_applied.index)
      return "this server has applied " + std::to_string(state->meta.last_applied.index.value);
    auto wanted = base::limits::snapshot_space_factor * offer.size_bytes;
    if (auto enough = storage::check_free_space(files_.incoming(offer.file), wanted); !enough)
      return to_string(enough.error());
    return {};
  }

  base::status receive() {
    const auto& offer = stream_->offer();
    // One file is enough: what came of others is of no use once the leader offers this one.
    if (auto removed = storage::remove_other_incoming(files_, offer.file); !removed)
      return removed;
    auto file = storage::arriving_file::open(files_.incoming(offer.file), offer.size_bytes,
                                             base::limits::snapshot_chunk_bytes);
    if (!file)
      return base::fail(file.error());
    if (auto accepted = stream_->accept(file->size()); !accepted)
      return accepted;
    base::log::info(target, "receiving snapshot",
                    {{"from", status_.from.value},
                     {"index", status_.index.value},
                     {"size_kb", offer.size_bytes / base::limits::kibibyte},
                     {"from_byte", file->size()}});
    report(stage::receiving, file->size());
    for (auto reported = file->size();;) {
      auto chunk = stream_->read();
      if (!chunk)
        return base::fail(chunk.error());
      if (chunk->empty())
        break;
      if (auto outcome = file->append(*chunk); !outcome)
        return outcome;
      if (!is_wanted())
        return base::fail(base::errc::interrupted, "this server stops");
      if (file->size() - reported < bytes_between_reports)
        continue;
      if (auto outcome = file->sync(); !outcome)
        return outcome;
      report(stage::receiving, reported = file->size());
    }
    if (file->size() == offer.size_bytes)
      return {};
    return base::fail(base::errc::corrupt, "the snapshot ended early");
  }

  // -- steps 1 and 2 ----------------------------------------------------------------------

  void prepare(const storage::log_state& log) {
    const auto& offer = stream_->offer();
    report(stage::verifying, offer.size_bytes);
    auto pending = std::make_shared<storage::pending_install>();
    pending->file = files_.prepared_name(offer.point.id);
    storage::snapshot_watch watch;
    watch.keep_going = [this] { return is_wanted(); };
    auto incoming = files_.incoming(offer.file);
    auto verified = storage::prepare_install(
        settings_.stores, incoming, files_.prepared(pending->file), log.identity,
        {log.write_counter, log.hard_state.commit_index}, settings_.map_bytes, watch);
    if (!verified) {
      // What is damaged stays damaged; what was interrupted may still be whole.
      if (verified.error().code != base::errc::interrupted)
        static_cast<void>(storage::durable_remove(incoming));
      return end("snapshot not verified", to_string(verified.error()));
    }
    pending->point = {verified->meta.last_applied, verified->meta.chain, verified->meta.membership};
    pending->digest = verified->meta.digest;
    if (pending->point != offer.point
        || pending->digest != decode_snapshot_attributes(offer.attributes)->digest) {
      static_cast<void>(storage::durable_remove(files_.prepared(pending->file)));
      return end("snapshot not verified", "it is not the one that was offered");
    }
    base::log::info(target, "snapshot verified",
                    {{"index", status_.index.value}, {"entries", verified->rows}});
    record(pending);
  }

  /// INV-88.
  void record(std::shared_ptr<const storage::pending_install> pending) {
    request(log_writer_, caf::infinite, record_install{pending})
        .then(
            [this, pending](install_recorded) {
              report(stage::installing, status_.bytes_total);
              send(context_.where->get().raft, snapshot_arrived{life_, pending});
              install_began_ = std::chrono::steady_clock::now();
              delayed_send(this, install_patience, tick{});
            },
            [this, pending](caf::error& why) {
              static_cast<void>(storage::durable_remove(files_.prepared(pending->file)));
              end("snapshot not recorded", system().render(why));
            });
  }

  // -- its end ------------------------------------------------------------------------------

  void on_installed(const snapshot_installed& what) {
    if (what.life != life_ || status_.at != stage::installing)
      return;
    ++status_.installed;
    if (auto told = stream_->complete(); !told)
      base::log::warn(target, "the sender of a snapshot did not hear that it is installed",
                      {{"reason", to_string(told.error())}});
    close_stream();
  }

  void on_drop_install(const drop_install& what) {
    if (what.life != life_ || status_.at != stage::installing)
      return;
    auto prepared = files_.prepared_name(stream_->offer().point.id);
    static_cast<void>(storage::durable_remove(files_.prepared(prepared)));
    end("snapshot dropped", "this server has no use for it any more");
  }

  void give_up_waiting() {
    auto waited = std::chrono::steady_clock::now() - install_began_;
    if (status_.at == stage::installing && waited >= install_patience)
      end("the sender of a snapshot waits no longer", "the install takes too long");
  }

  void end(const char* how, const std::string& why) {
    base::log::warn(target, how,
                    {{"from", stream_->from().value},
                     {"index", stream_->offer().point.id.index.value},
                     {"reason", why}});
    stream_->refuse(why);
    close_stream();
  }

  void close_stream() {
    stream_ = nullptr;
    report(stage::none, 0);
    settings_.inbox->is_free();
  }

  /// Who was taken out of the directory is to end.
  bool is_wanted() const {
    auto now = context_.where->get();
    return now.snapshot_receiver && now.snapshot_receiver.address() == address();
  }

  void report(stage at, std::uint64_t bytes) {
    status_.at = at;
    status_.bytes_received = bytes;
    if (at == stage::receiving && bytes > 0)
      base::log::info(target, "receiving snapshot",
                      {{"received_kb", bytes / base::limits::kibibyte},
                       {"size_kb", status_.bytes_total / base::limits::kibibyte}});
    publish();
  }

  void describe_state(figure_list& out) const override {
    using enum snapshot_received_status::stage;
    out.add_text("stage", status_.at == receiving    ? "receiving"
                          : status_.at == verifying  ? "verifying"
                          : status_.at == installing ? "installing"
                                                     : "none");
    out.add("from", status_.from.value);
    out.add("index", status_.index.value);
    out.add("bytes_received", status_.bytes_received);
    out.add("bytes_total", status_.bytes_total);
    out.add("installed", status_.installed);
    out.add("generation", life_);
  }

  void publish() { context_.board->publish(status_); }

  actor_context context_;
  generation life_;
  snapshot_receiver_settings settings_;
  storage::transfer_paths files_;
  log_writer_handle log_writer_;
  std::shared_ptr<snapshot_input> stream_;
  std::chrono::steady_clock::time_point install_began_;
  snapshot_received_status status_;
};

} // namespace

snapshot_receiver_handle start_snapshot_receiver(caf::actor_system& system,
                                                 const actor_context& context, generation life,
                                                 snapshot_receiver_settings settings) {
  auto handle = spawn_blocking<snapshot_receiver>(system, context, "snapshot_receiver", 64, life,
                                                  std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.snapshot_receiver = handle; });
  return handle;
}

} // namespace actors
