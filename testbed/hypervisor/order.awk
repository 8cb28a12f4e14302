# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
#
# Reads nm -oP of the hypervisor's objects, in the order of the Makefile, and fails
# if one calls another that comes after it.  Only start.S, where CPUs come from,
# may.

{
	file = $1
	sub(/.*\//, "", file)
	sub(/\.o.*/, "", file)
	if (!(file in place))
		place[file] = ++files
	if ($3 == "U") {
		users[++uses] = file
		used[uses] = $2
	} else if ($3 ~ /[A-Z]/) {
		home[$2] = file
	}
}

END {
	for (i = 1; i <= uses; i++) {
		user = users[i]
		other = home[used[i]]
		if (user == "start" || other == "" || place[other] <= place[user])
			continue
		printf "%s.c uses %s() of %s.c, which is above it\n", user, used[i], other
		failed = 1
	}
	exit failed
}
