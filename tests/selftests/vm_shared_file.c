// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* One file in several processes and threads: who may do what with its VM */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

static const struct vm_model empty = { VM_EMPTY, 0 };

/* What another address space may not do and may do with a VM in CREATED */
static void run_but_not_build(void *data)
{
	unsigned long calls = hv_calls(HC_ANY);
	int fd = *(int *)data;

	check_result(vm_create_vcpu(fd, 1), -EPERM, "CREATE_VCPU");
	check_result(vm_set_regs(fd), -EPERM, "SET_VCPU_REGS");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(vm_create(fd, 1), -EBUSY, "CREATE_VM");
	check_result(vm_start(fd), 0, "START_VM");
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check_result(vm_set_regs(fd), -EPERM, "SET_VCPU_REGS in PAUSED");
	check_result(vm_reset(fd), 0, "RESET_VM");
}

static void destroy(void *data)
{
	check_result(vm_destroy(*(int *)data), 0, "DESTROY_VM");
}

TEST(after_fork, "[A36] after fork() the child may run the VM, not build it")
{
	struct vm_model created = { VM_CREATED, 1 };
	int fd = vm_in_state(VM_CREATED, 0);

	in_child(run_but_not_build, &fd);
	vm_check(0, &created);
	check_result(vm_create_vcpu(fd, 1), 0, "CREATE_VCPU of the owner");
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS of the owner");
	in_child(destroy, &fd);
	vm_check(0, &empty);
	check_result(vm_start(fd), -ENODEV, "START_VM");
}

static void build_in_child(void *data)
{
	vm_to_state(*(int *)data, VM_CREATED, 0);
}

TEST(orphaned, "[A36] a VM whose maker is gone")
{
	long pinned = pinned_pages();
	int fd = hsm_open();

	/* made by a process that is gone: nobody can build it, anybody run it */
	in_child(build_in_child, &fd);
	check_equal(pinned_pages(), pinned + 1 + VM_START_PAGES,
		    "pinned pages");
	run_but_not_build(&fd);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_equal(pinned_pages(), pinned, "pinned pages");
	vm_check(0, &empty);

	/* and the next VM on the file is this process's own */
	vm_to_state(fd, VM_CREATED, 0);
	check_result(vm_create_vcpu(fd, 1), 0, "CREATE_VCPU");
	in_child(run_but_not_build, &fd);
}

static void send_file(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	check(sendmsg(socket, &message, 0) == 1, "sendmsg: %s",
	      strerror(errno));
}

static int receive_file(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	check(recvmsg(socket, &message, 0) == 1, "recvmsg: %s",
	      strerror(errno));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void receive_and_run(void *data)
{
	int fd = receive_file(*(int *)data);

	run_but_not_build(&fd);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_result(vm_create(fd, 2), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
}

TEST(passed_on, "[A36] a file passed to another process")
{
	int sockets[2], fd;
	pid_t pid;

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "socketpair");
	pid = start_child(receive_and_run, &sockets[0]);
	fd = vm_in_state(VM_CREATED, 0);
	send_file(sockets[1], fd);
	end_child(pid);
	check_equal(hv_vm_state(VMID(2)), TESTBED_VM_CREATED,
		    "the VM the other process made");
	check_result(vm_create_vcpu(fd, 1), -EPERM, "CREATE_VCPU");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

TEST(in_flight, "a file that is nowhere but in a socket keeps its VM")
{
	struct vm_model started = { VM_STARTED, 1 };
	int sockets[2], fd;

	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "socketpair");
	fd = vm_in_state(VM_STARTED, 0);
	send_file(sockets[1], fd);
	close(fd);
	vm_check(0, &started);
	fd = receive_file(sockets[0]);
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	send_file(sockets[1], fd);
	close(fd);
	close(sockets[0]);
	close(sockets[1]);
	check(vm_gone(0, 1000), "nobody has the file, but the VM is left");
}

static void hold(void *data)
{
	pause();
}

TEST(last_close, "the last close() of several destroys the VM")
{
	struct vm_model started = { VM_STARTED, 1 };
	int fd = vm_in_state(VM_STARTED, 0);
	int copy = dup(fd);
	pid_t pid;

	close(fd);
	vm_check(0, &started);
	pid = start_child(hold, NULL);
	close(copy);
	vm_check(0, &started);
	kill_child(pid);
	check(vm_gone(0, 0), "all have closed the file, but the VM is left");
}

static void *build_in_thread(void *fd)
{
	check_result(vm_create_vcpu((long)fd, 1), 0, "CREATE_VCPU");
	check_result(vm_set_regs((long)fd), 0, "SET_VCPU_REGS");
	return NULL;
}

TEST(threads, "all threads of the maker may build")
{
	int fd = vm_in_state(VM_CREATED, 0);
	pthread_t thread;

	check(!pthread_create(&thread, NULL, build_in_thread,
			      (void *)(long)fd), "pthread_create");
	pthread_join(thread, NULL);
	check_result(vm_start(fd), 0, "START_VM");
}

/* The rights are looked at before the state, and only if there is a VM */
static void order(void *data)
{
	int fd = *(int *)data;

	check_result(vm_create_vcpu(fd, 1), -EPERM, "CREATE_VCPU in STARTED");
	check_result(vm_set_regs(fd), -EPERM, "SET_VCPU_REGS in STARTED");
	check_result(vm_create_vcpu(fd, 16), -EINVAL, "CREATE_VCPU 16");
	check_result(hsm_ioctl(fd, IC_CREATE_VCPU, NULL), -EFAULT,
		     "CREATE_VCPU of nothing");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_result(vm_create_vcpu(fd, 1), -ENODEV, "CREATE_VCPU in EMPTY");
}

TEST(order_of_checks, "[A36] the maker is checked after the argument, before the state")
{
	int fd = vm_in_state(VM_STARTED, 0);

	in_child(order, &fd);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
