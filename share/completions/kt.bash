# SPDX-License-Identifier: GPL-2.0-only
# Completion of kt and its tools for bash: eval "$(kt completion bash)". kt itself knows the words.
_kt()
{
	local i line words=()
	for ((i = 0; i <= COMP_CWORD; i++)); do
		# to bash, --option=value is three words
		if ((${#words[@]})) && [[ ${COMP_WORDS[i]} == = || ${words[-1]} == --*= ]]; then
			words[-1]+=${COMP_WORDS[i]}
		else
			words+=("${COMP_WORDS[i]}")
		fi
	done
	local word=${words[-1]}
	[[ $word == --*=* ]] && word=${word#*=}
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:file | :directory)
			compopt -o filenames
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -A "${line#:}" -- "$word")
			continue
			;;
		esac
		line=${line%%$'\t'*}
		[[ ${words[-1]} == --*=* ]] && line=${line#*=}
		[[ $line == *= ]] && compopt -o nospace
		COMPREPLY+=("$line")
	done < <(kt completion words "${words[@]}" 2>/dev/null)
}
complete -F _kt kt kt-check kt-guest kt-initrd kt-kernel kt-report kt-topo kt-vm
