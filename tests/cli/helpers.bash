# SPDX-License-Identifier: GPL-2.0-only
# Loaded by every bats file: the build under test first in PATH, a directory of
# its own as cwd, caches and state inside it.

bats_require_minimum_version 1.5.0

KT_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
KT_BIN=${KT_BIN:-$KT_TOP/build/san/bin}
export KT_TOP KT_BIN PATH="$KT_BIN:$PATH"
# leaks at exit of a short-lived program are no fault; every other finding is
export ASAN_OPTIONS=detect_leaks=0

# Streams that are changed on purpose, as if their tools had written them so.
recount() {
	"$KT_TOP/tests/tools/recount"
}

# The cases of tests/data/bad/$1.cases as NAME.json, and NAME.err with what is said of it, in the
# working directory; prints the names.
cases() {
	awk -f "$KT_TOP/tests/tools/cases.awk" "$KT_TOP/tests/data/bad/$1.cases"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CACHE_HOME=$PWD/cache XDG_STATE_HOME=$PWD/state
	unset KT_PATH KT_SCHEDULER KT_KERNEL KT_RUNS
}
