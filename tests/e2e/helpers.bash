# SPDX-License-Identifier: GPL-2.0-only
# Loaded by the tests that boot guests: the real build, the real kernel cache, state
# and run directories of their own.

KT_BIN=${KT_E2E_BIN:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/bin}
# shellcheck source=tests/cli/helpers.bash
. "$(dirname "${BASH_SOURCE[0]}")/../cli/helpers.bash"
E2E_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}

# Guests have the 6.12 that scripts/kernel builds, whatever newer ones are in the cache
# (kernels.bats is about these); KT_E2E_KERNEL is another one for all tests.
KT_KERNEL=${KT_E2E_KERNEL-6.12}
"$KT_BIN/kt-kernel" find "$KT_KERNEL" >/dev/null 2>&1 || KT_KERNEL=
export KT_KERNEL

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	export XDG_CACHE_HOME=$E2E_CACHE XDG_STATE_HOME=$PWD/state
	unset KT_PATH KT_SCHEDULER KT_RUNS
	[ -n "$KT_KERNEL" ] || unset KT_KERNEL
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

# holds FILE CONDITION: some record of FILE makes the jq condition true
holds() {
	jq -se "any(.[]; $2)" "$1" >/dev/null
}

# nothing_left: no process that this test started (its environment tells) is a guest or a tool
nothing_left() {
	local p exe bad=0
	for p in /proc/[0-9]*; do
		exe=$(readlink "$p/exe" 2>/dev/null) || continue
		case ${exe##*/} in
		qemu-system-* | kt | kt-*) ;;
		*) continue ;;
		esac
		if grep -qzF "XDG_STATE_HOME=$XDG_STATE_HOME" "$p/environ" 2>/dev/null; then
			echo "still running: $(tr '\0' ' ' <"$p/cmdline")"
			bad=1
		fi
	done
	return $bad
}

# ended PID: waits for a background job; its exit code is in $status
ended() {
	# shellcheck disable=SC2034 # the test looks at it
	wait "$1" && status=0 || status=$?
}
