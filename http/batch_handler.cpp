// SPDX-License-Identifier: Apache-2.0
#include "http/batch_handler.hpp"

#include "http/batch_reader.hpp"

namespace http {

namespace {

reply refuse_write(refusal why) {
  why.committed = actors::commit_status::no;
  return to_reply(why);
}

} // namespace

reply write_batch(const request& what, asker& ask, site&) {
  for (std::string_view name : {"if-match", "if-none-match"})
    if (what.head.find(name) != nullptr)
      return refuse_write(
          refuse(400, "bad_precondition", "a batch takes no preconditions; nothing was done"));
  auto command = read_batch(what.body);
  if (!command)
    return refuse_write(std::move(command.error()));
  auto answered = ask.write(*command, false);
  if (!answered)
    return to_reply(refusal_from(answered.error(), true));
  return json_reply(200, R"({"revision":)" + std::to_string(answered->revision.value) + "}");
}

} // namespace http
