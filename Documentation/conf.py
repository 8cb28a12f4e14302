# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
#
# For Sphinx; tests/checks/documents runs it.  KERNEL_SOURCE in the environment is a
# kernel's source, whose extension renders the kernel-doc of the driver.

import os
import sys

source = os.environ["KERNEL_SOURCE"]
sys.path.insert(0, os.path.join(source, "Documentation", "sphinx"))

project = "ACRN HSM"
extensions = ["kerneldoc"]
kerneldoc_bin = os.path.join(source, "scripts", "kernel-doc")
kerneldoc_srctree = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
primary_domain = "c"
highlight_language = "none"
# A part of performance.rst
exclude_patterns = ["performance-stock.rst", "performance-table.rst"]
# Types of the kernel's own and attributes, which are not described here
nitpick_ignore_regex = [("c:identifier", ".*")]
c_id_attributes = ["__rcu", "__user", "__iomem", "__init", "__exit"]
html_theme = "alabaster"
