// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "supervisor/gate.hpp"

namespace supervisor {

struct quarantine_settings {
  std::string directory;                ///< of the record: the data directory
  std::vector<std::string> store_files; ///< by which the stores are known again
  std::string checked_as;               ///< see `quarantine_record`
};

/// A gate that remembers its refusals across restarts (INV-108). Before `inner` is asked, the
/// record decides: on the very stores that were refused it says no at once, whatever a new
/// check would say. On others, or when an operator forgave, `inner` checks everything; what
/// passes puts the record away. A refusal of `inner` is recorded; a retry never is. A record
/// that cannot be written is logged and changes no verdict.
std::shared_ptr<gate> make_quarantine_gate(std::shared_ptr<gate> inner,
                                           quarantine_settings settings);

} // namespace supervisor
