// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * client: an I/O request client in the kernel, driven from user space.  A test
 * of the driver's interface to other modules, and an example of its use.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include <linux/acrn/acrn_drv.h>

#include "client.h"

#define RANGES_MAX	8

/**
 * struct client_pending - a request that is completed later
 * @work: completes it
 * @client: whose request it is
 * @vcpu: the vCPU that waits for it
 * @result: what it reads
 */
struct client_pending {
	struct work_struct work;
	struct client *client;
	unsigned int vcpu;
	u64 result;
};

/**
 * struct client - an open file
 * @lock: serialises the ioctls
 * @acrn: the driver's object, NULL: there is none
 * @how: CLIENT_AT_ONCE...
 * @seen_lock: guards what follows; taken by the handler
 * @ranges: the ranges it handles
 * @range_num: how many
 * @maps: the guest memory that it holds, by number
 * @seen: what it has seen
 * @pending: by vCPU
 */
struct client {
	struct mutex lock;	/* see above */
	struct acrn_ioreq_client *acrn;
	unsigned int how;
	spinlock_t seen_lock;	/* see above */
	struct client_range ranges[RANGES_MAX];
	unsigned int range_num;
	struct acrn_guest_map *maps[CLIENT_MAPS];
	struct client_seen seen;
	struct client_pending pending[ACRN_MAX_VCPUS];
};

static bool client_inside(const struct client *client,
			  const struct acrn_io_access *access)
{
	unsigned int i;

	for (i = 0; i < client->range_num; i++) {
		const struct client_range *range = &client->ranges[i];

		if (range->type == access->type &&
		    access->addr >= range->start &&
		    access->addr <= range->last &&
		    access->size - 1 <= range->last - access->addr)
			return true;
	}
	return false;
}

/* Does what is written, if it is to guest memory that the client holds. */
static bool client_apply(const struct client *client,
			 const struct acrn_io_access *access)
{
	unsigned int i;

	for (i = 0; i < CLIENT_MAPS; i++) {
		const struct acrn_guest_map *map = client->maps[i];

		if (!map || access->addr < map->gpa || map->len < access->size ||
		    access->addr - map->gpa > map->len - access->size)
			continue;
		memcpy(map->addr + (access->addr - map->gpa), &access->value,
		       access->size);
		return true;
	}
	return false;
}

/* Called in interrupts, with the VM's request lock held. */
static bool client_handle(void *data, unsigned int vcpu,
			  const struct acrn_io_access *access, u64 *result)
{
	struct client *client = data;
	struct client_seen *seen = &client->seen;
	struct client_pending *pending = &client->pending[vcpu];

	spin_lock(&client->seen_lock);
	seen->requests++;
	if (client->how == CLIENT_APPLIES)
		seen->applied += client_apply(client, access);
	else if (!client_inside(client, access))
		seen->outside++;
	seen->type = access->type;
	seen->size = access->size;
	seen->write = access->write;
	seen->vcpu = vcpu;
	seen->addr = access->addr;
	seen->value = access->value;
	spin_unlock(&client->seen_lock);

	*result = CLIENT_ANSWER(access->addr);
	switch (client->how) {
	case CLIENT_INJECTS:
		if (acrn_inject_msi(client->acrn, CLIENT_MSI_ADDR, vcpu)) {
			spin_lock(&client->seen_lock);
			seen->refused++;
			spin_unlock(&client->seen_lock);
		}
		return true;
	case CLIENT_AT_ONCE:
	case CLIENT_APPLIES:
		return true;
	case CLIENT_SOON:
		pending->result = *result;
		schedule_work(&pending->work);
		return false;
	default:
		return false;
	}
}

static void client_complete(struct work_struct *work)
{
	struct client_pending *pending =
		container_of(work, struct client_pending, work);
	struct client *client = pending->client;
	int ret;

	ret = acrn_ioreq_complete(client->acrn, pending->vcpu, pending->result);
	spin_lock_irq(&client->seen_lock);
	client->seen.completed++;
	if (ret)
		client->seen.refused++;
	spin_unlock_irq(&client->seen_lock);
}

static void client_init_pending(struct client *client)
{
	unsigned int i;

	for (i = 0; i < ACRN_MAX_VCPUS; i++) {
		struct client_pending *pending = &client->pending[i];

		pending->client = client;
		pending->vcpu = i;
		INIT_WORK(&pending->work, client_complete);
	}
}

static int client_create(struct client *client, unsigned long arg)
{
	struct acrn_ioreq_client *acrn;

	if (client->acrn)
		return -EBUSY;

	client->how = arg >> 32;
	client->range_num = 0;
	memset(&client->seen, 0, sizeof(client->seen));
	acrn = acrn_ioreq_client_create((u16)arg, client_handle, client);
	if (IS_ERR(acrn))
		return PTR_ERR(acrn);
	/* Nothing is handled, hence no work queued, before there is a range. */
	client->acrn = acrn;
	return 0;
}

static int client_destroy(struct client *client)
{
	struct acrn_ioreq_client *acrn = client->acrn;
	unsigned int i;

	if (!acrn)
		return -ENODEV;

	/*
	 * The work uses the driver's object: with the ranges gone none is
	 * queued any more, and then what was is waited for.  Without work, the
	 * ranges are left to the driver.
	 */
	if (client->how == CLIENT_SOON) {
		for (i = 0; i < client->range_num; i++)
			acrn_ioreq_client_del_range(acrn,
						    client->ranges[i].type,
						    client->ranges[i].start,
						    client->ranges[i].last);
		for (i = 0; i < ACRN_MAX_VCPUS; i++)
			cancel_work_sync(&client->pending[i].work);
	}
	acrn_ioreq_client_destroy(acrn);
	client->acrn = NULL;
	/* The driver has given all of it back. */
	memset(client->maps, 0, sizeof(client->maps));
	return 0;
}

/*
 * The handler must know a range when its first request comes, so it is noted
 * before it is added.
 */
static int client_add(struct client *client, const struct client_range *range)
{
	int ret;

	if (client->range_num == RANGES_MAX)
		return -ENOSPC;

	spin_lock_irq(&client->seen_lock);
	client->ranges[client->range_num++] = *range;
	spin_unlock_irq(&client->seen_lock);
	ret = acrn_ioreq_client_add_range(client->acrn, range->type,
					  range->start, range->last);
	if (ret) {
		spin_lock_irq(&client->seen_lock);
		client->range_num--;
		spin_unlock_irq(&client->seen_lock);
	}
	return ret;
}

static int client_del(struct client *client, const struct client_range *range)
{
	unsigned int i;
	int ret;

	ret = acrn_ioreq_client_del_range(client->acrn, range->type,
					  range->start, range->last);
	if (ret)
		return ret;

	spin_lock_irq(&client->seen_lock);
	for (i = 0; i < client->range_num; i++) {
		if (client->ranges[i].type == range->type &&
		    client->ranges[i].start == range->start) {
			client->ranges[i] = client->ranges[--client->range_num];
			break;
		}
	}
	spin_unlock_irq(&client->seen_lock);
	return 0;
}

static int client_map(struct client *client, struct client_map __user *user)
{
	struct acrn_guest_map *map;
	struct client_map param;
	unsigned int i;

	if (copy_from_user(&param, user, sizeof(param)))
		return -EFAULT;
	for (i = 0; i < CLIENT_MAPS && client->maps[i]; i++)
		;
	if (i == CLIENT_MAPS)
		return -EMFILE;
	if (put_user(i, &user->id))
		return -EFAULT;

	map = acrn_ioreq_client_map(client->acrn, param.gpa, param.len, param.prot);
	if (IS_ERR(map))
		return PTR_ERR(map);
	spin_lock_irq(&client->seen_lock);
	client->maps[i] = map;
	spin_unlock_irq(&client->seen_lock);
	return 0;
}

static int client_unmap(struct client *client, unsigned long id)
{
	struct acrn_guest_map *map;

	if (id >= CLIENT_MAPS || !client->maps[id])
		return -ENOENT;
	spin_lock_irq(&client->seen_lock);
	map = client->maps[id];
	client->maps[id] = NULL;
	spin_unlock_irq(&client->seen_lock);
	acrn_ioreq_client_unmap(map);
	return 0;
}

static int client_word(struct client *client, struct client_word __user *user, bool store)
{
	struct acrn_guest_map *map;
	struct client_word word;

	if (copy_from_user(&word, user, sizeof(word)))
		return -EFAULT;
	if (word.id >= CLIENT_MAPS || !client->maps[word.id])
		return -ENOENT;
	map = client->maps[word.id];
	if (map->len < sizeof(word.value) ||
	    word.offset > map->len - sizeof(word.value))
		return -EINVAL;

	if (store) {
		memcpy(map->addr + word.offset, &word.value, sizeof(word.value));
		return 0;
	}
	memcpy(&word.value, map->addr + word.offset, sizeof(word.value));
	return copy_to_user(user, &word, sizeof(word)) ? -EFAULT : 0;
}

static int client_get_seen(struct client *client, struct client_seen __user *to)
{
	struct client_seen seen;

	spin_lock_irq(&client->seen_lock);
	seen = client->seen;
	spin_unlock_irq(&client->seen_lock);
	return copy_to_user(to, &seen, sizeof(seen)) ? -EFAULT : 0;
}

static int client_call(struct client *client, unsigned int cmd,
		       unsigned long arg)
{
	void __user *argp = (void __user *)arg;
	struct client_complete complete;
	struct client_range range;
	struct client_msi msi;

	if (cmd == CLIENT_CREATE)
		return client_create(client, arg);
	if (cmd == CLIENT_SEEN)
		return client_get_seen(client, argp);
	if (!client->acrn)
		return -ENODEV;

	switch (cmd) {
	case CLIENT_DESTROY:
		return client_destroy(client);
	case CLIENT_ADD:
	case CLIENT_DEL:
		if (copy_from_user(&range, argp, sizeof(range)))
			return -EFAULT;
		return cmd == CLIENT_ADD ? client_add(client, &range) :
					   client_del(client, &range);
	case CLIENT_COMPLETE:
		if (copy_from_user(&complete, argp, sizeof(complete)))
			return -EFAULT;
		return acrn_ioreq_complete(client->acrn, complete.vcpu,
					   complete.result);
	case CLIENT_MSI:
		if (copy_from_user(&msi, argp, sizeof(msi)))
			return -EFAULT;
		return acrn_inject_msi(client->acrn, msi.addr, msi.data);
	case CLIENT_MAP:
		return client_map(client, argp);
	case CLIENT_UNMAP:
		return client_unmap(client, arg);
	case CLIENT_LOAD:
	case CLIENT_STORE:
		return client_word(client, argp, cmd == CLIENT_STORE);
	case CLIENT_PROTECT:
		return acrn_ioreq_client_protect(client->acrn, arg);
	case CLIENT_UNPROTECT:
		return acrn_ioreq_client_unprotect(client->acrn, arg);
	default:
		return -ENOTTY;
	}
}

static long client_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct client *client = filp->private_data;
	int ret;

	mutex_lock(&client->lock);
	ret = client_call(client, cmd, arg);
	mutex_unlock(&client->lock);
	return ret;
}

static int client_open(struct inode *inode, struct file *filp)
{
	struct client *client;

	client = kzalloc(sizeof(*client), GFP_KERNEL);
	if (!client)
		return -ENOMEM;

	mutex_init(&client->lock);
	spin_lock_init(&client->seen_lock);
	client_init_pending(client);
	filp->private_data = client;
	return 0;
}

static int client_release(struct inode *inode, struct file *filp)
{
	struct client *client = filp->private_data;

	client_destroy(client);
	kfree(client);
	return 0;
}

static const struct file_operations client_fops = {
	.owner = THIS_MODULE,
	.open = client_open,
	.release = client_release,
	.unlocked_ioctl = client_ioctl,
};

static struct miscdevice client_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "acrn_client",
	.mode = 0600,
	.fops = &client_fops,
};
module_misc_device(client_miscdev);

MODULE_DESCRIPTION("In-kernel I/O request client for tests of the ACRN HSM");
MODULE_LICENSE("Dual BSD/GPL");
