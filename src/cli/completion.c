/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts of three shells, which ask the program for the words (complete.c), and so know the same. */
#include <string.h>

#include "cli.h"

/* Bash takes words apart at "=": they are put together for the question, and what stands before is left out of the answer. */
static const char bash[] =
    "_mho()\n"
    "{\n"
    "    local IFS=$' \\t\\n' words=() i word reply cut=\n"
    "    for ((i = 1; i <= COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $i -gt 1 && ( $word == '=' || ${COMP_WORDS[i-1]} == '=' ) ]]; then\n"
    "            words[${#words[@]}-1]+=$word\n"
    "        else\n"
    "            words+=(\"$word\")\n"
    "        fi\n"
    "    done\n"
    "    word=${words[${#words[@]}-1]}\n"
    "    [[ ${COMP_WORDS[COMP_CWORD]} == \"$word\" ]] || cut=${word%=*}=\n"
    "    COMPREPLY=()\n"
    "    while IFS=$'\\t' read -r reply _; do\n"
    "        COMPREPLY+=(\"${reply#\"$cut\"}\")\n"
    "        [[ $reply != *[=:] ]] || compopt -o nospace 2>/dev/null\n"
    "    done < <(\"${COMP_WORDS[0]}\" __complete \"${words[@]}\" 2>/dev/null)\n"
    "    [[ ${#COMPREPLY[@]} -gt 0 ]] || mapfile -t COMPREPLY < <(compgen -f -- "
    "\"${COMP_WORDS[COMP_CWORD]}\")\n"
    "}\n"
    "complete -o filenames -F _mho mho\n";

static const char zsh[] =
    "#compdef mho\n"
    "_mho()\n"
    "{\n"
    "    local line word\n"
    "    local -a whole open shown_whole shown_open\n"
    "    for line in \"${(@f)$(\"${words[1]}\" __complete \"${(@)words[2,CURRENT]}\" "
    "2>/dev/null)}\"; do\n"
    "        [[ -n $line ]] || continue\n"
    "        word=${line%%$'\\t'*}\n"
    "        [[ $line == *$'\\t'* ]] && line=\"$word  -- ${line#*$'\\t'}\"\n"
    "        if [[ $word == *[=:] ]]; then\n"
    "            open+=(\"$word\") shown_open+=(\"$line\")\n"
    "        else\n"
    "            whole+=(\"$word\") shown_whole+=(\"$line\")\n"
    "        fi\n"
    "    done\n"
    "    (( $#whole + $#open )) || { _files; return }\n"
    "    (( $#whole )) && compadd -l -d shown_whole -a whole\n"
    "    (( $#open )) && compadd -l -S '' -d shown_open -a open\n"
    "    return 0\n"
    "}\n"
    "if [[ $funcstack[1] == _mho ]]; then _mho \"$@\"; else compdef _mho mho; fi\n";

static const char fish[] = "function __mho_complete\n"
                           "    set -l words (commandline -opc) (commandline -ct)\n"
                           "    $words[1] __complete $words[2..-1] 2>/dev/null\n"
                           "end\n"
                           "complete -c mho -n 'test (count (__mho_complete)) -gt 0' -f\n"
                           "complete -c mho -a '(__mho_complete)'\n";

mho_status cmd_completion(const cli_args *args)
{
    static const struct {
        const char *name, *script;
    } shell[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    for (size_t i = 0; i < sizeof shell / sizeof *shell; i++)
        if (!strcmp(args->file[0], shell[i].name)) {
            fputs(shell[i].script, args->out);
            return MHO_OK;
        }
    return mho_error(MHO_EUSAGE, "completion for %s, want bash, zsh or fish", args->file[0]);
}
