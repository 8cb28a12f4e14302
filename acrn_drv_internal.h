/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: what the driver's files share.
 */
#ifndef ACRN_DRV_INTERNAL_H
#define ACRN_DRV_INTERNAL_H

#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/acrn/acrn_drv.h>
#include <linux/acrn/acrn_ioctl_defs.h>

#include "acrn_hypercall.h"

struct acrn_mapping;
struct attribute_group;
struct eventfd_ctx;
struct file;
struct mm_struct;
struct page;
struct pid;
struct seq_file;

/**
 * enum acrn_vm_state - where a User VM is in its life
 * @ACRN_VM_EMPTY: no VM: never created, or destroyed
 * @ACRN_VM_CREATED: created or reset, never ran since
 * @ACRN_VM_STARTED: runs
 * @ACRN_VM_PAUSED: stands still; has to be reset before it can start again
 * @ACRN_VM_DYING: the hypervisor refused to destroy it and may still run it
 */
enum acrn_vm_state {
	ACRN_VM_EMPTY,
	ACRN_VM_CREATED,
	ACRN_VM_STARTED,
	ACRN_VM_PAUSED,
	ACRN_VM_DYING,
};

/* acrn_vm.legal: a bit for each state, for the one contract and for the other */
#define ACRN_LEGAL_IC			GENMASK(7, 0)
#define ACRN_LEGAL_A2			GENMASK(15, 8)
#define ACRN_LEGAL(states)		((states) * 0x101UL)

/**
 * struct acrn_contract - a way in which device models talk to the driver
 * @legal: ACRN_LEGAL_*: its bits
 * @client_ids: a client has an id, which stands in the slots of its requests;
 *	otherwise a slot only says whether the kernel handles its request
 */
struct acrn_contract {
	u16 legal;
	bool client_ids;
};

/* Who answers a request; the numbers are seen in traces */
enum acrn_ioreq_by {
	ACRN_IOREQ_BY_DM,
	ACRN_IOREQ_BY_IOEVENTFD,
	ACRN_IOREQ_BY_CLIENT,
	ACRN_IOREQ_BY_DRIVER,
	ACRN_IOREQ_BY_NOBODY,
};

/**
 * struct acrn_ioreq - the I/O requests of a User VM
 * @node: in the list of those that upcalls look at, while @running
 * @wait: who waits for requests: the device model in ATTACH or poll().  Its lock is the
 *	request lock: it guards what follows but @page, too, so that a request is taken and
 *	its device model woken with one lock; taken in interrupts
 * @page: the pinned page of the device model or NULL, under &acrn_vm.lock
 * @slots: the page as the kernel sees it, or NULL while the hypervisor does
 *	not know it.  Not NULL: &acrn_vm.vmid is valid and the VM's own.
 * @running: requests are taken, and the hypervisor is told of completed ones;
 *	implies @slots
 * @polling: the hypervisor polls for completed requests, and is never told
 * @pci_address: what the guest wrote to port 0xcf8
 * @client_ids: as in &struct acrn_contract
 * @tick: jiffies when @few was filled up
 * @few: how many requests upcalls may still answer in this tick, however many they
 *	have answered for all VMs
 * @work: takes what upcalls had to leave
 * @deferred: how often they left something to it, since the VM was created
 * @dm_id: id of the device model's client or 0; written under the request lock
 * @last_id: the last id given out; written under the request lock
 * @taken: bit per slot: taken from the hypervisor and not given back
 * @for_dm: bit per slot: taken, for the device model to handle; written under
 *	the request lock, atomically for poll(), which looks without it
 * @done: bit per slot: done while the VM did not run; completed if it runs on
 * @notify_pending: bit per slot: completed, but the hypervisor refused to be told
 * @client: per slot: taken, for this client in the kernel to handle
 * @clients: the clients in the kernel
 * @ranges: tree of their &struct acrn_ioreq_range, by type and address
 * @ioeventfds: tree of &struct acrn_ioeventfd_entry
 * @ioeventfd_num: how many there are
 */
struct acrn_ioreq {
	struct list_head node;
	wait_queue_head_t wait;	/* see the lock order of struct acrn_vm */
	struct page *page;
	struct acrn_io_request *slots;
	bool running;
	bool polling;
	bool client_ids;
	u32 pci_address;
	unsigned long tick;
	unsigned int few;
	struct delayed_work work;
	unsigned long deferred;
	int dm_id;
	int last_id;
	unsigned long taken;
	unsigned long for_dm;
	unsigned long done;
	unsigned long notify_pending;
	struct acrn_ioreq_client *client[ACRN_MAX_VCPUS];
	struct list_head clients;
	struct rb_root ranges;
	struct rb_root ioeventfds;
	unsigned int ioeventfd_num;
};

/**
 * struct acrn_irq - the interrupts of a User VM
 * @lock: guards @msi and @enabled; taken wherever an interrupt can come from
 * @lines: its first bit is a lock that guards @enabled too, for interrupt lines, which
 *	only tasks set
 * @lines_map: what lockdep knows that lock by
 * @enabled: the VM can get interrupts; implies that &acrn_vm.vmid is its own.  Written
 *	with both locks held
 * @paused: the VM is PAUSED, with a &acrn_vm.vmid that is its own, and it remains so while
 *	the lock in @lines is held; written with that and &acrn_vm.lock held
 * @msi: parameter block of the hypercall
 */
struct acrn_irq {
	raw_spinlock_t lock;	/* see the lock order of struct acrn_vm */
	unsigned long lines;
	struct lockdep_map lines_map;
	bool enabled;
	bool paused;
	struct acrn_msi_entry msi;
};

/**
 * struct acrn_vm - the User VM of one open file
 * @lock: serialises the ioctls of the VM; held across hypercalls and while
 *	memory of the process is faulted in, never while waiting for requests
 * @refcnt: one for the open file, one while @state is %ACRN_VM_DYING, one for
 *	each user inside the kernel; freed with the last
 * @state: written with @lock held
 * @vmid: the hypervisor's id, valid in every state but %ACRN_VM_EMPTY
 * @vcpu_num: vCPUs 0..@vcpu_num-1 exist
 * @vcpus_made: the hypervisor made them all with the VM
 * @start_gpa: what vCPU 0 reads first when the VM is started: an instruction, or with
 *	paging the top of its page tables.  In every state but %ACRN_VM_EMPTY
 * @start_prot: what it has to be allowed to do there, ACRN_PROT_*
 * @may_run_on: the hypervisor may say that it has paused this VM, and not have:
 *	it is a real-time VM, or may be one
 * @contract: how its device model talks to the driver; NULL: no VM.  Under @lock
 * @legal: @state and @contract in one number, ACRN_LEGAL(): a call looks once, at both
 *	as they were at one moment, also without @lock; written with @state
 * @name: how it is named to the hypervisor, under acrn_vms_lock
 * @list: in the list of findable VMs or of dying ones, under acrn_vms_lock
 * @mm: the address space that created the VM and has to pay for its pins
 * @owner: the process that created the VM, in every state but %ACRN_VM_EMPTY;
 *	only to be shown
 * @memory: its memsegs, &struct acrn_mapping, by address, and the places of what else
 *	the hypervisor maps.  A tree that needs no memory to take one out, for that must
 *	not fail
 * @memory_size: of all of them, bytes; written with @lock held
 * @ioreq: the I/O requests
 * @irq: the interrupts
 * @irqfds: tree of &struct acrn_irqfd_entry, under @lock
 * @closed_irqfds: those of them whose eventfds are closed.  A list that needs no lock
 * @given: list of &struct acrn_given: what it has of devices, the last first
 * @ptdev_sets: how many SET_PTDEV_INTR_INFO the hypervisor got since the VM was
 *	created, of devices of which it counts them; under @lock
 * @param: parameter block of the hypercall being made.  Here rather than on
 *	the stack because the hypervisor needs a physical address, and because
 *	nothing can fail for want of memory then.  The last, not cleared
 *
 * Lock order: @lock, then mmap_lock of @mm or acrn_vmids_lock, then acrn_vms_lock; or
 * @lock, then acrn_running_lock, then &acrn_ioreq.wait.lock, which is the request lock,
 * then the lock of an eventfd's wait queue, then &acrn_irq.lock.  All from
 * acrn_running_lock on are spinlocks that interrupts take.  The lock in &acrn_irq.lines,
 * between @lock and &acrn_irq.lock, is one that they do not take.  The @lock of two VMs is
 * never held at once, nor is the request lock.  What clients in the kernel lock comes
 * before @lock or after the request lock.  For devices: pci_rescan_remove_lock of the
 * kernel and the lock of a device whose virtual functions are removed, @lock,
 * acrn_ptdev_taking, the lock of a device, which is only tried, acrn_ptdevs_lock; or @lock,
 * acrn_claims_lock.
 */
struct acrn_vm {
	struct mutex lock;	/* see the lock order above */
	refcount_t refcnt;
	enum acrn_vm_state state;
	u16 legal;
	u16 vmid;
	unsigned int vcpu_num;
	bool vcpus_made;
	u64 start_gpa;
	u32 start_prot;
	bool may_run_on;
	const struct acrn_contract *contract;
	char name[16];
	struct list_head list;
	struct mm_struct *mm;
	struct pid *owner;
	struct rb_root memory;
	u64 memory_size;
	struct acrn_ioreq ioreq;
	struct acrn_irq irq;
	struct rb_root irqfds;
	struct llist_head closed_irqfds;
	struct list_head given;
	unsigned int ptdev_sets;
	union {
		struct acrn_create_vm create_vm;
		struct acrn_create_vcpu create_vcpu;
		struct acrn_set_vcpu_regs set_vcpu_regs;
		struct acrn_hc_ioreq_buffer ioreq_buffer;
		struct acrn_intr_monitor intr_monitor;
		union acrn_pm_data pm_data;
		struct acrn_hc_write_protect write_protect;
		struct {
			struct acrn_hc_set_regions set;
			struct acrn_hc_memory_region region;
		} memory;
	} param;
};

/**
 * struct acrn_ioreq_range - addresses a client handles
 * @node: in &acrn_ioreq.ranges while @client is on a list
 * @list: in &acrn_ioreq_client.ranges
 * @client: whose it is
 * @type: ACRN_IOREQ_*
 * @protects: it is a page that was write-protected for the client
 * @start: the first
 * @last: the last
 */
struct acrn_ioreq_range {
	struct rb_node node;
	struct list_head list;
	struct acrn_ioreq_client *client;
	u32 type;
	bool protects;
	u64 start;
	u64 last;
};

/**
 * struct acrn_ioreq_client - somebody in the kernel who handles requests
 * @vm: its VM, on which it holds a reference
 * @node: in &acrn_ioreq.clients; not on a list once the VM is destroyed
 * @ranges: list of &struct acrn_ioreq_range
 * @maps: list of the guest memory that it holds
 * @pages: how many pages that is
 * @handler: what handles a request
 * @data: for @handler
 *
 * All but @vm under &acrn_ioreq.wait.lock.  The VM ends with &acrn_vm.lock held too.
 */
struct acrn_ioreq_client {
	struct acrn_vm *vm;
	struct list_head node;
	struct list_head ranges;
	struct list_head maps;
	unsigned long pages;
	acrn_ioreq_handler_t handler;
	void *data;
};

/**
 * struct acrn_given - something that a VM was given, part of what describes it
 * @node: in &acrn_vm.given, under &acrn_vm.lock
 * @kind: what it is
 * @outlives_vm: the hypervisor does not take it back with the VM: as long as the VM has
 *	it, the VM must not be destroyed
 */
struct acrn_given {
	struct list_head node;
	const struct acrn_given_kind *kind;
	bool outlives_vm;
};

/**
 * struct acrn_given_kind - things of one kind that VMs are given
 * @take_back: has the hypervisor take it back.  If that fails it can be tried again
 * @release: the Service VM has it again: gives it back to Linux, and frees it.  It is
 *	told whether the VM ends; then its device model may not have been asked
 * @lose: the VM is given up.  Keeps what has to be kept from others, and frees the rest;
 *	NULL: there is nothing to keep, and @release does
 * @name: which it is, for the log
 * @slot: where it is on the VM's PCI bus: bus << 8 | device << 3 | function, or
 *	negative: nowhere.  NULL: it is no PCI device
 */
struct acrn_given_kind {
	int (*take_back)(struct acrn_vm *vm, struct acrn_given *given);
	void (*release)(struct acrn_given *given, bool ending);
	void (*lose)(struct acrn_given *given);
	const char *(*name)(const struct acrn_given *given);
	int (*slot)(const struct acrn_given *given);
};

/**
 * struct acrn_claim - registers of devices that a VM can reach
 * @node: on the list of all
 * @vm: the VM; NULL: one that was given up
 * @start: the first physical address
 * @last: the last
 * @alone: no other VM may reach them
 */
struct acrn_claim {
	struct list_head node;
	struct acrn_vm *vm;
	u64 start;
	u64 last;
	bool alone;
};

/* May the caller have hardware do something, at whatever cost to others? */
static inline bool acrn_has_cap(void)
{
	return capable(CAP_SYS_RAWIO) || capable(CAP_SYS_ADMIN);
}

/* acrn_vm.c */
/* What acrn_vm.legal has to be.  Without a contract, each is as good as the other. */
static inline u16 acrn_vm_legal(enum acrn_vm_state state,
				const struct acrn_contract *contract)
{
	return ACRN_LEGAL(BIT(state)) &
	       (contract ? contract->legal : ACRN_LEGAL_IC | ACRN_LEGAL_A2);
}

/* Pairs with the READ_ONCE() of those who look without the lock. */
static inline void acrn_vm_set_state(struct acrn_vm *vm, enum acrn_vm_state state)
{
	lockdep_assert_held(&vm->lock);
	WRITE_ONCE(vm->state, state);
	WRITE_ONCE(vm->legal, acrn_vm_legal(state, vm->contract));
}

struct acrn_vm *acrn_vm_alloc(void);
void acrn_vm_get(struct acrn_vm *vm);
void acrn_vm_put(struct acrn_vm *vm);
bool acrn_vm_name_taken(const char *name);
struct acrn_vm *acrn_vm_find_get(u16 vmid);
struct acrn_vm *acrn_vm_find_ending_get(u16 vmid);
void acrn_vmids_begin(void);
void acrn_vmids_end(void);
int acrn_vms_close(void);
void acrn_vms_open(void);
bool acrn_vms_are_closed(void);
int acrn_vm_publish(struct acrn_vm *vm);
void acrn_vm_hide(struct acrn_vm *vm);
void acrn_vm_unlist(struct acrn_vm *vm);
void acrn_vms_visit_all(void (*func)(struct acrn_vm *vm));
void acrn_vms_visit_ending(void (*func)(struct acrn_vm *vm));
void acrn_vms_show(struct seq_file *s);

/* acrn_vm_mngt.c */
struct acrn_vm *acrn_vm_new(void);
void acrn_vm_close(struct acrn_vm *vm);
int acrn_vm_abandon(u16 vmid);
void acrn_vms_destroy_all(void);
void acrn_vms_exit(void);

/* acrn_platform.c */
int acrn_platform_init(void);
const char *acrn_platform_name(void);
void acrn_platform_show(struct seq_file *s);
u64 acrn_hv_rt_flags(void);
bool acrn_hv_packs_cx(void);
bool acrn_hv_misses_memory(void);
bool acrn_hv_spoils_names(void);
bool acrn_hv_has_lines(void);

/* acrn_pcicfg.c */
/* One of 0xcf8 to 0xcff?  Most accesses are to other addresses, and end here. */
static inline bool acrn_pcicfg_is_port(const struct acrn_io_access *access)
{
	return access->type == ACRN_IOREQ_PIO && (access->addr & ~7ULL) == 0xcf8;
}

bool acrn_pcicfg_is_driver_s(const struct acrn_ioreq *ioreq,
			     const struct acrn_io_access *access);
u64 acrn_pcicfg_answer(struct acrn_ioreq *ioreq,
		       const struct acrn_io_access *access);
void acrn_pcicfg_convert(struct acrn_ioreq *ioreq, unsigned int vcpu,
			 const struct acrn_io_access *access);

/* acrn_mm.c */
struct acrn_mapping *acrn_mm_reserve(struct acrn_vm *vm, u64 gpa, u64 len);
void acrn_mm_unreserve(struct acrn_vm *vm, struct acrn_mapping *map);
bool acrn_mm_has(struct acrn_vm *vm, u64 gpa, u32 prot);
int acrn_mm_get_pages(struct acrn_vm *vm, u64 gpa, u32 prot, struct page **pages,
		      unsigned long nr);
int acrn_mm_protect(struct acrn_vm *vm, u64 gpa);
int acrn_mm_unprotect(struct acrn_vm *vm, u64 gpa);
int acrn_mm_unmap_mmio(struct acrn_vm *vm, u64 start, u64 last);
void acrn_mm_release(struct acrn_vm *vm);

/* acrn_ioreq.c */
void acrn_ioreq_init(struct acrn_vm *vm);
int acrn_ioreq_page_pin(struct acrn_vm *vm, u64 uaddr);
int acrn_ioreq_page_share(struct acrn_vm *vm);
void acrn_ioreq_page_unpin(struct acrn_vm *vm);
void acrn_ioreq_upcall(void);
void acrn_ioreq_dispatch(struct acrn_vm *vm);
void acrn_ioreq_start(struct acrn_vm *vm);
void acrn_ioreq_pause(struct acrn_vm *vm);
void acrn_ioreq_clear(struct acrn_vm *vm);
void acrn_ioreq_teardown(struct acrn_vm *vm);
int acrn_ioreq_add_range(struct acrn_ioreq *ioreq, struct acrn_ioreq_range *range);
struct acrn_ioreq_range *acrn_ioreq_find_range(struct acrn_ioreq *ioreq, u32 type,
					       u64 addr);
void acrn_ioreq_put_value(struct acrn_ioreq *ioreq, unsigned int vcpu,
			  u32 type, u64 value);
int acrn_ioreq_finish(struct acrn_vm *vm, unsigned int vcpu);
void acrn_ioreq_pass_on(struct acrn_vm *vm, unsigned int vcpu);
__poll_t acrn_ioreq_poll(struct acrn_vm *vm, struct file *filp,
			 poll_table *wait);

/* acrn_irq.c */
void acrn_irq_init(struct acrn_vm *vm);
void acrn_irq_enable(struct acrn_vm *vm, bool enable);
int acrn_vm_inject_msi(struct acrn_vm *vm, const struct acrn_msi_entry *msi);
int acrn_vm_inject_msi_locked(struct acrn_vm *vm,
			      const struct acrn_msi_entry *msi);

/* acrn_ioeventfd.c */
struct eventfd_ctx *acrn_ioeventfd_find(struct acrn_vm *vm,
					const struct acrn_io_access *access);
void acrn_ioeventfd_release(struct acrn_vm *vm);

/* acrn_irqfd.c */
void acrn_irqfd_release(struct acrn_vm *vm);

/* acrn_ptdev.c */
int acrn_ptdev_init(void);
void acrn_ptdev_exit(void);
void acrn_ptdev_show(struct seq_file *s);

/* acrn_given.c */
struct acrn_vm *acrn_claims_owner_get(u64 *start, u64 last);
struct acrn_claim *acrn_claim_make(struct acrn_vm *vm, u64 start, u64 last,
				   bool alone);
void acrn_claim_drop(struct acrn_claim *claim);
void acrn_given_add(struct acrn_vm *vm, struct acrn_given *given,
		    const struct acrn_given_kind *kind, bool outlives_vm);
struct acrn_given *
acrn_given_find(struct acrn_vm *vm, const struct acrn_given_kind *kind,
		bool (*is)(const struct acrn_given *given, const void *key),
		const void *key);
bool acrn_given_has_slot(struct acrn_vm *vm, const struct acrn_given_kind *but, u16 slot);
int acrn_given_take_back(struct acrn_vm *vm, struct acrn_given *given, bool ending);
int acrn_given_teardown(struct acrn_vm *vm);
void acrn_given_release(struct acrn_vm *vm);
void acrn_given_abandon(struct acrn_vm *vm);
void acrn_given_exit(void);

/* acrn_platdev.c */
int acrn_platdev_init(void);
void acrn_platdev_exit(void);
int acrn_line_set(struct acrn_vm *vm, const struct acrn_hc_ptdev_irq *irq);
int acrn_line_reset(struct acrn_vm *vm, const struct acrn_hc_ptdev_irq *irq);

/* acrn_cpu.c */
extern const struct attribute_group *acrn_cpu_node_groups[];
int acrn_cpu_init(void);
void acrn_cpu_exit(void);

/* acrn_upcall.c */
int acrn_upcall_init(void);
void acrn_upcall_resume(void);
void acrn_upcall_exit(void);

/* acrn_shutdown.c */
int acrn_shutdown_init(void);
void acrn_shutdown_exit(void);

/* acrn_debugfs.c */
#ifdef CONFIG_DEBUG_FS
void acrn_debugfs_init(void);
void acrn_debugfs_exit(void);
#else
static inline void acrn_debugfs_init(void) { }
static inline void acrn_debugfs_exit(void) { }
#endif

#endif /* ACRN_DRV_INTERNAL_H */
