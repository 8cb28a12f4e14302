// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run --passthrough: what it refuses, and that the Service VM has its devices back
 * afterwards.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "hsm_run.h"
#include "kernel.h"
#include "ptdev.h"
#include "vm.h"

#define HELLO		"/guests/hello"
#define GUEST		"/tmp/guest"
#define SERIAL		"00:13.0"
#define EDU		"0000:00:10.0"

static struct run run, other;

/* Ends with the status, and has said so */
static void expect_refusal(const char *const argv[], int status, const char *text)
{
	run_start(&other, argv);
	run_expect(&other, text);
	run_expect_end(&other, status);
}

TEST(refused, "what cannot be passed through, and what helps")
{
	pci_start();
	pci_bind(PCI_EDU, DRIVER_ORDINARY);
	expect_refusal(RUN("--passthrough", EDU, HELLO), 1,
		       "the Service VM's driver pcidrv has it; this takes it away:\n"
		       "\techo 0000:00:10.0 >/sys/bus/pci/devices/0000:00:10.0/driver/unbind\n");
	pci_unbind(PCI_EDU);
	pci_unbind(PCI_SERIAL);
	expect_refusal(RUN("--passthrough", "00:14.0", HELLO), 1,
		       "BAR 0 has no pages of its own; this gives it some:\n");
	expect_refusal(RUN("--passthrough", "00:1f.7", HELLO), 1,
		       "0000:00:1f.7: its configuration space: No such file or directory\n");
	expect_refusal(RUN("--passthrough", "00:00.0", HELLO), 1,
		       "0000:00:00.0: ASSIGN_PTDEV: Invalid argument\n");
	expect_refusal(RUN("--passthrough", "00:20.0", HELLO), 2, "as lspci shows it\n");
	expect_refusal(RUN("--passthrough", "00:13", HELLO), 2, "as lspci shows it\n");
	expect_refusal(RUN("--passthrough", "00:13.00", HELLO), 2, "as lspci shows it\n");
	expect_refusal(RUN("--passthrough", SERIAL, "--abi", "linux", HELLO), 2,
		       "--passthrough needs --abi plain\n");
	/* two that are one: the first goes back */
	expect_refusal(RUN("--passthrough", SERIAL, "--passthrough", SERIAL, HELLO), 1,
		       "another VM has it");
	check_owner(PCI_SERIAL, 0, "after all that");
}

TEST(ends, "ended by a signal, and killed: the devices are given back")
{
	static const unsigned char code[] = {
		0x66, 0xba, 0xf8, 0x03,	/*	mov	$0x3f8, %dx */
		0xb0, 0x78,		/*	mov	$'x', %al */
		0xee,			/*	out	%al, %dx */
		0xf4,			/* 1:	hlt */
		0xeb, 0xfd,		/*	jmp	1b */
	};
	int fd = open(GUEST, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && write(fd, code, sizeof(code)) == sizeof(code), GUEST);
	close(fd);
	pci_unbind(PCI_SERIAL);
	run_start(&run, RUN("--passthrough", SERIAL, "--passthrough", EDU, GUEST));
	run_expect(&run, "x");
	check_owner(PCI_EDU, VMID(0), "while the guest runs");
	kill(run.pid, SIGTERM);
	run_expect_end(&run, 1);
	check_owner(PCI_EDU, 0, "after SIGTERM");
	check_owner(PCI_SERIAL, 0, "after SIGTERM");

	run_start(&run, RUN("--passthrough", SERIAL, "--passthrough", EDU, GUEST));
	run_expect(&run, "x");
	run_kill(&run);
	check_owner(PCI_EDU, 0, "after SIGKILL");
	check_owner(PCI_SERIAL, 0, "after SIGKILL");
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);

	module_unload("pcidrv");
	return failed;
}
