# SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
#
# Judges the output of tests.  Around what each program printed stand lines
#
#	testbed: begin NAME tap|plain
#	testbed: end NAME status=STATUS seconds=SECONDS
#	testbed: after NAME
#
# with TAP between the first two, and points of init's own, whose text names
# the program, between the last two.  Prints a line for each test,
#
#	pass|fail|skip PROGRAM: TEST [# REASON]
#
# or, with only=NAME, a summary of that program and what failed in it, for
# people to read.

function point(verdict, text)
{
	counts[verdict]++
	if (only == "") {
		print verdict " " text
		return
	}
	show_notes(verdict)
	if (verdict != "pass")
		failures = failures sprintf("        %s: %s\n", verdict, text)
}

# Comments may stand before or after the test that they are about: those on both
# sides of a failure are shown, in their order.
function show_notes(next_verdict)
{
	if (next_verdict == "fail" || last_verdict == "fail") {
		failures = failures notes
		if (hidden)
			failures = failures sprintf("          ... %d more lines\n", hidden)
	}
	notes = ""
	noted = hidden = 0
	last_verdict = next_verdict
}

function note(text)
{
	if (noted++ < 30)
		notes = notes "          " substr(text, 1, 300) "\n"
	else
		hidden++
}

# A line "ok 3 - text # SKIP reason" of the program, or of init without number
function test_line(line, prefix,	verdict, number, reason)
{
	verdict = line ~ /^not / ? "fail" : "pass"
	sub(/^(not )?ok */, "", line)
	number = -1
	if (match(line, /^[0-9]+/)) {
		number = substr(line, 1, RLENGTH) + 0
		line = substr(line, RLENGTH + 1)
	}
	sub(/^[ -]+/, "", line)
	if (match(line, / *# *[Ss][Kk][Ii][Pp][^ ]*/)) {
		reason = substr(line, RSTART + RLENGTH)
		line = substr(line, 1, RSTART - 1)
		sub(/^ +/, "", reason)
		if (verdict == "pass") {
			verdict = "skip"
			line = line " # " (reason == "" ? "no reason given" : reason)
		}
	}
	if (verdict == "pass" && number >= 0 && number != seen)
		point("fail", prefix line " # numbered " number ", is number " seen)
	else
		point(verdict, prefix line)
}

function begin(program, how)
{
	name = program
	kind = how
	state = "program"
	plan = -1
	seen = 0
	skipped_all = ""
	notes = failures = last_verdict = ""
	noted = hidden = 0
	split("", counts)
}

function end(status,	how)
{
	state = "after"
	how = "exit status " status
	if (status > 128)
		how = how " (signal " status - 128 ")"
	if (status == 137)
		how = how " after " seconds_taken " s"
	if (kind != "tap") {
		point(status == 0 ? "pass" : "fail", name ": " how)
		return
	}
	if (plan < 0)
		point("fail", name ": prints no plan, " how)
	else if (skipped_all != "")
		point("skip", name ": all of it # " skipped_all)
	else if (plan == 0)
		point("fail", name ": no test in it, " how)
	else if (seen != plan)
		point("fail", name ": ran " seen " of " plan " tests, " how)
	if (status != 0 && !counts["fail"] && skipped_all == "")
		point("fail", name ": " how)
}

function summary(	text)
{
	show_notes("")
	text = counts["pass"] + 0 " passed"
	if (counts["fail"])
		text = text ", " counts["fail"] " failed"
	if (counts["skip"])
		text = text ", " counts["skip"] " skipped"
	printf "  %-4s  %-24s %s (%d s)\n%s", counts["fail"] ? "FAIL" : "ok", name, text, \
	       seconds_taken, failures
	fflush()
}

{ sub(/\r$/, "") }

/^testbed: begin / {
	begin($3, $4)
	next
}

/^testbed: end [^ ]+ status=[0-9]+ seconds=/ && state == "program" && $3 == name {
	split($4, status, "=")
	split($5, seconds, "=")
	seconds_taken = seconds[2] + 0
	end(status[2])
	next
}

/^testbed: after / && state == "after" {
	if (only == name)
		summary()
	state = ""
	next
}

only != "" && only != name { next }

/^# / { note($0) }

state == "program" && kind == "tap" && /^1\.\.[0-9]+/ {
	if (plan >= 0)
		point("fail", name ": prints a second plan")
	plan = substr($1, 4) + 0
	if (plan == 0 && match($0, /# *[Ss][Kk][Ii][Pp][^ ]* */)) {
		skipped_all = substr($0, RSTART + RLENGTH)
		if (skipped_all == "")
			skipped_all = "no reason given"
	}
	next
}

state == "program" && kind == "tap" && /^Bail out!/ {
	point("fail", name ": " $0)
	next
}

state == "program" && kind == "tap" && /^(not )?ok( |$)/ {
	seen++
	test_line($0, name ": ")
	next
}

state != "program" && /^(not )?ok - / { test_line($0, "") }

END {
	if (state != "" && only == "")
		point("fail", name ": the machine ended before it did")
}
