# SPDX-License-Identifier: Apache-2.0
"""INV-151: the program that users run has no failpoint in it; the one for tests has them, so that this test
knows what it looks for.

    tests/scripts/failpoints_test.py PROGRAM has|has-not
"""

import pathlib
import sys

MARKS = [b"ASPEN_FAILPOINTS", b"/debug/failpoints", b"failpoint "]


def main() -> int:
    program, expected = pathlib.Path(sys.argv[1]), sys.argv[2] == "has"
    content = program.read_bytes()
    wrong = [mark for mark in MARKS if (mark in content) != expected]
    for mark in wrong:
        print(f"{program}: {mark.decode()!r} is {'missing' if expected else 'there'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
