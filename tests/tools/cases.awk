# SPDX-License-Identifier: GPL-2.0-only
# usage: awk -f cases.awk FILE...
# Takes tables of test files that are wrong (tests/data/bad) apart. A case is a line "== NAME",
# the test file, and a line "-> MESSAGE", which is what kt-guest says of it, less its own name and
# the file's. Writes NAME.json and NAME.err into the working directory and prints each NAME.
# What stands before the first case of a table is for people.

function die(why) {
	print FILENAME ":" FNR ": " why >"/dev/stderr"
	failed = 1
	exit 1
}

FNR == 1 && name { die("case " name " of the table before has no message") }
FNR == 1 { begun = 0 }

/^== / {
	if (name)
		die("case " name " has no message")
	name = $2
	if (name in seen)
		die("a second case " name)
	seen[name] = begun = 1
	printf "" >(name ".json")
	next
}

/^-> / && name {
	sub(/^-> /, "")
	place = $0 ~ /^[0-9]+:[0-9]+: / ? "" : " "
	print "kt-guest: " name ".json:" place $0 >(name ".err")
	close(name ".json")
	close(name ".err")
	print name
	name = ""
	next
}

name { print >(name ".json"); next }
begun && NF { die("text between two cases") }

END {
	if (name && !failed) {
		print FILENAME ": case " name " has no message" >"/dev/stderr"
		exit 1
	}
}
