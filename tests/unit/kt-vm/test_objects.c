// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/*.c kt-vm/kernel/objects/*.c kt-vm/observe/*.c kt-vm/machine/gmem.c
// LINK: kt-vm/engine/control.c
/*
 * What is read from the memory of a guest (guest_image.h) besides samples: BPF maps, a scheduler's
 * queues and its end, stacks, ring buffers, names; and of a guest that lies.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest_observed.h"
#include "kt-vm/kernel/objects/bpf.h"
#include "kt-vm/kernel/objects/bpf_find.h"
#include "kt-vm/kernel/objects/bpf_prog.h"
#include "kt-vm/kernel/objects/flight.h"
#include "kt-vm/kernel/objects/scx.h"
#include "kt-vm/kernel/objects/symbolize.h"
#include "kt-vm/kernel/unwind.h"
#include "kt-vm/kernel/value.h"
#include "kt-vm/observe/snapshot.h"
#include "kt-vm/observe/watchpoint.h"

/* Item i of the array that the map called `name` has as `entries`. */
static const char *entry_of(const char *name, size_t i)
{
	struct json_object *maps = kbpf_maps(&o.k), *m, *found = NULL;
	size_t n;

	for (n = 0; n < json_object_array_length(maps); n++) {
		m = json_object_array_get_idx(maps, n);
		if (strcmp(rec_get_str(m, "name", ""), name) == 0)
			found = json_object_array_get_idx(rec_get_arr(m, "entries"), i);
	}
	found = json_object_get(found);
	json_object_put(maps);
	return text_of(found);
}

static struct json_object *snapshot(void)
{
	struct errbuf e;

	CHECK_INT(snapshot_take(&o, "name", SNAPSHOT_FAILURE, 5, &e), 0);
	return last_record();
}

#define ARENA "{\"page\":\"0x100000000\",\"value\":\"6172656e610000"
#define ZEROS ",\"flag\":0,\"rest\":0,\"text\":\"\",\"number\":0,\"kind\":\"NONE\"}"

TEST(maps)
{
	begin(4);
	CHECK_STR(entry_of("array", 0), "{\"key\":0,\"value\":{\"count\":3,\"flag\":-3,\"rest\":0,"
					"\"text\":\"hi\",\"number\":26984,\"kind\":\"SOME\"}}");
	CHECK_STR(entry_of("guest.bss", 0),
		  "{\"key\":0,\"value\":{\"stats\":{\"count\":3,\"flag\":-3,\"rest\":0,"
		  "\"text\":\"hi\",\"number\":26984,\"kind\":\"SOME\"}}}");
	CHECK_STR(entry_of("percpu", 0),
		  "{\"key\":0,\"values\":[{\"count\":10" ZEROS ",{\"count\":11" ZEROS "]}");
	CHECK_STR(entry_of("hash", 0), "{\"key\":1,\"value\":{\"count\":11" ZEROS "}");
	CHECK_STR(entry_of("hash", 1), "{\"key\":2,\"value\":{\"count\":12" ZEROS "}");
	CHECK_STR(entry_of("hash", 2), "null");
	CHECK_STR(entry_of("percpu_hash", 0),
		  "{\"key\":3,\"values\":[{\"count\":20" ZEROS ",{\"count\":21" ZEROS "]}");
	CHECK_STR(entry_of("storage", 1), "{\"owner\":{\"pid\":61,\"comm\":\"left\"},"
					  "\"value\":{\"count\":32" ZEROS "}");
	CHECK(strncmp(entry_of("arena", 0), ARENA, strlen(ARENA)) == 0);
	CHECK_STR(entry_of("arena", 1), "null");
	CHECK_STR(text_of(kbpf_progs_json(&o.k)),
		  "[{\"id\":9,\"name\":\"a_guest_enqueue\",\"op\":\"enqueue\",\"cnt\":10,"
		  "\"ns\":1000,\"verified_insns\":99}]");
	end();
}

TEST(end_of_a_scheduler)
{
	struct json_object *e;

	begin(4);
	memset(g.exit.message, 0, 14); /* "ops.enqueue() " */
	g.exit.msg += 14;
	g.exit.log[5] = '\0';
	CHECK_STR(
		text_of(kscx_exit(&o.k, &o.end)),
		"{\"ops\":\"guest\",\"kind\":\"SCX_EXIT_ERROR\",\"exit_code\":0,"
		"\"reason\":\"out of luck\",\"msg\":\"left[61] failed to run for 2.080s\","
		"\"backtrace\":[\"by_sp+0x10\",\"bpf_prog_0123456789abcdef_a_guest_enqueue+0x12\"],"
		"\"dump\":\"CPU 1\",\"blame\":{\"evidence\":\"program\",\"callbacks\":"
		"[{\"op\":\"enqueue\",\"program\":\"a_guest_enqueue\"}]}}");
	g.exit.kind = 1026; /* SCX_EXIT_ERROR_STALL */
	g.exit.log[5] = ' ';
	e = kscx_exit(&o.k, &o.end);
	CHECK_STR(
		text_of(json_object_get(rec_get_obj(e, "blame"))),
		"{\"evidence\":\"queue\",\"callbacks\":[{\"op\":\"dispatch\",\"missing\":true}],"
		"\"task\":{\"pid\":61,\"comm\":\"left\",\"waited_ms\":2080},\"dsq\":\"7\",\"cpu\":1}");
	json_object_put(e);
	g.exit.kind = 1024;
	/* from 6.16 on all of it hangs on the scheduler */
	guest_probes(&o.k.probe, true);
	g.root = GVA(sched);
	g.exit_info = 0;
	CHECK_INT(kscx_exit_kind(&o.k), 1024);
	CHECK(strncmp(text_of(kscx_exit(&o.k, &o.end)), "{\"ops\":\"newer\"", 14) == 0);
	end();
}

TEST(queues)
{
#define TASK(pid, comm)                                        \
	"{\"pid\":" #pid ",\"comm\":\"" comm                   \
	"\",\"slice_ns\":20000000,\"vtime\":0,\"weight\":100," \
	"\"runnable_jiffies\":10}"
	begin(4);
	CHECK_STR(text_of(kscx_queues(&o.k)),
		  "[{\"id\":7,\"nr\":1,\"tasks\":[" TASK(
			  63, "kworker\\/1:1") "]},"
					       "{\"id\":8,\"nr\":0,\"tasks\":[]}]");
	CHECK_STR(text_of(kscx_local(&o.k, 0)), "[" TASK(61, "left") "]");
	CHECK_STR(text_of(kscx_runnable(&o.k, 0)), "[" TASK(61, "left") "," TASK(62, "right") "]");
	CHECK_STR(text_of(kscx_runnable(&o.k, 1)), "[]");
	end();
}

TEST(stacks)
{
	static const char *const want[] = { "by_sp",          "by_bp",
					    "interrupted",    "by_sp_indirect",
					    "by_bp_indirect", "interrupted_partly",
					    "the_end" };
	uint64_t pc[KUNWIND_MAX];
	struct vcpu_regs r;
	struct errbuf e;
	char name[40];
	size_t i;

	begin(4);
	some_regs(NULL, 0, &r, &e);
	CHECK_INT(kunwind(&o.k, &r, pc, KUNWIND_MAX), 7);
	for (i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "\"%s+0x20\"", want[i]);
		CHECK_STR(text_of(ksymbolize(&o.k, pc[i])), name);
	}
	end();
}

TEST(flight_recorder)
{
	static const int64_t want[][3] = { /* time, CPU, next_pid */
					   { 1100, 0, 61 },      { 2100, 0, 61 },
					   { 3100, 1, 61 },      { 4100, 0, 61 },
					   { 134218836, 0, 62 }, { 134219836, 0, 62 },
					   { 134220836, 1, 62 }, { 134221836, 0, 62 }
	};
	struct json_object *a, *e;
	size_t i;

	begin(4);
	a = kflight_events(&o.k);
	CHECK_INT(json_object_array_length(a), 8);
	for (i = 0; i < json_object_array_length(a) && i < 8; i++) {
		e = json_object_array_get_idx(a, i);
		CHECK_STR(rec_get_str(e, "event", ""), "sched_switch");
		CHECK_INT(rec_get_int(e, "ts_ns", 0), want[i][0]);
		CHECK_INT(rec_get_int(e, "cpu", 9), want[i][1]);
		CHECK_INT(rec_get_int(e, "next_pid", 0), want[i][2]);
	}
	json_object_put(a);
	end();
}

TEST(names)
{
	begin(4);
	CHECK_STR(name_of("runqueues[1].curr->comm"), "\"left\"");
	CHECK_STR(name_of("runqueues[0].clock"), "9000000");
	CHECK_STR(name_of("(struct task_struct)init_task.name"), "\"out of luck\"");
	CHECK_STR(name_of("a_number"), "42");
	CHECK_STR(name_of("stats.count"), "3");
	CHECK_STR(name_of("guest.bss:stats.flag"), "-3");
	CHECK_STR(name_of("array[1].rest"), "0");
	CHECK_STR(name_of("array[2].rest"), "map array has 2 entries, no 2");
	CHECK_STR(name_of("percpu[0].count"), "\"percpu[0].count\" has a value for each CPU");
	CHECK_STR(name_of("stats.nothing"), "struct \"stats\" has no member \"nothing\" (it has "
					    "count, flag, rest, text, number, kind)");
	CHECK_STR(name_of("nothing"),
		  "the guest's BPF programs have no \"nothing\" (they have stats)");
	end();
}

/* The kernel's types are there for a request that needs them, and gone behind it. */
TEST(types_come_and_go)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct json_object *op;
	unsigned int i;

	begin(4);
	CHECK_INT(snapshot_take(&o, "x", SNAPSHOT_OP, 1, &(struct errbuf){ "" }), 0);
	for (i = 0; i < 2; i++) {
		op = rec_new("op");
		rec_str(op, "op", "read");
		rec_str(op, "what", "runqueues[1].curr->comm");
		obs_request(&o, op, nowhere, 1);
		CHECK_STR(rec_get_str(op, "value", "?"), "left");
		CHECK(!o.k.types);
		json_object_put(op);
	}
	/* what the scheduler has alone is found without */
	CHECK_STR(name_of("stats.count"), "3");
	CHECK(!o.k.types);
	end();
	close(nowhere);
}

static int watch(const char *what)
{
	struct json_object *op = json_object_new_object();
	struct errbuf e;
	int rc;

	json_object_object_add(op, "what", json_object_new_string(what));
	kview_begin(&o.k);
	rc = watch_request(&o, op, &e);
	json_object_put(op);
	return rc;
}

TEST(watchpoints_of_a_replaced_scheduler)
{
	unsigned int i;

	begin(4);
	for (i = 0; i < ENGINE_WATCHES; i++)
		CHECK_INT(watch("stats.count"), 0);
	CHECK_INT(watch("stats.count"), -EBUSY);
	replace_scheduler();
	CHECK_INT(watch("stats.count"), 0);
	CHECK_INT(o.nwatches, 1);
	CHECK_INT(o.watch[0].map_id, 99);
	end();
}

/* The last variable of a section: the page behind it may not be there. */
TEST(last_bytes_of_a_page)
{
	struct kbpf_value v = { .field = { .known = true, .size = 4, .is_signed = true } };
	uint64_t n;

	begin(4);
	memset(g.arena + 4092, 0xff, 4);
	v.gva = G_VMALLOC + (256 + 8) * 4096ULL + 4092;
	CHECK_INT(kbpf_read(&o.k, &v, 0, &n), 0);
	CHECK_INT(n, -1);
	end();
}

/* ---- a guest that lies ----------------------------------------------------------------- */

/* Each list is cut by itself; what all of them may cost is bounded, and it is said. */
TEST(loops)
{
	struct json_object *r;

	begin(4);
	g.task[2].runnable.next = GVA(task[1].runnable);
	r = kscx_runnable(&o.k, 0);
	CHECK_INT(json_object_array_length(r), KSCX_TASKS_MAX);
	json_object_put(r);
	g.elem[1].next = GVA(elem[0]);
	g.node[0][0] = GVA(node[0]) + 2;
	g.hash.size = 1 << 20;
	o.k.work_max = 5000;
	r = snapshot();
	CHECK(rec_get_bool(r, "truncated", false));
	CHECK_INT(o.k.work, 0);
	json_object_put(r);
	end();
}

/* An arena whose pages are all the same one: 32 MiB of text, which no reader takes. */
TEST(a_record_fits_into_a_line)
{
	struct json_object *r, *m;
	size_t i;

	begin(4);
	for (i = 0; i < 512; i++)
		g.table[G_PT][i] = GPA(arena) | 1;
	for (i = 1; i < 512; i++)
		g.table[G_PD][i] = (GPA(table) + 4096 * G_PT) | 1;
	g.map[G_ARENA].user_end = g.map[G_ARENA].user_start + 4096 * 4096;
	g.map[G_ARENA].max_entries = 4096;
	r = snapshot();
	CHECK(rec_get_bool(r, "truncated", false));
	m = json_object_array_get_idx(rec_get_arr(r, "maps"), G_ARENA);
	CHECK_STR(rec_get_str(m, "name", ""), "arena");
	CHECK_INT(rec_get_int(m, "truncated", 0), 4096);
	CHECK_INT(json_object_array_length(rec_get_arr(m, "entries")), 0);
	m = json_object_array_get_idx(rec_get_arr(r, "maps"), G_ARRAY);
	CHECK_INT(json_object_array_length(rec_get_arr(m, "entries")), 2);
	json_object_put(r);
	end();
}

/* A struct of anonymous structs, each of which is the struct itself. */
TEST(types_within_themselves)
{
	struct btf *b = btf__new_empty();
	uint8_t value[16] = { 0 };
	struct kfield f;
	struct errbuf e;
	int i, id = btf__add_struct(b, "s", 16);

	for (i = 0; i < 20; i++)
		btf__add_field(b, "", id, 0, 0);
	CHECK_INT(kbtf_member(b, (uint32_t)id, "nothing", &f, &e), -2 /* ENOENT */);
	CHECK_STR(text_of(kval_json(b, (uint32_t)id, value, sizeof(value), NULL)),
		  "{\"truncated\":true}");
	btf__free(b);
}

TEST(a_type_that_is_not_there)
{
	begin(4);
	g.aux.attach_type = 0xffffff;
	CHECK_STR(text_of(kbpf_progs_json(&o.k)),
		  "[{\"id\":9,\"name\":\"a_guest_enqueue\",\"cnt\":10,"
		  "\"ns\":1000,\"verified_insns\":99}]");
	end();
}

TEST(bytes_that_are_no_text)
{
	struct json_object *r;

	begin(4);
	strcpy(g.aux.ksym.name, "bpf_\xff\xfe");
	strcpy(g.task[1].comm, "\xc3(");
	strcpy(g.exit.text, "\xf0\x9f");
	strcpy(strstr((char *)memmem(g.btf_data, sizeof(g.btf_data), "\0stats", 7) + 1, "stats"),
	       "st\xff\xfes");
	r = snapshot();
	CHECK(rec_get_obj(r, "exit"));
	json_object_put(r);
	CHECK_STR(name_of("(struct task_struct)init_task.name"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	end();
}

/* QEMU may be gone by the time that its guest is answered. */
TEST(an_answer_that_nobody_hears)
{
	struct json_object *op = json_object_new_object();
	char got[64] = "";
	int port[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, port), 0);
	obs_answer(op, port[0], "no");
	CHECK(read(port[1], got, sizeof(got) - 1) > 0);
	CHECK_STR(got, "{\"ok\":false,\"error\":\"no\"}\n");
	close(port[1]);
	obs_answer(op, port[0], NULL);
	CHECK(rec_get_bool(op, "ok", false));
	close(port[0]);
	json_object_put(op);
}

UNIT_MAIN(T(maps), T(end_of_a_scheduler), T(queues), T(stacks), T(flight_recorder), T(names),
	  T(types_come_and_go), T(watchpoints_of_a_replaced_scheduler), T(last_bytes_of_a_page),
	  T(loops), T(a_record_fits_into_a_line), T(types_within_themselves),
	  T(a_type_that_is_not_there), T(bytes_that_are_no_text), T(an_answer_that_nobody_hears))
