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

private:
  std::unique_ptr<transport::incoming_stream> stream_;
  actors::snapshot_offer offer_;
};

} // namespace

transport::stream_offer to_stream_offer(const actors::snapshot_offer& what) {
  return {what.term, what.point, what.size_bytes, what.file, what.attributes};
}

std::unique_ptr<actors::snapshot_output> as_snapshot(
    std::unique_ptr<transport::outgoing_stream> stream) {
  return std::make_unique<output>(std::move(stream));
}

std::unique_ptr<actors::snapshot_input> as_snapshot(
    std::unique_ptr<transport::incoming_stream> stream) {
  return std::make_unique<input>(std::move(stream));
}

} // namespace node
