// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/*.c kt-vm/kernel/objects/*.c kt-vm/observe/*.c kt-vm/machine/gmem.c
// LINK: kt-vm/engine/control.c
/* Samples of a guest's memory (guest_image.h): CPUs, idle time, who waits, and values of maps. */
#include "guest_observed.h"
#include "kt-vm/observe/monitor.h"

static void check_attach(unsigned int levels)
{
	struct json_object *r;
	struct errbuf e;

	begin(levels);
	o.attached = false;
	o.k.mem = (struct kmem){ .ram = o.k.mem.ram, .sym = o.k.mem.sym };
	CHECK_INT(obs_attach(&o, 1, &e), 0);
	r = last_record();
	CHECK(o.attached);
	CHECK_STR(rec_get_str(r, "error", "none"), "none");
	CHECK_INT(rec_get_int(r, "page_table_levels", 0), levels);
	CHECK_STR(rec_get_str(r, "kaslr_virt", ""), "0x0");
	json_object_put(r);
	end();
}

TEST(attach)
{
	check_attach(4);
	check_attach(5);
}

TEST(another_kernel)
{
	struct json_object *r;
	struct errbuf e;

	begin(4);
	g.banner[3] = '?';
	o.attached = false;
	CHECK_INT(obs_attach(&o, 1, &e), -11 /* EAGAIN */);
	CHECK(!o.attached && o.off);
	r = last_record();
	CHECK_STR(rec_get_str(r, "error", ""), "no such kernel in the guest's memory");
	json_object_put(r);
	end();
}

static void check_sample(unsigned int levels)
{
	struct json_object *r, *cpu;

	begin(levels);
	monitor_sample(&o, 7);
	r = last_record();
	cpu = rec_get_obj(r, "cpu");
#define CHECK_COLUMN(name, value) CHECK_STR(text_of(json_object_get(rec_get_arr(cpu, name))), value)
	CHECK_COLUMN("nr_running", "[2,2]");
	CHECK_COLUMN("clock_ns", "[9000000,9000001]");
	CHECK_COLUMN("local_dsq", "[1,0]");
	CHECK_COLUMN("curr_pid", "[0,61]");
	CHECK_COLUMN("curr_comm", "[\"swapper\\/0\",\"left\"]");
	CHECK_COLUMN("idle", "[1,0]");
	CHECK_COLUMN("vcpu_ns", "[100,101]");
	CHECK_COLUMN("online", "[1,0]");
	CHECK_COLUMN("idle_total_ns",
		     "[610,110]"); /* of the clock's 7500 the last 500, and before */
	CHECK_COLUMN("curr_class", "[\"idle\",\"ext\"]");
	CHECK_COLUMN("curr_outside", "[0,0]");
#undef CHECK_COLUMN
	CHECK_STR(text_of(json_object_get(rec_get_arr(r, "dsqs"))),
		  "[{\"id\":7,\"nr\":1},{\"id\":8,\"nr\":0}]");
	json_object_put(r);
	end();
}

/* A column of the waiting tasks in a sample at that time. */
static const char *waiting(const char *column, uint64_t now_ns)
{
	struct json_object *r, *v;

	monitor_sample(&o, now_ns);
	r = last_record();
	v = json_object_get(rec_get_arr(rec_get_obj(r, "waiting"), column));
	json_object_put(r);
	return text_of(v);
}

TEST(who_waits)
{
	begin(4);
	CHECK_STR(waiting("pid", 1), "[61,62,65,64,66]");
	CHECK_STR(waiting("comm", 1), "[\"left\",\"right\",\"rt\",\"fair\",\"dl\"]");
	CHECK_STR(waiting("class", 1), "[\"ext\",\"ext\",\"rt\",\"fair\",\"dl\"]");
	CHECK_STR(waiting("cpu", 1), "[0,0,1,1,1]");
	CHECK_STR(waiting("cpus", 1), "[\"0-1\",\"0-1\",\"1\",\"0-1\",\"0-1\"]");
	CHECK_STR(waiting("dsq", 1), "[\"none\",7,null,null,null]");
	CHECK_STR(waiting("weight", 1), "[1024,1024,0,2048,0]");
	CHECK_STR(waiting("kthread", 1), "[0,0,0,1,0]");
	CHECK_STR(waiting("cgroup", 1),
		  "[\"workers\",\"workers\",\"workers\",\"workers\",\"workers\"]");
	CHECK_STR(waiting("wait_ns", 1), "[7000001,6000001,5000001,4000001,3000001]");
	/* all CPUs are idle, and none looks at its clock: the host's goes on, while the guest runs
	 */
	CHECK_STR(waiting("wait_ns", 101), "[7000101,6000101,5000101,4000101,3000101]");
	o.stood_ns = 60;
	CHECK_STR(waiting("wait_ns", 101), "[7000041,6000041,5000041,4000041,3000041]");
	end();
}

TEST(who_does_not_wait)
{
	begin(4);
	g.task[G_LEFT].queued = 8500000; /* for less than 1 ms */
	g.task[G_RIGHT].on_cpu = 1;
	g.task[G_FAIR].delayed = 1;
	g.task[G_RT].queued = 0;
	g.task[G_DL].on_rq = 2; /* TASK_ON_RQ_MIGRATING */
	CHECK_STR(waiting("pid", 1), "[]");
	g.task[G_FAIR].delayed = 0;
	CHECK_STR(waiting("pid", 1), "[64]");
	g.cfs_rq = 1; /* throttled */
	CHECK_STR(waiting("pid", 1), "[]");
	end();
}

/* A list leads into another CPU's, or to itself: what was on the way there counts. */
TEST(torn_lists)
{
	begin(4);
	g.task[G_RIGHT].runnable.next = GVA(cpu[1].rq.runnable);
	CHECK_STR(waiting("pid", 1), "[61,62,65,64,66]");
	g.task[G_LEFT].cpu = 1; /* it has just gone there */
	CHECK_STR(waiting("pid", 1), "[65,64,66]");
	g.task[G_DL].dl_node[1] = g.task[G_DL].dl_node[2] = GVA(task[G_DL].dl_node);
	g.task[G_RT].rt_node.next = GVA(task[G_RT].rt_node);
	kview_begin(&o.k);
	monitor_sample(&o, 2);
	CHECK(!kmem_spent(&o.k.mem)); /* the bounds of the walks are reached first */
	end();
}

static int64_t idle_column(const char *name, unsigned int cpu, uint64_t now_ns)
{
	struct json_object *r;
	int64_t ns;

	monitor_sample(&o, now_ns);
	r = last_record();
	ns = json_object_get_int64(
		json_object_array_get_idx(rec_get_arr(rec_get_obj(r, "cpu"), name), cpu));
	json_object_put(r);
	return ns;
}

static int64_t idle_for(unsigned int cpu, uint64_t now_ns)
{
	return idle_column("idle_for_ns", cpu, now_ns);
}

static int64_t idle_total(unsigned int cpu, uint64_t now_ns)
{
	return idle_column("idle_total_ns", cpu, now_ns);
}

TEST(idle_for)
{
	begin(4);
	CHECK_INT(idle_for(0, 10000), 500);
	CHECK_INT(idle_for(1, 10000), 0);
	CHECK_INT(idle_for(0, 20000), 10500);    /* nobody has looked at a clock since */
	g.tk.base = g.cpu[0].tick.entry = 19900; /* an interrupt */
	CHECK_INT(idle_for(0, 30000), 20500);
	g.cpu[0].rq.nr_switches++; /* a task, and it is gone again */
	g.tk.base = g.cpu[0].tick.entry = 39000;
	CHECK_INT(idle_for(0, 40000), 500);
	g.cpu[0].rq.nr_switches++;
	g.cpu[0].tick.flags = 0; /* in an interrupt: idle since when? not yet when last looked at */
	CHECK_INT(idle_for(0, 50000), 0);
	CHECK_INT(idle_for(0, 60000), 10000);
	g.cpu[0].rq.curr = GVA(task[G_LEFT]);
	CHECK_INT(idle_for(0, 70000), 0);
	end();
}

/* A CPU that idles beside a task on its queue: after an interrupt the kernel counts no more. */
TEST(idle_time_uncounted)
{
	begin(4);
	CHECK_INT(idle_total(0, 10000), 610);
	g.cpu[0].tick.idle += 500; /* an interrupt has ended that period */
	g.cpu[0].tick.flags = 0;
	CHECK_INT(idle_total(0, 20000), 10610);
	CHECK_INT(idle_total(0, 30000), 20610);
	g.cpu[0].rq.nr_switches++; /* the task has run: idle since when? */
	CHECK_INT(idle_total(0, 40000), 20610);
	CHECK_INT(idle_total(0, 50000), 30610);
	g.cpu[0].rq.curr = GVA(task[G_LEFT]);
	CHECK_INT(idle_total(0, 60000), 30610);
	g.cpu[0].tick.idle += 300; /* what the kernel counts is added to it */
	CHECK_INT(idle_total(0, 70000), 30910);
	end();
}

/* From 7.2 on idle time is with the other times of a CPU, and the struct of the clock has a name.
 */
TEST(idle_time_newer)
{
	struct json_object *r;

	begin(4);
	guest_probes(&o.k.probe, true);
	g.cpu[0].tick.flags = 1;
	monitor_sample(&o, 7);
	r = last_record();
	CHECK_STR(text_of(json_object_get(rec_get_arr(rec_get_obj(r, "cpu"), "idle_total_ns"))),
		  "[610,110]");
	json_object_put(r);
	end();
}

TEST(scheduler_state)
{
	struct json_object *r;

	begin(4);
	g.cpu[1].rq.scx_flags = 64;
	monitor_sample(&o, 1);
	r = last_record();
	CHECK_STR(text_of(json_object_get(rec_get_obj(r, "scx"))),
		  "{\"state\":\"enabled\",\"ops\":\"guest\",\"bypass\":true}");
	json_object_put(r);
	g.scx_state = 3;
	g.cpu[1].rq.scx_flags = 0;
	monitor_sample(&o, 2);
	r = last_record();
	CHECK_STR(text_of(json_object_get(rec_get_obj(r, "scx"))),
		  "{\"state\":\"disabled\",\"ops\":\"\",\"bypass\":false}");
	json_object_put(r);
	end();
}

TEST(outside_its_mask)
{
	struct json_object *r;

	begin(4);
	g.mask = 1;
	monitor_sample(&o, 1);
	r = last_record();
	CHECK_STR(text_of(json_object_get(rec_get_arr(rec_get_obj(r, "cpu"), "curr_outside"))),
		  "[0,1]");
	json_object_put(r);
	g.task[G_LEFT].migration_disabled = 1;
	monitor_sample(&o, 2);
	r = last_record();
	CHECK_STR(text_of(json_object_get(rec_get_arr(rec_get_obj(r, "cpu"), "curr_outside"))),
		  "[0,0]");
	json_object_put(r);
	end();
}

TEST(samples)
{
	check_sample(4);
	check_sample(5);
}

TEST(live_fields)
{
	struct json_object *test = json_object_new_object(), *a = json_object_new_array(), *r;

	begin(4);
	json_object_array_add(a, json_object_new_string("stats.flag"));
	json_object_array_add(a, json_object_new_string("percpu[0].count"));
	json_object_array_add(a, json_object_new_string("nothing"));
	json_object_object_add(test, "watch_fields", a);
	obs_plan(&o, test);
	monitor_sample(&o, 1);
	r = last_record();
	CHECK_STR(text_of(json_object_get(rec_get_obj(r, "fields"))),
		  "{\"stats.flag\":-3,\"percpu[0].count\":[10,11],\"nothing\":null}");
	json_object_put(r);
	end();
	json_object_put(test);
}

TEST(the_newest_map_counts)
{
	struct json_object *test = json_object_new_object(), *a = json_object_new_array(), *r;

	begin(4);
	json_object_array_add(a, json_object_new_string("stats.count"));
	json_object_object_add(test, "watch_fields", a);
	obs_plan(&o, test);
	monitor_sample(&o, 1);
	replace_scheduler();
	monitor_sample(&o, 2);
	r = last_record();
	CHECK_STR(text_of(json_object_get(rec_get_obj(r, "fields"))), "{\"stats.count\":7}");
	CHECK_STR(name_of("stats.count"), "7");
	json_object_put(r);
	end();
	json_object_put(test);
}

/* A scheduler that ends and ends is not worth a pause each time. */
TEST(an_end_without_end)
{
	unsigned int i, snapshots = 0;
	uint64_t now = 1;
	const char *p;

	begin(4);
	o.period_ns = NSEC_PER_SEC;
	for (i = 0; i < 200; i++) {
		g.exit.kind = i % 2 ? 0 : 1024;
		obs_tick(&o, now += NSEC_PER_SEC);
	}
	fflush(out.f);
	for (p = records; (p = strstr(p, "\"reason\":\"failure\"")); p++)
		snapshots++;
	CHECK_INT(snapshots, 64);
	end();
}

TEST(samples_of_loops)
{
	begin(4);
	g.dsq[0].hash_node = GVA(dsq[0].hash_node);
	o.k.work_max = 400;
	monitor_sample(&o, 1);
	fflush(out.f);
	CHECK_INT(records_len, 0); /* nothing that one could believe */
	end();
}

UNIT_MAIN(T(attach), T(another_kernel), T(who_waits), T(who_does_not_wait), T(torn_lists),
	  T(idle_for), T(idle_time_uncounted), T(idle_time_newer), T(scheduler_state),
	  T(outside_its_mask), T(samples), T(live_fields), T(the_newest_map_counts),
	  T(an_end_without_end), T(samples_of_loops))
