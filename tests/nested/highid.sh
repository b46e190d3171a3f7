#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In an inner guest of the nested tests, which was booted with maxcpus=2: brings up CPU $1,
# sends the interrupts of the virtio device there, and shows where they come. Any sh
# will do, with nothing but what is built into it.
cpu=$1
echo 1 >"/sys/devices/system/cpu/cpu$cpu/online" && echo "cpu$cpu is online"
grep_irq() {
	while read -r line; do
		case $line in
		*CPU0*) echo "$line" ;;
		*virtio*) echo "$line" ;;
		esac
	done </proc/interrupts
}
irq=$(grep_irq | while read -r n rest; do
	case $rest in
	*virtio*) echo "${n%:}" ;;
	esac
done)
echo "$cpu" >"/proc/irq/$irq/smp_affinity_list"
grep_irq
i=0
while [ $i -lt 500 ]; do
	echo "record $i"
	i=$((i + 1))
done
grep_irq
read -r where <"/proc/irq/$irq/effective_affinity_list"
echo "irq $irq went to $where"
