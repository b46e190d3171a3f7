# SPDX-License-Identifier: GPL-2.0-only
# kt: `make run` and `make check` do all of it; `make help` lists the rest.

PREFIX  ?= /usr/local
DESTDIR ?=
V       ?= 0

# SAN=1 builds everything once more under build/san with ASan and UBSan.
SAN ?= 0
ifeq ($(SAN),1)
B := build/san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
B := build
SANFLAGS :=
endif

CC      ?= gcc
CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith
BASE    := -std=gnu17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(WARN) $(SANFLAGS) -MMD -MP
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1)

Q := $(if $(filter 0,$(V)),@,)
say = $(if $(filter 0,$(V)),@printf '  %-8s %s\n' '$(1)' '$(2)')

TOOLS := kt kt-kernel kt-topo kt-initrd kt-vm kt-guest kt-check kt-report
PAGES := $(wildcard man/*.[157])

# Libraries of each tool, by pkg-config; every tool has json-c through lib/.
PKGS_kt-initrd := libelf libzstd
PKGS_kt-vm := libbpf libelf libseccomp
PKGS_ALL := json-c libbpf libelf libzstd libseccomp

pc = $(shell pkg-config $(1) $(2) 2>/dev/null)
JSON_CFLAGS := $(call pc,--cflags,json-c)

# kt-guest is one static program where a static json-c is to be had; else kt-initrd
# packs its libraries like those of any other program.
JSON_A := $(wildcard $(call pc,--variable=libdir,json-c)/libjson-c.a)
STATIC_kt-guest := $(if $(filter 1,$(SAN)),,$(if $(JSON_A),-static))

# The tool that a file is of, and all files of one kind in its rooms.
root = $(firstword $(subst /, ,$(1)))
sources = $(shell find $(1) -name '*.$(2)' | LC_ALL=C sort)

all: $(TOOLS:%=$(B)/bin/%) share

# ---- lib and tools ---------------------------------------------------------------
LIB_SRC := $(wildcard lib/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/obj/%.o)

$(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(BASE) -iquote lib -iquote $(call root,$<) -DKT_VERSION='"$(VERSION)"' \
		$(JSON_CFLAGS) $(call pc,--cflags,$(PKGS_$(call root,$<))) -c -o $@ $<

$(B)/obj/%.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/lib/libkt.a: $(LIB_OBJ)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

define tool_rule
$(B)/bin/$(1): $(patsubst %.c,$(B)/obj/%.o,$(call sources,$(1),c)) \
		$(patsubst %.S,$(B)/obj/%.o,$(call sources,$(1),S)) $(B)/lib/libkt.a
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(SANFLAGS) $$(LDFLAGS) $(STATIC_$(1)) -o $$@ $$^ \
		$$(call pc,--libs,json-c $(PKGS_$(1))) -lm -lpthread
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

# ---- data files: build/share/kt looks as the installed share/kt does ----------------
SHARE := $(shell find share -type f)
share: $(SHARE:share/%=$(B)/share/kt/%)
$(B)/share/kt/%: share/%
	@mkdir -p $(@D); cp $< $@

# ---- the schedulers; need a kernel's BTF ----------------------------------------------
-include bpf/build.mk

# ---- tests ------------------------------------------------------------------------
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/*/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

# What a test links besides libkt.a stands in it, on lines "// LINK: dir/file.c dir/part_*.c ...";
# it sees the headers of these tools.
links = $(wildcard $(shell sed -n 's,^// LINK: ,,p' $(1)))
roots = $(addprefix -iquote ,$(sort $(foreach f,$(call links,$(1)),$(call root,$(f)))))

.SECONDEXPANSION:
$(B)/tests/%: tests/unit/%.c $(B)/lib/libkt.a $$(addprefix $(B)/obj/,$$(addsuffix .o,$$(basename $$(call links,tests/unit/$$*.c))))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(BASE) -Ilib -I. -Itests/unit $(call roots,$<) $(JSON_CFLAGS) -MF $@.d -o $@ $< \
		$(filter %.o,$^) $(B)/lib/libkt.a $(call pc,--libs,$(PKGS_ALL)) -lm -lpthread

BENCH := $(patsubst tests/bench/%.c,build/bench/%,$(wildcard tests/bench/*.c))
build/bench/%: tests/bench/%.c build/lib/libkt.a $$(addprefix build/obj/,$$(addsuffix .o,$$(basename $$(call links,tests/bench/$$*.c))))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(BASE) -Ilib -I. $(call roots,$<) $(JSON_CFLAGS) -MF $@.d -o $@ $< \
		$(filter %.o,$^) build/lib/libkt.a $(call pc,--libs,$(PKGS_ALL)) -lm -lpthread

# Comparisons teach these nothing, for their inputs are changes; without, they run a third faster.
FUZZ_COV_fuzz_kmem := -fno-sanitize-coverage=trace-cmp
FUZZ_COV_fuzz_kbtf := -fno-sanitize-coverage=trace-cmp

# libFuzzer is clang's; the objects are built for it once more, from source.
build/fuzz/%: tests/fuzz/%.c $(LIB_SRC) $$(call links,tests/fuzz/$$*.c)
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)clang $(BASE) -MF $@.d -g -O1 -fsanitize=fuzzer,address,undefined $(FUZZ_COV_$*) \
		-fno-sanitize-recover=all -Ilib -I. $(call roots,$<) $(JSON_CFLAGS) -DKT_VERSION='"fuzz"' -o $@ \
		$(filter %.c,$^) $(call pc,--libs,$(PKGS_ALL)) -lm -lpthread

# PID 1 of the outer guest in tests/nested: static, since there is nothing else in it.
build/nested/init: tests/nested/init.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=gnu17 -D_GNU_SOURCE $(WARN) -static -o $@ $<

nested: all build/nested/init build/tests/kt-vm/test_kvm_engine build/tests/kt-vm/test_kvm_safety

unit: $(UNIT)
all-fuzz: $(FUZZ)

# Each target runs for SECONDS (default 60); findings are left in build/fuzz.
SECONDS ?= 60
fuzz: $(FUZZ)
	scripts/fuzz $(SECONDS) $(FUZZ)

# Both commands of the README install what is missing first, then start over, so that
# pkg-config sees it.
run:
	scripts/deps ensure
	$(MAKE) all
	scripts/kernel
	$(MAKE) $(B)/bin/scx_kt
	$(B)/bin/kt test mixed_workloads

check:
	scripts/deps ensure
	$(MAKE) all
	scripts/kernel
	$(MAKE) -j2 scx
	$(MAKE) nested
	$(MAKE) -j2 SAN=1 all unit
	tests/run $(TESTS)

check-long: all nested
	scripts/kernel
	$(MAKE) scx
	KT_LONG=1 tests/run tests/e2e/kernels.bats tests/e2e/nested.bats tests/e2e/scenarios.bats build/tests/kt-vm/test_kvm_engine

# Both kinds of mistake that a verdict can make: bugs that it does not see, on a quiet host and
# beside a compile loop; and sound schedulers that it blames, beside two and on a quiet host.
check-truth: all
	scripts/deps ensure truth
	scripts/kernel
	$(MAKE) scx
	tests/truth/bugs
	tests/truth/bugs -l 1
	tests/truth/sound -l 2 -n 300
	tests/truth/sound

bench: all build/nested/init $(BENCH)
	scripts/kernel
	$(MAKE) scx
	tests/bench/run

# ---- keeping it tidy ---------------------------------------------------------------
C_FILES := $(wildcard tests/nested/*.c tests/bench/*.c tests/e2e/*.c lib/*.[ch] bpf/*.[ch] tests/unit/*.h tests/unit/*/*.[ch] tests/fuzz/*.c) \
	   $(foreach t,$(TOOLS),$(call sources,$(t),[ch]))
SH_FILES := $(wildcard scripts/* share/completions/*.bash tests/run tests/lint tests/tools/circles tests/tools/recount tests/tools/validate-records tests/truth/bugs tests/truth/sound tests/truth/*.bash tests/bench/run tests/bench/*.sh tests/nested/boot tests/nested/highid.sh .ci/run)

lint:
	clang-format --dry-run -Werror $(C_FILES)
	shellcheck $(SH_FILES)
	shellcheck -s bash $(wildcard tests/cli/*.bash tests/cli/*.bats tests/e2e/*.bash tests/e2e/*.bats)
	tests/lint
	$(MAKE) -s CC=clang B=build/clang all unit

format:
	clang-format -i $(C_FILES)

deps:
	scripts/deps install
	scripts/deps list fedora

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(TOOLS:%=$(B)/bin/%) $(wildcard $(B)/bin/scx_kt) $(DESTDIR)$(PREFIX)/bin
	for f in $(SHARE); do \
		install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/kt/$${f#share/} || exit 1; \
	done
	install -D -m 644 share/completions/kt.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/kt
	for t in $(filter-out kt,$(TOOLS)); do \
		ln -sf kt $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$t || exit 1; \
	done
	install -D -m 644 share/completions/kt.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_kt
	install -D -m 644 share/completions/kt.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/kt.fish
	for p in $(PAGES); do \
		d=$(DESTDIR)$(PREFIX)/share/man/man$${p##*.}; \
		install -d $$d && install -m 644 $$p $$d || exit 1; \
	done

clean:
	rm -rf build

help:
	@echo 'make run      install what is missing, build, get a kernel, run the first test'
	@echo 'make check    every test (TESTS="tests/cli/topo.bats ..." for some)'
	@echo 'make check-long  what takes too long for make check'
	@echo 'make check-truth  bugs that must be seen, sound schedulers that must not be blamed: hours'
	@echo 'make bench    speed, as ratios against a peer in the same run'
	@echo 'make lint     formatting, shell, man pages, layering; and clang finds nothing'
	@echo 'make fuzz     the parsers under libFuzzer, SECONDS=60 each'
	@echo 'make deps     install the packages that kt needs'
	@echo 'make all | unit | scx | install (PREFIX, DESTDIR) | format | clean'

-include $(shell find $(B)/obj $(B)/tests build/fuzz build/bench -name '*.d' 2>/dev/null)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: nested all check-long check-truth share unit all-fuzz fuzz run check bench lint format deps install clean help scx
