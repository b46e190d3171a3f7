# SPDX-License-Identifier: GPL-2.0-only
# Loaded by the tests that boot guests: the real build, the real kernel cache, state
# and run directories of their own.

KT_BIN=${KT_E2E_BIN:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/bin}
# shellcheck source=tests/helpers.bash
. "$(dirname "${BASH_SOURCE[0]}")/../helpers.bash"
E2E_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CACHE_HOME=$E2E_CACHE XDG_STATE_HOME=$PWD/state
	unset KT_PATH KT_SCHEDULER KT_KERNEL KT_RUNS
}

# boot SPEC [kt-vm options]: a guest without a plan; its records in ./run.jsonl
boot() {
	local spec=$1
	shift
	{
		kt-topo "$spec"
		kt-kernel find
	} | kt-initrd | kt-vm "$@" >run.jsonl
}

# show FILTER: jq over the run's records
show() {
	jq -c "$@" run.jsonl
}

# scheduler_of NAME: one of the kernel tree's own schedulers, built once for the cached kernel
upstream() {
	"$KT_TOP/scripts/upstream-scx" >&2 || return
	printf '%s/kt/scx/%s/%s\n' "$E2E_CACHE" "$(kt-kernel find | jq -r 'select(.type == "kernel") | .version')" "$1"
}

# nothing_left: no QEMU, kt tool or temp file of this test survives it
nothing_left() {
	! pgrep -f "qemu-system-x86_64.*kt.records" >/dev/null || {
		echo "a guest is still running"
		return 1
	}
}
