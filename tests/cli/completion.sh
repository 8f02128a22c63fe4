# SPDX-License-Identifier: Apache-2.0
# Completion: what may come next on a line, by the program itself and through the function of every shell that is installed.
. "$MHO_SOURCE_DIR/tests/cli/lib/check.bash"

# words LINE...: what the program offers; the last word is the one that has been begun.
words() { "$mho" __complete "$@" | cut -f1; }
# offers WANTED LINE...: a word among the answers; lacks UNWANTED LINE...
offers() { local want=$1; shift; words "$@" | grep -qxF -- "$want" || fail "$* does not offer $want"; }
lacks() { local want=$1; shift; ! words "$@" | grep -qxF -- "$want" || fail "$* offers $want"; }

offers completion compl
offers --version --v
offers help ""
offers zsh completion z
offers evaluate help ev
offers --seed evaluate lenet --se
lacks --seed help --se
offers lenet evaluate lene
offers lenet-binary-mnist infer lenet-b
offers lenet-float-mnist quantize lenet-f
offers bcnn hw bc
offers bcnn evaluate lenet --hw bcn
offers --hw=bcnn evaluate lenet --hw=bcn
offers bcnn,cnn8 compare lenet --hw bcnn,cn
offers device.bits= evaluate lenet --hw bcnn --set device.b
offers device.levels=ends evaluate lenet --set device.levels=
offers --set=device.levels=ends evaluate lenet --set=device.levels=e
offers device.levels=ends,ends evaluate lenet --sweep device.levels=ends,e
offers technology=generic-45nm evaluate lenet --hw bcnn --set technology=gen
offers learning_rate= train lenet --set lea
offers binary train lenet --style bi
offers threshold quantize lenet --method thr
offers bcnn-table4 reproduce bcnn-table2 bcnn-table
offers fetch data fe
offers mnist data fetch ""
[ -z "$(words evaluate lenet --output x)" ] || fail "no words where a file is wanted"
[ -z "$(words nocommand x)" ] || fail "no words of a command that there is not"
"$mho" __complete evaluate lenet --trials | grep -q "^--trials	programmings" || fail "options are not told"
"$mho" __complete || fail "nothing to complete is an error"

mkdir bin; ln -s "$mho" bin/mho; PATH=$PWD/bin:$PATH
touch picture.pgm

# reply CURRENT WORDS...: what bash makes of a line that it took apart at "=".
reply() { bash -c '. ./out; COMP_CWORD=$1; shift; COMP_WORDS=("$@"); _mho; printf "%s\n" "${COMPREPLY[@]}"' - "$@"; }
run completion bash; want_code 0; want_no_err; bash -n out || fail "no bash script"
[ "$(reply 1 mho compl)" = completion ] || fail "bash: a command"
[ "$(reply 4 mho evaluate lenet --hw bcn)" = bcnn ] || fail "bash: --hw"
[ "$(reply 5 mho evaluate lenet --hw = bcn)" = bcnn ] || fail "bash: --hw=bcn, taken apart"
[ "$(reply 6 mho evaluate lenet --set device.levels = en)" = ends ] || fail "bash: a value of a field"
[ "$(reply 5 mho evaluate lenet --set device.levels =)" = "$(words evaluate lenet --set device.levels= | cut -d= -f2)" ] || fail "bash: all values of a field"
[ "$(reply 4 mho evaluate lenet --output pict)" = picture.pgm ] || fail "bash: a file"
[ "$(reply 2 mho infer lenet-bin | sort)" = "$(words infer lenet-bin | sort)" ] || fail "bash: models"

run completion zsh; want_code 0; want_no_err; want_out "#compdef mho"
if command -v zsh >/dev/null; then
    zsh -n out || fail "no zsh script"
    zsh -fc 'autoload -U compinit; compinit -D -u; . ./out; [[ $_comps[mho] == _mho ]]' || fail "zsh does not take the completion"
    # The function with a compadd that prints what it is given.
    zshes() { zsh -fc '. ./out 2>/dev/null; compadd() { print -l -- ${(P)@[-1]} }; _files() { print FILES }; words=(mho "$@"); CURRENT=$#words; _mho' - "$@"; }
    [ "$(zshes compl)" = completion ] || fail "zsh: a command"
    [ "$(zshes evaluate lenet --hw bcn)" = bcnn ] || fail "zsh: --hw"
    [ "$(zshes evaluate lenet --set device.levels=en)" = device.levels=ends ] || fail "zsh: a value of a field"
    [ "$(zshes evaluate lenet --output x)" = FILES ] || fail "zsh: a file"
fi
run completion fish; want_code 0; want_no_err; want_out "complete -c mho"
if command -v fish >/dev/null; then
    HOME=$PWD fish --no-execute out || fail "no fish script"
    fishes() { HOME=$PWD fish -c '. ./out; complete -C "$argv"' -- "$1" | cut -f1; }
    [ "$(fishes "mho compl")" = completion ] || fail "fish: a command"
    [ "$(fishes "mho evaluate lenet --hw bcn")" = bcnn ] || fail "fish: --hw"
    fishes "mho evaluate lenet --set device.levels=en" | grep -q 'ends$' || fail "fish: a value of a field"
    [ "$(fishes "mho evaluate lenet --output pict")" = picture.pgm ] || fail "fish: a file"
fi
