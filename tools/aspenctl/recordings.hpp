// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/aspenctl/client.hpp"
#include "trace/recording.hpp"

namespace aspenctl {

/// Those of rings and dumps; a folder stands for all that are in it. `usage` for a path that is no
/// recording and a folder that holds none.
outcome<std::vector<trace::recording>> read_recordings(const std::vector<std::string>& paths);

/// What each member of the cluster records now, as far as one answer holds; `silent` names those
/// that did not tell, and why.
std::vector<trace::recording> ask_recordings(const client& nodes, std::string& silent);

} // namespace aspenctl
