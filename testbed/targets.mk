# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
# The targets that test and show the module.  Included by the top Makefile, which
# sets HERE.

.PHONY: demo demo-shell shell check check-quick check-checks check-selftests check-nightly check-list \
	coverage docs fuzz soak deb bench bench-profile bench-publish help-testing

demo:
	@KERNEL='$(KERNEL)' '$(HERE)/testbed/demo'

demo-shell:
	@'$(HERE)/testbed/run' $(if $(KERNEL),--kernel $(KERNEL)) --linux \
		--terminal '$(HERE)/testbed/guest/demo-shell'

shell:
	@'$(HERE)/testbed/run' $(if $(KERNEL),--kernel $(KERNEL))

# tests/check is in a language that not every machine has.
CHECK = '$(HERE)/testbed/debs' need check && KERNEL='$(KERNEL)' JOBS='$(JOBS)' T='$(T)' \
	'$(HERE)/tests/check'

check:
	@$(CHECK)

check-quick:
	@$(CHECK) --quick

check-checks: T = checks
check-checks:
	@$(CHECK)

check-selftests: T = selftests
check-selftests:
	@$(CHECK)

check-nightly:
	@$(CHECK) --nightly

check-list:
	@'$(HERE)/tests/check' --list

docs:
	@T=documents '$(HERE)/tests/check'
	@echo '$(HERE)/build/check-documents/html/index.html'

coverage:
	@KERNEL='$(KERNEL)' T='$(T)' '$(HERE)/tests/coverage'

fuzz:
	@KERNEL='$(KERNEL)' GENERATION='$(GENERATION)' DURATION='$(SECONDS)' SEED='$(SEED)' \
		REPLAY='$(REPLAY)' '$(HERE)/tests/fuzz/run'

soak: MINUTES ?= 30
soak: kernel = $(or $(KERNEL),debug)
soak:
	@'$(HERE)/testbed/run' --threads --kernel '$(kernel)' --cpus 10 --service-cpus 4 --memory 2G \
		--append 'SOAK_SECONDS=$(shell expr $(MINUTES) '*' 60) SOAK_SEED=$(or $(SEED),1)' \
		--limit $(shell expr $(MINUTES) '*' 200 + 300) \
		--timeout $(shell expr $(MINUTES) '*' 200 + 600) \
		--log '$(HERE)/build/logs/soak' --tests stress_soak

deb:
	@'$(HERE)/packaging/build-deb'

# Instructions beside Linux's own driver, exactly
bench:
	@'$(HERE)/bench/run' $(if $(KERNEL),--kernel '$(KERNEL)')

# The figures that are committed: the table, the chart, and what make check goes by
bench-publish:
	@'$(HERE)/bench/run' --guard --publish
	@'$(HERE)/bench/run' --kernel 6.12 --publish || [ $$? = 1 ]
	@'$(HERE)/bench/run' --publish

bench-profile:
	@'$(HERE)/bench/run' --profile '$(or $(OP),pause)' --driver '$(or $(DRIVER),ours)'

help: help-testing
help-testing:
	@echo 'Trying it out and testing it, in QEMU, without hardware help; what is missing is'
	@echo 'installed or downloaded first:'
	@echo '  demo             run a User VM through its life and show what happened'
	@echo '  demo-shell       a shell in Linux in a User VM'
	@echo '  shell            a shell in the Service VM, with the module loaded'
	@echo '  check            all tests; KERNEL=6.12: on this kernel only,'
	@echo '                   T="vm_lifecycle build-gcc": these tests only'
	@echo '  check-quick      what takes 5 minutes: the core programs on one kernel, fast checks'
	@echo '  check-checks     the builds and static checks only'
	@echo '  check-selftests  what runs under the hypervisor only'
	@echo '  check-nightly    all programs on the kernels of which check leaves out some'
	@echo '  coverage         the same on debug, and which lines of the driver they reach'
	@echo '  docs             the documents as HTML'
	@echo '  check-list       the names that T= knows'
	@echo '  fuzz             the fuzzer; SECONDS=3600 SEED=1 KERNEL=debug; REPLAY=FILE;'
	@echo '                   GENERATION=3.3: with a hypervisor like that release'
	@echo '  bench            what operations cost beside Linux'"'"'s own driver, in instructions;'
	@echo '                   KERNEL=6.12: on a stock kernel'
	@echo '  bench-profile    where they go, by function; OP=pause (see bench/rows)'
	@echo '                   DRIVER=ours, linux or floor'
	@echo '  bench-publish    put what bench measures into the documents and the checks'
	@echo '  soak             device models killed by the thousand; MINUTES=30 KERNEL=debug'
	@echo '  deb              the packages for Debian, into build/deb'
	@echo
