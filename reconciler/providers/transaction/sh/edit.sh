# Changing a part of a file: the whole of it as it will be is made beside it, and takes its place later.

# tx_edit N PATH SOURCE MODE OWNER FUNCTION [WORD]...: what FUNCTION prints of SOURCE, next to PATH, with SOURCE's mode
# and owner. Where there is no SOURCE the file is a new one with MODE and OWNER, and is not made when nothing is in it.
tx_edit() {
    tx_name "$1" "$2"
    tx_path=$2 tx_source=$3 tx_mode=$4 tx_owner=$5 tx_function=$6
    shift 6
    rm -f -- "$tx_staged"
    if [ -f "$tx_source" ]; then
        tx_stat=$(stat -c '%a %u:%g' -- "$tx_source") || tx_fail "cannot look at $tx_path"
        # A copy that only we can reach: whoever may write there could put a link to any other file in its place.
        rm -f -- "$T/edited"
        tx_try "read $tx_path" cp -pP -- "$tx_source" "$T/edited"
        tx_source=$T/edited
        [ ! -L "$tx_source" ] && [ -f "$tx_source" ] || tx_fail "$tx_path has become something else meanwhile"
        [ "$(tr -d '\000' <"$tx_source" | wc -c)" -eq "$(wc -c <"$tx_source")" ] ||
            tx_fail "$tx_path is no text: it holds NUL characters; nothing can be edited in it"
        tx_mode=${tx_stat% *} tx_owner=${tx_stat#* }
    else
        tx_source=/dev/null
    fi
    "$tx_function" "$tx_source" "$@" >"$tx_staged" 2>"$T/error" || tx_fail "cannot edit $tx_path: $(cat -- "$T/error")"
    if [ "$tx_source" = /dev/null ] && [ ! -s "$tx_staged" ]; then
        rm -f -- "$tx_staged"
        return 0
    fi
    [ -z "$tx_owner" ] || tx_try "give $tx_path to $tx_owner" chown -h -- "$tx_owner" "$tx_staged"
    tx_try "set the mode of $tx_path" chmod -- "$tx_mode" "$tx_staged"
    tx_sync "$tx_staged"
}

# tx_put_edited N PATH
tx_put_edited() {
    eval "tx_staged=\$tx_at_$1"
    [ ! -f "$tx_staged" ] || tx_put "$1" "$2"
}

# tx_check_text PATH: what is at PATH, if anything, is a file, and no link to one: the link itself would be replaced.
tx_check_text() {
    if [ -L "$1" ]; then
        tx_fail "$1 is a link to $(readlink -- "$1"); name the file that it points to"
    fi
    [ -f "$1" ] || [ ! -e "$1" ] || tx_fail "$1 is no file; nothing can be edited in it"
}
