# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
#
# For Yocto and OpenEmbedded, for a layer of yours: set SRC_URI to where you have the
# sources.  It has not been built with bitbake.

SUMMARY = "Driver for the Service VM of the ACRN hypervisor"
DESCRIPTION = "Offers /dev/acrn_hsm, through which a device model creates and runs User VMs."
HOMEPAGE = "https://projectacrn.github.io/"
SECTION = "kernel/modules"
LICENSE = "GPL-2.0-or-later | BSD-3-Clause"
LIC_FILES_CHKSUM = "file://acrn_dev.c;beginline=1;endline=1;md5=0b0f4da5f2ef9facffeb4bf0da1fd270"

SRC_URI = "file://acrn-hsm-${PV}.tar.xz"
S = "${WORKDIR}/acrn-hsm-${PV}"

COMPATIBLE_HOST = "x86_64.*-linux"

inherit module

# The kernel's own way, for the Makefile calls depmod, which the image does later
do_install() {
	oe_runmake -C ${STAGING_KERNEL_BUILDDIR} M=${S} modules_install \
		INSTALL_MOD_PATH=${D}${root_prefix} INSTALL_MOD_DIR=updates DEPMOD=true
	install -D -m 644 ${S}/packaging/debian/acrn-hsm-dkms.udev \
		${D}${nonarch_base_libdir}/udev/rules.d/60-acrn-hsm.rules
	install -D -m 644 -t ${D}${includedir}/linux/acrn ${S}/include/uapi/linux/acrn/*.h
}

FILES:${PN} += "${nonarch_base_libdir}/udev/rules.d"
FILES:${PN}-dev += "${includedir}"
