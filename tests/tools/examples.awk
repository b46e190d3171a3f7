# SPDX-License-Identifier: GPL-2.0-only
# usage: awk -f examples.awk PAGE...
# The examples of the page, each as a line: section, TAB, text. Lines of .Dl that follow
# each other are examples of their own; a literal block is one.
function example(text) {
	gsub(/\\\(dq/, "\"", text)
	gsub(/\\-/, "-", text)
	gsub(/\\e/, "\\", text)
	gsub(/[ \t\n]+/, " ", text)
	print section "\t" text
}
/^\.Sh / { section = substr($0, 5) }
/^\.Dl / { example(substr($0, 5)) }
/^\.Ed/ && block { example(text); block = 0 }
block { text = text "\n" $0 }
/^\.Bd -literal/ { block = 1; text = "" }
