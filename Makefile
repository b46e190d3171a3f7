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
PKGS_ALL := json-c libelf libzstd

pc = $(shell pkg-config $(1) $(2) 2>/dev/null)
JSON_CFLAGS := $(call pc,--cflags,json-c)

# kt-guest is one static program where a static json-c is to be had; else kt-initrd
# packs its libraries like those of any other program.
JSON_A := $(wildcard $(call pc,--variable=libdir,json-c)/libjson-c.a)
STATIC_kt-guest := $(if $(filter 1,$(SAN)),,$(if $(JSON_A),-static))

all: $(TOOLS:%=$(B)/bin/%) share

# ---- lib and tools ---------------------------------------------------------------
LIB_SRC := $(wildcard lib/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/obj/%.o)

$(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(BASE) -Ilib -I$(dir $<) -DKT_VERSION='"$(VERSION)"' \
		$(JSON_CFLAGS) $(call pc,--cflags,$(PKGS_$(firstword $(subst /, ,$<)))) -c -o $@ $<

$(B)/lib/libkt.a: $(LIB_OBJ)
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

define tool_rule
$(B)/bin/$(1): $(patsubst %.c,$(B)/obj/%.o,$(wildcard $(1)/*.c)) $(B)/lib/libkt.a
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(SANFLAGS) $$(LDFLAGS) $(STATIC_$(1)) -o $$@ $$^ \
		$$(call pc,--libs,json-c $(PKGS_$(1))) -lm -lpthread
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

.DELETE_ON_ERROR:
.PHONY: all
