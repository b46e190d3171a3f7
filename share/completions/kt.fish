# SPDX-License-Identifier: GPL-2.0-only
# Completion of kt and its tools for fish: kt completion fish | source. kt itself knows the words.
function __kt_words
	set -l words (commandline -opc) (commandline -ct)
	for line in (kt completion words $words 2>/dev/null)
		switch $line
			case :file
				__fish_complete_path (commandline -ct)
			case :directory
				__fish_complete_directories (commandline -ct)
			case '*'
				echo $line
		end
	end
end
for tool in kt kt-check kt-guest kt-initrd kt-kernel kt-report kt-topo kt-vm
	complete -c $tool -f -a '(__kt_words)'
end
