// SPDX-License-Identifier: Apache-2.0
#include "raft/messages.hpp"

namespace raft {

raft::term term_of(const message& body) {
  return std::visit([](const auto& each) { return each.term; }, body);
}

bool is_reply(const message& body) {
  return std::holds_alternative<request_vote_reply>(body)
         || std::holds_alternative<append_entries_reply>(body)
         || std::holds_alternative<forward_proposal_reply>(body)
         || std::holds_alternative<read_index_reply>(body)
         || std::holds_alternative<entry_reply>(body);
}

bool is_question(const message& body) {
  return std::holds_alternative<forward_proposal>(body) || std::holds_alternative<read_index>(body)
         || std::holds_alternative<entry_request>(body);
}

} // namespace raft
