# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
#
# Shows the steps of hsm-run (first file, tests.log) beside what the hypervisor
# logged meanwhile (second file, hv.log), where a mark "step N" begins each step.

function note(side, text)
{
	lines[side, step] = lines[side, step] (lines[side, step] == "" ? "" : "\n") text
	if (step > steps)
		steps = step
}

# wrap(TEXT, WIDTH, PIECES): break the lines of TEXT at spaces, where there are any
function wrap(text, width, pieces,	input, count, n, i, at)
{
	n = 0
	count = split(text, input, "\n")
	for (i = 1; i <= count; i++) {
		while (length(input[i]) > width) {
			for (at = width + 1; at > width / 2; at--) {
				if (substr(input[i], at, 1) == " ")
					break
			}
			if (substr(input[i], at, 1) == " ") {
				pieces[++n] = substr(input[i], 1, at - 1)
				input[i] = "    " substr(input[i], at + 1)
			} else {
				pieces[++n] = substr(input[i], 1, width)
				input[i] = "    " substr(input[i], width + 1)
			}
		}
		pieces[++n] = input[i]
	}
	return n
}

function show(left_text, right_text,	left, right, n, m, i)
{
	n = wrap(left_text, half, left)
	m = wrap(right_text, columns - half - 3, right)
	for (i = 1; i <= n || i <= m; i++)
		printf "%-" half "s |%s\n", i <= n ? left[i] : "", i <= m ? " " right[i] : ""
}

BEGIN {
	half = int(columns * 0.45)
	steps = 0
	step = 0
}

{ sub(/\r$/, "") }

FNR == 1 {
	file++
	step = 0
}

file == 1 && /^testbed: begin / { inside = 1; next }
file == 1 && /^(testbed: end|demo:) / { inside = 0 }
file == 1 && /^step [0-9]+/ { step = $2 + 0 }
file == 1 && inside && $0 != "" { note("user", $0) }

file == 2 && /^mark: step [0-9]+/ { step = $3 + 0; next }
file == 2 && /^mark: / { step = 0 }
file == 2 && step {
	sub(/^hc: /, "")
	note("hypervisor", $0)
}
file == 2 && step && / -> -?[0-9]+/ { hypercalls++ }
file == 2 && step && / enters at / { entries++ }
file == 2 && /^testbed: end / { account = substr($0, index($0, "vms=")) }

END {
	show("user space (hsm-run, /dev/acrn_hsm)", "hypervisor")
	rule = sprintf("%" columns "s", "")
	gsub(/ /, "-", rule)
	print rule
	for (step = 0; step <= steps; step++) {
		if (lines["user", step] lines["hypervisor", step] != "")
			show(lines["user", step], lines["hypervisor", step])
	}
	print rule
	printf "\nSeen: %d steps and %d hypercalls, each a VMCALL that the hypervisor trapped; the\n", \
	       steps, hypercalls
	printf "User VM was started %d times, on a processor of its own. Left in the end:\n%s.\n", \
	       entries, account == "" ? "unknown" : account
	exit !(steps && hypercalls && entries && account != "")
}
