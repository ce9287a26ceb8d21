# Small files that go to one directory: they come as one tar, into a folder near it, under the names that they will have.

# tx_pack N SIZE DIR NAME SIZE [NAME SIZE]...: stages the next payload, the tar of these files; tx_staged is where.
tx_pack() {
    tx_name "$1" "$3/-"
    eval "tx_pack_$1=\$tx_staged"
    tx_try "make a folder near $3" mkdir -- "$tx_staged"
    if ! command -v tar >/dev/null; then
        shift 3
        tx_split "$@"
        return
    fi
    tx_receive "$1" "$2" "$T/pack"
    tx_try "unpack files for $3 in $tx_staged (is the disk full?)" tar -x -p -o -m -f "$T/pack" -C "$tx_staged"
    : >"$T/pack"
}

# tx_split NAME SIZE...: the same where there is no tar.
tx_split() {
    while [ $# -gt 0 ]; do
        tx_receive - 512 "$T/pack"
        tx_receive - "$2" "$tx_staged/$1"
        [ $(($2 % 512)) = 0 ] || tx_receive - $((512 - $2 % 512)) "$T/pack"
        shift 2
    done
    tx_receive - 1024 "$T/pack"
    : >"$T/pack"
}

# tx_keep_pack N DIR NAME...: keeps what is in DIR under these names.
tx_keep_pack() {
    tx_into=$T/was.$1 tx_dir=$2
    shift 2
    tx_count=$#
    while [ "$tx_count" -gt 0 ]; do
        [ ! -L "$tx_dir/$1" ] && [ ! -f "$tx_dir/$1" ] || set -- "$@" "$tx_dir/$1"
        shift
        tx_count=$((tx_count - 1))
    done
    [ $# -gt 0 ] || return 0
    tx_try "keep copies of files in $tx_dir" mkdir -- "$tx_into"
    tx_try "keep copies of files in $tx_dir" cp -pP -- "$@" "$tx_into/"
}

# tx_back_pack N DIR NAME...: puts back what tx_keep_pack kept.
tx_back_pack() {
    tx_number=$1 tx_into=$2
    shift 2
    for tx_one in "$@"; do
        tx_back "$tx_number/$tx_one" "$tx_into/$tx_one" || return
    done
}

# tx_put_pack N DIR: each of the staged files takes its place.
tx_put_pack() {
    eval "tx_staged=\$tx_pack_$1"
    tx_try "write files in $2" mv -f -- "$tx_staged"/* "$2/"
    rmdir -- "$tx_staged" || :
}
