// SPDX-License-Identifier: Apache-2.0
#include "http/kv_handlers.hpp"

#include "base/check.hpp"
#include "http/precondition.hpp"
#include "http/read_options.hpp"

namespace http {

namespace {

/// Nothing when the key may be stored. Errors of `check_key` become 400, or 413 where the
/// key is too long.
std::optional<reply> refuse_key(const std::string& key, bool is_write) {
  auto wrong = check_key(key);
  if (!wrong)
    return std::nullopt;
  if (is_write)
    wrong->committed = actors::commit_status::no;
  return to_reply(*wrong);
}

reply refuse_write(refusal why) {
  why.committed = actors::commit_status::no;
  return to_reply(why);
}

reply precondition_reply(const storage::precondition_failed& failed) {
  auto why = refuse(412, "precondition_failed",
                    failed.current.value == 0
                        ? std::string("the precondition does not hold: there is no such key")
                        : "the precondition does not hold: the key is at revision "
                              + std::to_string(failed.current.value));
  why.revision = failed.current.value;
  return refuse_write(std::move(why));
}

/// Puts a command through, and gives `done` what it did.
template <class Done>
reply write(const storage::command& what, bool answer_needs_apply, asker& ask, Done done) {
  auto answered = ask.write(what, answer_needs_apply);
  if (!answered)
    return to_reply(refusal_from(answered.error(), true));
  if (answered->precondition_failed)
    return precondition_reply(*answered->precondition_failed);
  return done(*answered);
}

std::string revision_member(storage::revision at) {
  return R"({"revision":)" + std::to_string(at.value);
}

} // namespace

reply put_key(const request& what, asker& ask, site&) {
  if (auto refused = refuse_key(what.parameter, true))
    return *refused;
  auto precondition = write_precondition(what.head);
  if (!precondition)
    return refuse_write(std::move(precondition.error()));
  storage::command put{{storage::set_operation{what.parameter, what.body}}, *precondition};
  return write(put, put.is_conditional(), ask, [](const actors::written& done) {
    auto made = json_reply(200, revision_member(done.revision) + "}");
    made.set("ETag", to_tag(done.revision));
    return made;
  });
}

reply delete_key(const request& what, asker& ask, site&) {
  if (auto refused = refuse_key(what.parameter, true))
    return *refused;
  auto precondition = write_precondition(what.head);
  if (!precondition)
    return refuse_write(std::move(precondition.error()));
  storage::command removal{{storage::delete_operation{what.parameter}}, *precondition};
  return write(removal, true, ask, [](const actors::written& done) {
    return json_reply(200, revision_member(done.revision) + R"(,"deleted":)"
                               + (done.rows_deleted > 0 ? "true}" : "false}"));
  });
}

reply get_key(const request& what, asker& ask, site& at) {
  if (auto refused = refuse_key(what.parameter, false))
    return *refused;
  auto options = read_read_options(what.query);
  if (!options)
    return to_reply(options.error());
  auto answered = ask.read(what.parameter, options->consistency, options->min_index);
  if (!answered)
    return to_reply(refusal_from(answered.error(), false));
  auto& found = std::get<storage::get_result>(*answered);
  auto current = found.found ? found.found->mod_revision : storage::revision{};
  auto verdict = read_precondition(what.head, current);
  if (!verdict)
    return to_reply(verdict.error());
  if (*verdict == 412) {
    auto why = refuse(412, "precondition_failed", "the precondition does not hold");
    why.revision = current.value;
    return to_reply(why);
  }
  if (!found.found)
    return with_read_fields(to_reply(refuse(404, "key_not_found", "there is no such key")),
                            *options, found.at, at);
  if (!ask.reserve(found.found->value.size()))
    return to_reply(refuse(429, "overloaded", "too much is being sent at the moment"));
  reply made;
  made.status = *verdict;
  made.content_type = binary_type;
  made.set("ETag", to_tag(current));
  made.set("X-Aspen-Create-Revision", std::to_string(found.found->create_revision.value));
  made.set("X-Aspen-Version", std::to_string(found.found->version));
  if (made.status == 304)
    made.set("Content-Length", std::to_string(found.found->value.size()));
  else
    made.body = std::move(found.found->value);
  return with_read_fields(std::move(made), *options, found.at, at);
}

} // namespace http
