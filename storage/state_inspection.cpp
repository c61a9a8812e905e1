// SPDX-License-Identifier: Apache-2.0
#include "storage/state_inspection.hpp"

namespace storage {

inspected_row inspect_row(std::string_view key, const row_mark& mark,
                          const std::optional<state_digest>& digest, base::byte_view value) {
  inspected_row made;
  made.row = {std::string(key), base::bytes(value), mark.create_revision, mark.mod_revision,
              mark.version};
  made.digest = digest.value_or(state_digest{});
  made.is_sound = digest && *digest == row_digest(key, mark, value);
  return made;
}

} // namespace storage
