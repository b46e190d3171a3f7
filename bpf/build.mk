# SPDX-License-Identifier: GPL-2.0-only
# scx_kt, the fixture scheduler, and scx_bugs, the corpus of faulty ones; the top
# Makefile includes this.
#
# The types come from the BTF of a kernel with sched_ext: $(KT_VMLINUX), or the
# newest kernel that kt-kernel finds. bpftool may be named by $(BPFTOOL).

# Debian has it in /usr/sbin, which is not in every user's PATH.
BPFTOOL	 ?= $(or $(shell command -v bpftool || command -v /usr/sbin/bpftool),bpftool)
BPF_CLANG ?= clang
BPF_O	 := $(B)/obj/bpf
# structs within structs by their tags alone are an extension that the kernel has used since 6.19
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -Wall -Werror \
	      -fms-extensions -Wno-microsoft-anon-tag

# Remade when another kernel is named, or the named one is rebuilt.
$(BPF_O)/vmlinux.h: $(KT_VMLINUX) | $(if $(KT_VMLINUX),,$(B)/bin/kt-kernel)
	$(call say,BTF,$@)
	@mkdir -p $(@D)
	$(Q)vmlinux='$(KT_VMLINUX)'; \
	test -n "$$vmlinux" || { \
		records=$$($(B)/bin/kt-kernel find) || exit; \
		vmlinux=$$(echo "$$records" | jq -r 'select(.type == "kernel").vmlinux // empty'); \
	}; \
	test -n "$$vmlinux" || { \
		echo "scx_kt needs a kernel's vmlinux: 'kt kernel build', or make KT_VMLINUX=FILE" >&2; \
		exit 1; \
	}; \
	trap 'rm -f $@.tmp' EXIT; \
	$(BPFTOOL) btf dump file "$$vmlinux" format c >$@.tmp || exit; \
	grep -q 'struct sched_ext_ops {' $@.tmp || { \
		echo "$$vmlinux: a kernel without sched_ext (CONFIG_SCHED_CLASS_EXT)" >&2; \
		exit 1; \
	}; \
	mv $@.tmp $@

BPF_PROGS := scx_kt scx_bugs

$(BPF_O)/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) $(BPF_O)/vmlinux.h
	$(call say,BPF,$@)
	$(Q)$(BPF_CLANG) $(BPF_CFLAGS) -I$(BPF_O) -Ibpf -c -o $@ $<

# bpftool 7.5 writes for libbpf 1.5 or later, whose map skeletons have one member
# more, for a link that is not taken from the skeleton; sed makes it fit any.
$(BPF_O)/%.skel.h: $(BPF_O)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $* >$@.tmp
	@sed -e '/map->link = /d' -e 's/map_skel_sz = [0-9]*;/map_skel_sz = sizeof(*map);/' \
		<$@.tmp >$@ && rm -f $@.tmp

$(BPF_PROGS:%=$(B)/bin/%): $(B)/bin/%: bpf/%.c bpf/loader.c $(wildcard bpf/*.h) $(BPF_O)/%.skel.h $(B)/lib/libkt.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(BASE) -MF $(BPF_O)/$*.d -Ilib -Ibpf -I$(BPF_O) \
		-DKT_VERSION='"$(VERSION)"' $(call pc,--cflags,libbpf) -o $@ $< bpf/loader.c \
		$(B)/lib/libkt.a $(LDFLAGS) $(call pc,--libs,libbpf libelf zlib)

scx: $(BPF_PROGS:%=$(B)/bin/%)
