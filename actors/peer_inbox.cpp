// SPDX-License-Identifier: Apache-2.0
#include "actors/peer_inbox.hpp"

#include <utility>

namespace actors {

namespace {

/// Of any message, and of each entry beside its payload.
constexpr std::uint64_t overhead_bytes = 192;

} // namespace

std::uint64_t weight_of(const raft::message& body) {
  std::uint64_t weight = overhead_bytes;
  if (const auto* append = std::get_if<raft::append_entries>(&body))
    for (const auto& each : append->entries)
      weight += overhead_bytes + each.payload.size();
  return weight;
}

bool inbound_budget::take(std::uint64_t bytes) {
  auto before = taken_.fetch_add(bytes, std::memory_order_relaxed);
  if (before == 0 || before + bytes <= bytes_max_)
    return true;
  give_back(bytes);
  return false;
}

std::shared_ptr<inbound_message> inbound_message::admit(std::shared_ptr<inbound_budget> budget,
                                                        raft::message&& body) {
  auto weight = weight_of(body);
  if (!budget->take(weight))
    return nullptr;
  return std::make_shared<inbound_message>(std::move(budget), std::move(body), weight);
}

} // namespace actors
