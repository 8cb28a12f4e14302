// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run --passthrough: a Linux guest uses devices of the Service VM, with a driver of
 * its own; afterwards the Service VM has them back.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "hsm_run.h"
#include "kernel.h"
#include "ptdev.h"
#include "vm.h"

#define HELLO		"/guests/hello"
#define KERNEL		"/guests/vmlinuz"
#define INITRD		"/guests/initrd.img"
#define GUEST		"/tmp/guest"
#define READY		"guest: ready\r\n"
#define SERIAL		"00:13.0"
#define EDU		"0000:00:10.0"

#define OPTIONS		"8250.nr_uarts=2 iomem=relaxed JOB=commands"

/* The serial port's register that keeps what is written there */
#define SCRATCH		7
#define SCRATCH_TEXT	"Z"

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

static void expect_answer(const char *command, const char *expected)
{
	char line[512], answer[128];

	snprintf(line, sizeof(line), "echo \"[$(%s)]\"\n", command);
	snprintf(answer, sizeof(answer), "[%s]\r\n", expected);
	run_type(&run, line);
	run_expect(&run, answer);
}

/* What the Service VM reads from a port of the device */
static char port_of(unsigned int bdf, unsigned int offset)
{
	char path[80], value = 0;
	int fd;

	pci_path(bdf, "resource0", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && pread(fd, &value, 1, offset) == 1, "%s", path);
	close(fd);
	return value;
}

static void check_serial(void)
{
	expect_answer("cat /sys/bus/pci/devices/0000:00:02.0/vendor", "0x1b36");
	expect_answer("basename $(readlink /sys/bus/pci/devices/0000:00:02.0/driver)", "serial");
	/* a 16550A */
	expect_answer("cd /sys/class/tty/ttyS1; echo $(cat type port irq); cd /", "4 0xC000 16");
	/* at least one interrupt for each time that there is something to send */
	expect_answer("exec 3>/dev/ttyS1; until awk '/ttyS1/ && $2 > 9 { many = 1 } END { exit !many }' /proc/interrupts; do echo text >&3; sleep 0.1; done; echo many",
		      "many");
	expect_answer("printf " SCRATCH_TEXT " | dd of=/dev/port bs=1 seek=$((0xc007)) 2>/dev/null; echo $?",
		      "0");
}

/* Registers that are mapped, also after the guest has moved them */
static void check_edu(void)
{
	expect_answer("devmem 0xc0000000", "0xFFFFFFFF");
	expect_answer("echo 1 >/sys/bus/pci/devices/0000:00:03.0/enable; devmem 0xc0000000",
		      "0x010000ED");
	expect_answer("devmem 0xc0000004 32 0x12345678; devmem 0xc0000004", "0xEDCBA987");
	expect_answer("printf '\\0\\0\\0\\301' | dd of=/sys/bus/pci/devices/0000:00:03.0/config bs=4 seek=4 conv=notrunc 2>/dev/null; devmem 0xc1000000",
		      "0x010000ED");
	expect_answer("devmem 0xc0000000", "0xFFFFFFFF");
	/* how large is it?  While it is switched on, so it is nowhere. */
	expect_answer("printf '\\377\\377\\377\\377' | dd of=/sys/bus/pci/devices/0000:00:03.0/config bs=4 seek=4 conv=notrunc 2>/dev/null; dd if=/sys/bus/pci/devices/0000:00:03.0/config bs=4 skip=4 count=1 2>/dev/null | od -A n -t x4 | tr -d ' '",
		      "fff00000");
	expect_answer("devmem 0xc1000000", "0xFFFFFFFF");
	/* Its MSI, and no other capability */
	expect_answer("dd if=/sys/bus/pci/devices/0000:00:03.0/config bs=1 skip=64 count=2 2>/dev/null | od -A n -t x1 | tr -d ' '",
		      "0500");
}

/* Linux has no driver for it: it says that one came which nobody expects. */
static void check_msi(void)
{
	expect_answer("printf '\\0\\0\\0\\302' | dd of=/sys/bus/pci/devices/0000:00:03.0/config bs=4 seek=4 conv=notrunc 2>/dev/null; devmem 0xc2000000",
		      "0x010000ED");
	expect_answer("cd /sys/bus/pci/devices/0000:00:03.0; printf '\\6\\0' | dd of=config bs=2 seek=2 conv=notrunc 2>/dev/null; for w in '68 \\0\\0\\340\\376' '72 \\0\\0\\0\\0' '76 \\341\\0' '66 \\1\\0'; do printf \"${w#* }\" | dd of=config bs=1 seek=${w%% *} conv=notrunc 2>/dev/null; done; dd if=config bs=1 skip=66 count=12 2>/dev/null | od -A n -t x1 | tr -d ' '; cd /",
		      "81000000e0fe00000000e100");
	expect_answer("devmem 0xc2000060 32 1; sleep 0.1; dmesg | grep 'No irq handler' | grep -c -F 0.225",
		      "1");
	expect_answer("devmem 0xc2000064 32 1; devmem 0xc2000060 32 1; sleep 0.1; dmesg | grep 'No irq handler' | grep -c -F 0.225",
		      "2");
}

TIMED_TEST(linux_guest, 240, "Linux uses a serial port and an edu; then they are given back")
{
	pci_unbind(PCI_SERIAL);
	run_start_typing(&run, RUN("--kernel", KERNEL, "--initrd", INITRD, "--memory", "160M",
				   "--passthrough", SERIAL, "--passthrough", EDU,
				   "--append", run_linux_options(OPTIONS)));
	run_expect(&run, READY);
	check_owner(PCI_SERIAL, VMID(0), "while the guest runs");
	check_owner(PCI_EDU, VMID(0), "while the guest runs");
	expect_refusal(RUN("--passthrough", EDU, "--uuid", SECOND_UUID, HELLO), 1,
		       "0000:00:10.0: another VM has it");
	check_serial();
	check_edu();
	check_msi();
	run_type(&run, "poweroff -f\n");
	run_expect_end(&run, 0);
	check(!strstr(run.text, "hsm-run: "), "it complains");
	check_owner(PCI_SERIAL, 0, "afterwards");
	check_owner(PCI_EDU, 0, "afterwards");
	check_equal(port_of(PCI_SERIAL, SCRATCH), SCRATCH_TEXT[0], "what the guest wrote");
	pci_bind(PCI_SERIAL, "serial");
	pci_unbind(PCI_SERIAL);
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
