# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
# For people and DKMS; the kernel's build system reads Kbuild.
#
# KVER  the kernel release to build for, the running one if not said; KERNELRELEASE,
#       as DKMS says it, is the same
# KDIR  its headers or build tree, where they are not in the usual place

KVER ?= $(or $(KERNELRELEASE),$(shell uname -r))
KDIR ?= /lib/modules/$(KVER)/build
# Before a driver of that name that came with the kernel
INSTALL_MOD_DIR ?= updates

# An absolute path even with make -C, -f or from a checkout behind a link
HERE := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
ifneq ($(words $(HERE)) $(notdir $(wildcard $(HERE)/Kbuild)) $(findstring :,$(HERE)),1 Kbuild )
$(error The kernel's build system cannot build in a directory with a space or a colon in its path)
endif

# On the command line these name a kernel's build tree, as they do for the kernel.
# In the environment they are about other builds.  The kernel's make gets neither.
$(foreach name,KBUILD_OUTPUT O,$(if $(filter command,$(origin $(name))),\
	$(eval override KDIR := $(abspath $($(name))))))
MAKEOVERRIDES := $(filter-out O=% KBUILD_OUTPUT=%,$(MAKEOVERRIDES))
unexport O KBUILD_OUTPUT

KBUILD := -C $(KDIR) M=$(HERE)

# What is wrong, in one line instead of the kernel's many.  These are expanded in
# recipes, before the first command runs.
need_headers = $(if $(wildcard $(KDIR)/include/config/auto.conf),,\
	$(if $(filter file,$(origin KDIR)),\
	$(error No headers of Linux $(KVER) in $(KDIR); on Debian they are in the package linux-headers-$(KVER)),\
	$(error $(KDIR) has neither the headers nor the build tree of a configured kernel)))
need_place = $(if $(shell test -w $(HERE) && echo yes),,\
	$(error Cannot write to $(HERE): build in a copy of it))

# The kernel that the headers are of, and the one that the module was built for.
# include/config/kernel.release of header packages need not be true.
release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
built = $(firstword $(shell PATH=$$PATH:/usr/sbin:/sbin modinfo -F vermagic $(HERE)/acrn.ko))
need_module = $(if $(wildcard $(HERE)/acrn.ko),,$(error There is no acrn.ko yet: make it first))\
	$(if $(filter $(release),$(built)),,\
	$(error acrn.ko is for Linux $(built), not for $(release): make it for that one first))

# Another root, from where make was called
stage = $(if $(INSTALL_MOD_PATH),$(abspath $(INSTALL_MOD_PATH)))
need_stage = $(if $(word 2,$(stage)),\
	$(error The kernel's build system cannot install into a directory with a space in its path))

.PHONY: modules modules_install clean help
modules:
	$(need_headers)$(need_place)$(MAKE) $(KBUILD) modules

# depmod by hand: kbuild leaves it out where System.map is missing, as it is in
# header packages.
modules_install:
	$(need_headers)$(need_module)$(need_stage)$(MAKE) $(KBUILD) modules_install \
		INSTALL_MOD_DIR=$(INSTALL_MOD_DIR) INSTALL_MOD_PATH=$(stage) KERNELRELEASE=$(release)
	PATH=$$PATH:/usr/sbin:/sbin depmod $(if $(stage),-b $(stage)) $(release)

# Without the kernel's build system, which the headers may have left with
clean:
	cd $(HERE) && rm -f *.o .*.o *.ko *.mod *.mod.c *.i *.s *.lst *.gcno .*.cmd .*.d \
		modules.order Module.symvers

help:
	@echo 'Building the module:'
	@echo '  modules          build acrn.ko (default)'
	@echo '  modules_install  install it; INSTALL_MOD_PATH= to install elsewhere'
	@echo '  clean            remove what the build made'
	@echo '  KVER=release, KDIR=directory choose the kernel'

# Not in packages of the module alone
-include $(HERE)/testbed/targets.mk
