// SPDX-License-Identifier: Apache-2.0
#include "raft/membership.hpp"

#include <algorithm>
#include <limits>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace raft {

namespace {

constexpr std::uint8_t format_version = 1;

bool is_same(const member& each, const server_life& who) {
  return each.is(who);
}

bool is_same(const member& each, server_id id) {
  return each.id == id;
}

template <class Who>
bool contains(const std::vector<member>& members, const Who& who) {
  return std::any_of(members.begin(), members.end(),
                     [&who](const member& each) { return is_same(each, who); });
}

template <class Who>
bool is_only(const std::vector<member>& members, const Who& who) {
  return members.size() == 1 && is_same(members.front(), who);
}

void put_text(base::bytes& out, const std::string& text) {
  BASE_CHECK(text.size() <= std::numeric_limits<std::uint16_t>::max(),
             "an address in a membership is at most 65535 bytes");
  base::put_little(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

void put_members(base::bytes& out, const std::vector<member>& members) {
  base::put_little(out, static_cast<std::uint32_t>(members.size()));
  for (const auto& each : members) {
    base::put_little(out, each.id.value);
    each.incarnation.append_to(out);
    put_text(out, each.raft_addr);
    put_text(out, each.http_addr);
  }
}

std::vector<member> take_members(base::byte_reader& in) {
  std::vector<member> members;
  auto count = in.little<std::uint32_t>();
  // Grows with the bytes that are there, not with the count they claim.
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    member each;
    each.id = server_id{in.little<std::uint64_t>()};
    each.incarnation = base::uuid::read_from(in);
    each.raft_addr = in.take(in.little<std::uint16_t>());
    each.http_addr = in.take(in.little<std::uint16_t>());
    members.push_back(std::move(each));
  }
  return members;
}

} // namespace

bool membership::is_voter(const server_life& who) const {
  return contains(voters, who) || contains(outgoing_voters, who);
}

bool membership::is_voter(server_id id) const {
  return contains(voters, id) || contains(outgoing_voters, id);
}

bool membership::is_member(const server_life& who) const {
  return is_voter(who) || contains(learners, who);
}

bool membership::is_member(server_id id) const {
  return is_voter(id) || contains(learners, id);
}

bool membership::is_sole_voter(const server_life& who) const {
  return is_only(voters, who) && (outgoing_voters.empty() || is_only(outgoing_voters, who));
}

bool membership::is_sole_voter(server_id id) const {
  return is_only(voters, id) && (outgoing_voters.empty() || is_only(outgoing_voters, id));
}

const member* membership::find(server_id id) const {
  for (const auto* set : {&voters, &learners, &outgoing_voters})
    for (const auto& each : *set)
      if (each.id == id)
        return &each;
  return nullptr;
}

std::string encode(const membership& members) {
  base::bytes out;
  base::put_little(out, format_version);
  put_members(out, members.voters);
  put_members(out, members.outgoing_voters);
  put_members(out, members.learners);
  return out;
}

bool decode(std::string_view bytes, membership& out) {
  base::byte_reader in(bytes);
  if (in.little<std::uint8_t>() != format_version)
    return false;
  out.voters = take_members(in);
  out.outgoing_voters = take_members(in);
  out.learners = take_members(in);
  return in.at_end();
}

entry founding_entry(const base::uuid& cluster_id, const membership& founders) {
  entry first;
  first.id = {log_index{1}, term{0}};
  first.kind = entry_kind::membership;
  first.payload = raft::payload(encode(founders));
  first.chain = next_chain(chain_seed(cluster_id), first.id, first.kind, first.payload.hash());
  return first;
}

membership_history::membership_history(membership_at base, std::vector<membership_at> above) {
  steps_.push_back(std::move(base));
  for (auto& each : above)
    append(each.index, std::move(each.membership));
}

const membership& membership_history::at(log_index index) const {
  auto above = std::find_if(steps_.begin() + 1, steps_.end(),
                            [index](const auto& step) { return step.index > index; });
  return std::prev(above)->membership;
}

void membership_history::append(log_index index, membership members) {
  BASE_CHECK(index > steps_.back().index, "configurations take effect in the log's order");
  steps_.push_back({index, std::move(members)});
}

void membership_history::truncate_from(log_index first) {
  while (steps_.size() > 1 && steps_.back().index >= first)
    steps_.pop_back();
}

void membership_history::forget_before(log_index commit_index) {
  while (steps_.size() > 1 && steps_[1].index <= commit_index)
    steps_.erase(steps_.begin());
}

void membership_history::install(membership_at base, bool keeps_suffix) {
  std::erase_if(
      steps_, [&](const membership_at& each) { return !keeps_suffix || each.index <= base.index; });
  steps_.insert(steps_.begin(), std::move(base));
}

} // namespace raft
