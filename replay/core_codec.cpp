// SPDX-License-Identifier: Apache-2.0
#include "replay/core_codec.hpp"

#include "base/limits.hpp"
#include "raft/bounds.hpp"
#include "replay/core_layout.hpp"

namespace replay {

namespace {

using transport::wire::reader;

// Entries that are read are bounded like those of a message.
static_assert(base::limits::apply_entries_max <= transport::bounds::entries_per_message_max);
static_assert(raft::bounds::append_entries_max < transport::bounds::entries_per_message_max);

/// Lists other than entries have no bound in a message; here what is there bounds them.
template <class Each>
void take_list(reader& in, std::vector<Each>& list) {
  std::uint32_t count = 0;
  in.take(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i)
    in.take(list.emplace_back());
}

void take_recovered(reader& in, raft::recovered_state& what) {
  in.take(what.state);
  in.take(what.snapshot);
  in.take(what.last);
  in.take(what.last_chain);
  take_list(in, what.term_starts);
  take_list(in, what.memberships);
  in.take(what.last_applied);
  in.take(what.pending_install);
  in.take(what.state_is_lost);
  in.take(what.digest);
  take_list(in, what.damaged);
}

template <class Value>
base::result<Value> checked(reader& in, Value made) {
  if (in.ok() && !in.at_end())
    in.refuse("bytes are left over");
  if (!in.ok())
    return base::fail(base::errc::corrupt, "cannot be read: " + std::string(in.refusal()));
  return made;
}

template <class Value>
base::bytes encoded(const Value& what) {
  base::bytes out;
  transport::wire::writer(out).put(what);
  return out;
}

} // namespace

base::bytes encode(const core_beginning& what) {
  return encoded(what);
}

base::bytes encode(const core_input& what) {
  return encoded(what);
}

base::bytes encode(const core_output& what) {
  return encoded(what);
}

base::result<core_beginning> decode_beginning(base::byte_view body) {
  reader in(body);
  core_beginning made;
  in.take(made.config);
  take_recovered(in, made.recovered);
  in.take(made.random_seed);
  return checked(in, std::move(made));
}

base::result<core_input> decode_input(base::byte_view body) {
  reader in(body);
  core_input made;
  in.take(made);
  return checked(in, std::move(made));
}

base::hash128 digest_of(const core_output& what) {
  return base::hash_of(encode(what));
}

} // namespace replay
