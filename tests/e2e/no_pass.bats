#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# On real guests: a run that does not come to its end is no pass, whatever its exit looks like;
# nor is one in which the kernel complains; and kt tells what it used itself.

load helpers
load play

# judge [kt-check options]: run.jsonl; verdicts in judged.jsonl, kt-check's exit code in $status
judge() {
	status=0
	kt-check "$@" <run.jsonl >judged.jsonl || status=$?
	jq -c 'select(.type | IN("check", "verdict")) | [.name, .verdict, .detail]' judged.jsonl
}

# failed: names of the checks that failed, each once
failed() {
	jq -rs '[.[] | select(.type == "check" and .verdict == "fail").name] | unique | join(" ")' judged.jsonl
}

# says NAME: verdict and sentence of that check
says() {
	jq -r --arg n "$1" 'select(.type == "check" and .name == $n) | "\(.verdict): \(.detail)"' judged.jsonl
}

@test "a worker that powers the guest off in the middle of a step is a failure" {
	cat >off.c <<-'END'
		#include <stdio.h>
		#include <sys/reboot.h>
		#include <unistd.h>
		int main(void)
		{
			FILE *f = fopen("/sys/fs/cgroup/cgroup.procs", "w");

			if (!f || fprintf(f, "%d\n", getpid()) < 0 || fclose(f) != 0)
				return 1;
			sleep(2);
			return reboot(RB_POWER_OFF);
		}
	END
	cc -O2 -static -o off off.c
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "10s", "cgroups": [
	  { "name": "a", "workers": 1 },
	  { "name": "off", "workers": 1, "work": { "Custom": { "program": "./off" } } }] }
	EOT
	run -1 has '.type == "step" and .event == "end"'
	judge
	[ "$status" -eq 1 ]
	[ "$(says run)" = "fail: the guest powered off in step 0, before its test had ended" ]
	[ "$(failed)" = run ]
	# the limits that are off by then do not hide it
	judge --no-defaults
	[ "$status" -eq 1 ]
}

# warn ASSERT: a test in which an op makes the kernel warn
warn() {
	play <<-EOT
	{ "topology": "1l2c1t", "duration": "2s", "assert": $1, "steps": [
	  { "ops": [{ "write": { "path": "/sys/kernel/debug/provoke-crash/DIRECT", "value": "WARNING" } }],
	    "cgroups": [{ "name": "a", "workers": 1 }], "hold": "2s" }] }
	EOT
	[ "$(guest_exit)" -eq 0 ]
	has '.type == "op" and .op == "write" and .ok'
	judge
}

@test "a kernel that warns is a failure, with the first lines, unless the test allows it" {
	warn '{}'
	[ "$status" -eq 1 ]
	[ "$(failed)" = kernel_log ]
	[[ "$(says kernel_log)" == "fail: the kernel complains: WARNING: CPU: "*" lkdtm_WARNING+0x"*" | CPU: "* ]]
	judge --no-kernel-log
	[ -z "$(failed)" ]
	warn '{ "kernel_log": { "allow": [{ "text": "lkdtm_WARNING+0x", "reason": "the test provokes it" }] } }'
	[ -z "$(failed)" ]
	[ "$(says kernel_log)" = "pass: the kernel complains of nothing but what is allowed (1: the test provokes it)" ]
}

@test "a quiet run tells what kt itself used, and that it is little" {
	play <<-'EOT'
	{ "topology": "1l2c1t", "duration": "3s", "cgroups": [{ "name": "a", "workers": 2 }] }
	EOT
	has '.type == "observer" and .step == 0 and .wall_ns > 2.9e9 and all(.cpus[]; .cpu < 2 and .ns > 0)'
	# its record stands before that of the step's end
	[ "$(jq -r 'select((.type == "step" and .event == "end") or .type == "observer") | .type' run.jsonl | xargs)" = "observer step" ]
	judge
	[ -z "$(failed)" ]
	[[ "$(says observer)" =~ ^"pass: kt itself used no more than "[0-2]\.[0-9]"% of a CPU"$ ]]
}
