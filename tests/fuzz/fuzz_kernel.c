// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-kernel/image.c kt-kernel/kconfig.c kt-kernel/files.c
/* What kt-kernel reads of files that it did not write: a bzImage's header, a configuration. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kt-kernel/image.h"
#include "kt-kernel/kconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char want_text[] =
	"CONFIG_A=y\nCONFIG_B=4\n# CONFIG_C is not set\nCONFIG_LONG_NAME=y\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char version[IMAGE_VERSION_MAX], names[40], hex[SHA256_HEX];
	struct kconfig want, have;
	struct errbuf e;

	if (!image_parse(data, len, version, &e) && strlen(version) >= sizeof(version))
		abort();
	if (kconfig_parse(&have, (const char *)data, len, &e))
		return 0;
	if (kconfig_parse(&want, want_text, sizeof(want_text) - 1, &e))
		abort();
	kconfig_hash(&have, hex);
	if (kconfig_missing(&want, &have, names, sizeof(names)) > want.n ||
	    strlen(names) >= sizeof(names))
		abort();
	/* what is appended wins, so nothing of it is missing */
	if (kconfig_append(&have, &want) || kconfig_missing(&want, &have, names, sizeof(names)))
		abort();
	kconfig_free(&want);
	kconfig_free(&have);
	return 0;
}
