// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * In the life of a User VM, each hypercall fails once, in each way, at each of
 * its calls: the call that made it says so, works when it is made again, and
 * in the end nothing is left.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "life.h"
#include "memseg.h"
#include "vm.h"

#define CALLS_MAX	100
#define REAPED_MS	10000

/* Each place in the driver that prints may do so ten times in five seconds. */
#define LINES(us)	(3 * 10 * ((us) / 5000000 + 2))

/**
 * struct failure - one failure of a hypercall
 * @call: HC_*
 * @nth: at which of its calls, from 0
 * @how: what the hypervisor does
 * @answer: what it answers
 * @result: what user space has to be told
 */
struct failure {
	unsigned int call;
	unsigned int nth;
	enum testbed_fail how;
	int answer;
	int result;
};

static const struct {
	unsigned int call;
	const char *name;
} calls[] = {
	{ HC_CREATE_VM, "CREATE_VM" },
	{ HC_DESTROY_VM, "DESTROY_VM" },
	{ HC_START_VM, "START_VM" },
	{ HC_PAUSE_VM, "PAUSE_VM" },
	{ HC_RESET_VM, "RESET_VM" },
	{ HC_SET_VCPU_REGS, "SET_VCPU_REGS" },
	{ HC_INJECT_MSI, "INJECT_MSI" },
	{ HC_VM_INTR_MONITOR, "VM_INTR_MONITOR" },
	{ HC_SET_IRQLINE, "SET_IRQLINE" },
	{ HC_SET_IOREQ_BUFFER, "SET_IOREQ_BUFFER" },
	{ HC_NOTIFY_REQUEST, "NOTIFY_REQUEST" },
	{ HC_SET_MEMORY_REGIONS, "SET_MEMORY_REGIONS" },
	/* the last: not where CREATE_VM makes the vCPUs */
	{ HC_CREATE_VCPU, "CREATE_VCPU" },
};

static struct life life;
static unsigned int call_count;
static unsigned long complaints;
static struct pins before;
static struct hv_account account;

/* Where it happened, for messages */
static const char *story(const struct failure *f, unsigned int step)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s, hypercall %#x no. %u says %s (%d)",
		 life_steps[step].name, f->call, f->nth, result_name(f->answer),
		 f->how);
	return text;
}

static void check_nothing_left(const struct failure *f, unsigned int step)
{
	struct hv_account now;

	if (f->call == HC_DESTROY_VM || f->call == HC_PAUSE_VM) {
		check(vm_gone(life.guest.config, REAPED_MS), "%s: the VM is left",
		      story(f, step));
		pins_back(&before, REAPED_MS, story(f, step));
	}
	hv_get_account(&now);
	check_equal(now.vms, account.vms, "%s: VMs", story(f, step));
	check_equal(now.vcpus, account.vcpus, "%s: vCPUs", story(f, step));
	check_equal(shown_vms(), 0, "%s: VMs in debugfs", story(f, step));
	pins_check(&before, 0, story(f, step));
}

/* Since v2.0, the VM cannot be destroyed if it was not paused. */
static bool is_not_paused(const struct failure *f, unsigned int step)
{
	return f->call == HC_PAUSE_VM && f->how != TESTBED_FAIL_AFTER &&
	       life_steps[step].destroys && hv_destroys_paused();
}

/*
 * What a step has to say that met the failure.  The guest's second request is
 * finished in the upcall, at any time.
 */
static void check_told(const struct failure *f, unsigned int step, int result)
{
	bool in_upcall = f->call == HC_NOTIFY_REQUEST && f->nth;
	bool told = f->result && !in_upcall && !life_loses(step, f->call);

	if (is_not_paused(f, step) && step != LIFE_STEPS - 1)
		check_result(result, -EIO, "%s", story(f, step));
	else
		check_result(result, told ? f->result : 0, "%s", story(f, step));
}

/*
 * Live a life with one failure.  Returns whether it came to it.  Where the
 * hypervisor has done something else than it says, no more is asked for than
 * that the VM can be destroyed.
 */
static bool live(const struct failure *f, bool tidy)
{
	unsigned long first = hv_calls(f->call), now = first, last;
	bool honest = (f->how == TESTBED_FAIL_AFTER) == !f->result;
	bool met = false, here;
	unsigned int step, where = 0;
	int ret;

	life_begin(&life);
	hv_fail(f->call, f->nth, 1, f->answer, f->how);
	for (step = 0; step < LIFE_STEPS; step++) {
		if (!life_has(&life, step) || (life_steps[step].tidy && !tidy))
			continue;
		last = now;
		ret = life_run(&life, step);
		now = hv_calls(f->call);
		here = !met && now - first > f->nth && last - first <= f->nth;
		if (!here) {
			check_result(ret, 0, "%s, after %s",
				     life_steps[step].name,
				     met ? story(f, where) : "no failure");
			continue;
		}
		met = true;
		where = step;
		check_told(f, step, ret);
		if (!honest) {
			life_end(&life);
			break;
		}
		if (ret)
			check_result(life_run(&life, step), life_steps[step].again,
				     "once more after %s", story(f, step));
		now = hv_calls(f->call);
	}
	hv_behave();
	check_nothing_left(f, where);
	return met;
}

/*
 * What cannot be tried: nobody knows the VM that was created, but denied, and
 * if a VM was destroyed, but denied or the other way round, it is believed.  By ETIMEDOUT
 * ACRN says that a VM was destroyed or reset.
 */
static bool believed(unsigned int call, enum testbed_fail how, int result)
{
	if (call == HC_CREATE_VM)
		return how == TESTBED_FAIL_AFTER && result;
	if (call == HC_DESTROY_VM)
		return (how == TESTBED_FAIL_AFTER) != !result ||
		       result == -ETIMEDOUT;
	return call == HC_RESET_VM && result == -ETIMEDOUT;
}

static unsigned int walk_call(unsigned int call, enum testbed_fail how,
			      int answer, int result, bool tidy)
{
	struct failure f = {
		.call = call, .how = how, .answer = answer, .result = result,
	};

	if (believed(call, how, result))
		return 0;
	/* what was not done will be missed, and so will be a pause by DESTROY_VM */
	if (how == TESTBED_FAIL_REFUSE && answer >= 0)
		hv_expect(TESTBED_FOREVER);
	else if (call == HC_PAUSE_VM && hv_destroys_paused())
		hv_expect(1);
	while (live(&f, tidy))
		check(++f.nth < CALLS_MAX, "no end of hypercalls %#x", call);
	complaints += hv_expect(0);
	return f.nth;
}

static void walk(enum testbed_fail how, int answer, int result, bool tidy)
{
	unsigned int i;

	for (i = 0; i < call_count; i++)
		walk_call(calls[i].call, how, answer, result, tidy);
}

static void begin(void)
{
	/* as device models of the hypervisor's release do */
	life_prepare(&life, hv_generation() >= 26);
	call_count = ARRAY_SIZE(calls) - hv_makes_vcpus();
	hv_get_account(&account);
	pins_get(&before);
}

/* Each hypercall occurs: a walk that meets none would prove nothing. */
TEST(complete, "a life has each hypercall, and succeeds with all of them")
{
	unsigned int i, count, total = 0;

	begin();
	for (i = 0; i < call_count; i++) {
		count = walk_call(calls[i].call, TESTBED_FAIL_AFTER, 0, 0, true);
		report("%s: %u calls", calls[i].name, count);
		check(count, "HC_%s is never made", calls[i].name);
		total += count;
	}
	report("%u hypercalls in a life", total);
}

TIMED_TEST(refused, 400, "[A17] [A19] [B20] each call refused with each code")
{
	uint64_t start = now_us();
	int log = log_open();
	unsigned int k;

	begin();
	/* what becomes of an answer does not depend on the release */
	for (k = 0; k < (hv_makes_vcpus() ? 2 : VM_ANSWERS); k++)
		walk(TESTBED_FAIL_REFUSE, vm_answers[k].answer,
		     vm_answers[k].result, true);
	check(log_count(log, "acrn: ") <= LINES(now_us() - start),
	      "too many lines in the log");
}

TIMED_TEST(unwritten, 120, "[A17] each call leaving RAX unwritten")
{
	begin();
	walk(TESTBED_FAIL_UNWRITTEN, 0, -EIO, true);
}

TIMED_TEST(denied, 240, "each call carried out, but answered with a failure")
{
	static const struct vm_answer answers[] = {
		{ HV_FAILED, -EIO }, { -EINVAL, -EINVAL }, { INT_MIN, -EIO },
		{ -EIO, -EIO },
	};
	unsigned int k;

	begin();
	for (k = 0; k < ARRAY_SIZE(answers); k++)
		walk(TESTBED_FAIL_AFTER, answers[k].answer, answers[k].result,
		     true);
}

TIMED_TEST(positive, 120, "[A18] positive answers are successes")
{
	begin();
	walk(TESTBED_FAIL_AFTER, 1, 0, true);
	walk(TESTBED_FAIL_AFTER, INT_MAX, 0, true);
}

/* The hypervisor says that it did, and has done nothing. */
TIMED_TEST(lied, 120, "each call not carried out, but answered with success")
{
	static const int answers[] = { 0, 1, INT_MAX };
	unsigned int i, k;

	begin();
	for (k = 0; k < ARRAY_SIZE(answers); k++)
		for (i = 0; i < call_count; i++)
			walk_call(calls[i].call, TESTBED_FAIL_REFUSE, answers[k],
				  calls[i].call == HC_CREATE_VM ? -EIO : 0, true);
	report("%lu complaints", complaints);
}

/* Things are left over when the file is closed, and one of them does not go. */
TIMED_TEST(left_over, 240, "[A6] [A7] each call refused, with everything left to close()")
{
	begin();
	walk(TESTBED_FAIL_REFUSE, HV_FAILED, -EIO, false);
	walk(TESTBED_FAIL_UNWRITTEN, 0, -EIO, false);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
