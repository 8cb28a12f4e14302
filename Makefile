# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
# For people; the kernel's build system reads Kbuild.
#
# KVER  the kernel release to build for, the running one if not said
# KDIR  its headers or build tree, where they are not in the usual place

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
# Before a driver of that name that came with the kernel
INSTALL_MOD_DIR ?= updates

# An absolute path even with make -C, -f or from a checkout behind a link
HERE := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
KBUILD := -C $(KDIR) M=$(HERE) CONFIG_ACRN_HSM=m

.PHONY: modules modules_install clean help
modules:
	$(MAKE) $(KBUILD) modules

# depmod by hand: kbuild leaves it out where System.map is missing, as it is in
# header packages.  Their kernel.release need not be true, the module's is.
modules_install:
	$(MAKE) $(KBUILD) modules_install INSTALL_MOD_DIR=$(INSTALL_MOD_DIR)
	depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) \
		$$(modinfo -F vermagic $(HERE)/acrn.ko | cut -d ' ' -f 1)

clean:
	$(MAKE) $(KBUILD) clean

help:
	@echo 'Building the module:'
	@echo '  modules          build acrn.ko (default)'
	@echo '  modules_install  install it; INSTALL_MOD_PATH= to install elsewhere'
	@echo '  clean            remove what the build made'
	@echo '  KVER=release, KDIR=directory choose the kernel'

include $(HERE)/testbed/targets.mk
