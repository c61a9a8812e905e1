// SPDX-License-Identifier: Apache-2.0
#include "node/snapshot_streams.hpp"

namespace node {

namespace {

class output final : public actors::snapshot_output {
public:
  explicit output(std::unique_ptr<transport::outgoing_stream> stream)
    : stream_(std::move(stream)) {}

  std::uint64_t resume_offset() const override { return stream_->resume_offset(); }
  base::status write(base::byte_view bytes) override { return stream_->write(bytes); }
  base::status finish() override { return stream_->finish(); }

private:
  std::unique_ptr<transport::outgoing_stream> stream_;
};

class input final : public actors::snapshot_input {
public:
  explicit input(std::unique_ptr<transport::incoming_stream> stream) : stream_(std::move(stream)) {
    const auto& what = stream_->offer();
    offer_ = {what.term, what.point, what.size_bytes, what.file, what.attributes};
  }

  raft::server_id from() const override { return stream_->from(); }
  const actors::snapshot_offer& offer() const override { return offer_; }
  base::status accept(std::uint64_t offset) override { return stream_->accept(offset); }
  void refuse(std::string reason) override { stream_->refuse(std::move(reason)); }
  base::result<base::bytes> read() override { return stream_->read(); }
  base::status complete() override { return stream_->complete(); }
  void cancel() override { stream_->cancel(); }

private:
  std::unique_ptr<transport::incoming_stream> stream_;
  actors::snapshot_offer offer_;
};

class snapshot_links final : public actors::snapshot_transport {
public:
  explicit snapshot_links(std::shared_ptr<link_transport> links) : links_(std::move(links)) {}

  base::result<std::unique_ptr<actors::snapshot_output>> open_snapshot(
      raft::server_id to, const actors::snapshot_offer& what,
      std::chrono::milliseconds timeout) override {
    auto stream = links_->open_stream(
        to, {what.term, what.point, what.size_bytes, what.file, what.attributes}, timeout);
    if (!stream)
      return base::fail(stream.error());
    return std::make_unique<output>(std::move(*stream));
  }

private:
  std::shared_ptr<link_transport> links_;
};

} // namespace

std::shared_ptr<actors::snapshot_transport> make_snapshot_transport(
    std::shared_ptr<link_transport> links, const std::shared_ptr<actors::snapshot_inbox>& inbox) {
  links->take_streams([inbox](std::unique_ptr<transport::incoming_stream> stream) {
    inbox->put(std::make_unique<input>(std::move(stream)));
  });
  return std::make_shared<snapshot_links>(std::move(links));
}

} // namespace node
