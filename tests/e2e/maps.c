// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF maps of each kind that kt-vm reads, with known values, made and filled by user space alone:
 * no BPF program is needed for that, and no compiler for one. They stay until it is killed.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE        4096
#define ARENA_PAGES 16
#define ARENA_AT    0x100000000000ULL
#define LARGE       5000 /* more entries than a snapshot has room for */

struct value {
	unsigned int count;
	int level;
	char tag[8];
};

static int btf_fd, u32_id, value_id;

static int check(const char *what, int rc)
{
	if (rc >= 0)
		return rc;
	perror(what);
	exit(1);
}

static void load_btf(void)
{
	struct btf *btf = btf__new_empty();
	int s32_id, char_id, tag_id;

	u32_id = btf__add_int(btf, "unsigned int", 4, 0);
	s32_id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	char_id = btf__add_int(btf, "char", 1, BTF_INT_SIGNED);
	tag_id = btf__add_array(btf, u32_id, char_id, sizeof(((struct value *)0)->tag));
	value_id = btf__add_struct(btf, "value", sizeof(struct value));
	btf__add_field(btf, "count", u32_id, 0, 0);
	btf__add_field(btf, "level", s32_id, 32, 0);
	btf__add_field(btf, "tag", tag_id, 64, 0);
	check("BTF", btf__load_into_kernel(btf));
	btf_fd = btf__fd(btf);
	/* of storage for tasks and cgroups the key is an int */
	u32_id = s32_id;
}

static int make(enum bpf_map_type type, const char *name, unsigned int entries, unsigned int flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .btf_fd = (unsigned int)btf_fd, .map_flags = flags,
		    .btf_key_type_id = (unsigned int)u32_id,
		    .btf_value_type_id = (unsigned int)value_id);

	return check(name, bpf_map_create(type, name, 4, sizeof(struct value), entries, &o));
}

static struct value value(unsigned int count, int level)
{
	struct value v = { .count = count, .level = level, .tag = "kt" };

	return v;
}

static void put(int fd, int key, struct value v)
{
	check("value", bpf_map_update_elem(fd, &key, &v, BPF_ANY));
}

/* Each CPU's is a count of its own. */
static void put_percpu(int fd, int key, unsigned int count)
{
	int cpu, cpus = libbpf_num_possible_cpus();
	struct value *v = calloc((size_t)cpus, sizeof(*v));

	for (cpu = 0; cpu < cpus; cpu++)
		v[cpu] = value(count + (unsigned int)cpu, -cpu);
	check("values", bpf_map_update_elem(fd, &key, v, BPF_ANY));
	free(v);
}

static void make_storage(void)
{
	int task = make(BPF_MAP_TYPE_TASK_STORAGE, "t_task", 0, BPF_F_NO_PREALLOC);
	int cgrp = make(BPF_MAP_TYPE_CGRP_STORAGE, "t_cgrp", 0, BPF_F_NO_PREALLOC);

	put(task, (int)check("pidfd", (int)syscall(SYS_pidfd_open, getpid(), 0)), value(71, -7));
	put(cgrp, check("cgroup root", open("/sys/fs/cgroup", O_RDONLY)), value(81, -8));
	mkdir("/sys/fs/cgroup/t_outer", 0755);
	mkdir("/sys/fs/cgroup/t_outer/t_inner", 0755);
	put(cgrp, check("cgroup", open("/sys/fs/cgroup/t_outer/t_inner", O_RDONLY)), value(82, -9));
}

/* Its first page and one more; nobody has touched those between. */
static void make_arena(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE, .map_extra = ARENA_AT);
	int fd = check("t_arena",
		       bpf_map_create(BPF_MAP_TYPE_ARENA, "t_arena", 0, 0, ARENA_PAGES, &o));
	char *at = mmap((void *)ARENA_AT, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, fd, 0);

	check("arena", at == MAP_FAILED ? -1 : 0);
	memcpy(at, "first", 5);
	memcpy(at + 3 * PAGE, "fourth", 6);
}

int main(void)
{
	int fd, i;

	load_btf();
	put(make(BPF_MAP_TYPE_ARRAY, "t_array", 2, 0), 1, value(11, -1));
	put(make(BPF_MAP_TYPE_HASH, "t_hash", 8, 0), 1000, value(21, -2));
	fd = make(BPF_MAP_TYPE_LRU_HASH, "t_lru", 8, 0);
	put(fd, 3, value(31, -3));
	put(fd, 4, value(32, -3));
	put_percpu(make(BPF_MAP_TYPE_PERCPU_ARRAY, "t_parray", 1, 0), 0, 41);
	put_percpu(make(BPF_MAP_TYPE_PERCPU_HASH, "t_phash", 8, 0), 5, 51);
	put_percpu(make(BPF_MAP_TYPE_LRU_PERCPU_HASH, "t_plru", 8, 0), 6, 61);
	fd = make(BPF_MAP_TYPE_HASH, "t_large", LARGE, 0);
	for (i = 0; i < LARGE; i++)
		put(fd, i, value((unsigned int)i, 0));
	make_storage();
	make_arena();
	for (;;)
		pause();
}
