#compdef kt kt-check kt-guest kt-initrd kt-kernel kt-report kt-topo kt-vm
# SPDX-License-Identifier: GPL-2.0-only
# Completion of kt and its tools for zsh: kt completion zsh > a directory of $fpath, as _kt. kt
# itself knows the words.
_kt()
{
	local line
	local -a found more
	for line in "${(@f)$(kt completion words "${(@)words[1,CURRENT]}" 2>/dev/null)}"; do
		case $line in
		:file) _files ;;
		:directory) _files -/ ;;
		*=$'\t'*) more+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
		?*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
		esac
	done
	(($#found)) && _describe kt found
	(($#more)) && _describe kt more -S ''
	return 0
}
if [ "$funcstack[1]" = _kt ]; then
	_kt "$@"
else
	compdef _kt kt kt-check kt-guest kt-initrd kt-kernel kt-report kt-topo kt-vm
fi
