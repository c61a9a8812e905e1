// SPDX-License-Identifier: Apache-2.0
#include "actors/snapshot_transport.hpp"

namespace actors {

namespace {

constexpr std::uint8_t attributes_version = 1;

} // namespace

base::bytes encode(const snapshot_attributes& what) {
  base::bytes bytes;
  base::put_little(bytes, attributes_version);
  base::put_little(bytes, static_cast<std::uint8_t>(what.backend));
  for (auto lane : what.digest.lanes)
    base::put_little(bytes, lane);
  return bytes;
}

std::optional<snapshot_attributes> decode_snapshot_attributes(base::byte_view bytes) {
  base::byte_reader reader(bytes);
  auto version = reader.little<std::uint8_t>();
  auto backend = reader.little<std::uint8_t>();
  snapshot_attributes what;
  for (auto& lane : what.digest.lanes)
    lane = reader.little<std::uint64_t>();
  if (!reader.at_end() || version != attributes_version
      || backend > static_cast<std::uint8_t>(storage::backend::inmemory))
    return std::nullopt;
  what.backend = static_cast<storage::backend>(backend);
  return what;
}

void snapshot_inbox::interrupt() {
  std::shared_ptr<snapshot_input> last;
  {
    std::lock_guard guard(mutex_);
    last = last_.lock();
  }
  if (last)
    last->cancel();
}

void snapshot_inbox::put(std::unique_ptr<snapshot_input> given) {
  std::shared_ptr<snapshot_input> stream(std::move(given));
  taker next;
  {
    std::lock_guard guard(mutex_);
    if (taker_ && !is_taken_) {
      is_taken_ = true;
      last_ = stream;
      next = taker_;
    }
  }
  if (next)
    next(std::move(stream));
  else
    stream->refuse("no snapshot is taken now: another one is being received, or the node starts");
}

} // namespace actors
