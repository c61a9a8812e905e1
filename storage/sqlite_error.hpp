// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.hpp"

struct sqlite3;

namespace storage {

/// Which kind of error an extended result code of SQLite is (sqlite.org/rescode.html).
base::errc errc_of_sqlite(int extended_code);

/// The error of the last call on `connection` that returned `extended_code`:
/// `doing: what SQLite says (code)`. `connection` may be null.
base::error sqlite_error(sqlite3* connection, int extended_code, std::string_view doing);

} // namespace storage
