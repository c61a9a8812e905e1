// SPDX-License-Identifier: Apache-2.0
#include "http/failpoint_handlers.hpp"

#ifdef ASPEN_FAILPOINTS

#include "base/failpoint.hpp"

namespace http {

reply get_failpoints(const request&, asker&, site&) {
  reply made;
  made.status = 200;
  made.content_type = text_type;
  made.body = base::failpoint::describe();
  return made;
}

reply arm_failpoints(const request& what, asker& ask, site& at) {
  if (auto armed = base::failpoint::arm(what.body); !armed)
    return to_reply(refuse(400, "invalid", armed.error().text));
  return get_failpoints(what, ask, at);
}

} // namespace http

#endif
