# Looking before touching, and everything that takes time or may fail: still nothing is changed that anybody sees.

# tx_check_place PATH: the folder that PATH goes into is there and ours to write.
tx_check_place() {
    tx_parent=${1%/*}
    [ "$tx_parent" ] || tx_parent=/
    [ -d "$tx_parent" ] || tx_fail "the directory $tx_parent does not exist; declare it as a directory"
    [ -w "$tx_parent" ] && [ -x "$tx_parent" ] ||
        tx_fail "may not write in $tx_parent; connect as a user who may, or with become: sudo"
}

# tx_check_leaf PATH: what is at PATH, if anything, is a file or a link.
tx_check_leaf() {
    [ -L "$1" ] || [ -f "$1" ] || [ ! -e "$1" ] && return
    if [ -d "$1" ]; then tx_what='a directory'; else tx_what='neither a file nor a link'; fi
    tx_fail "$1 is $tx_what, and it is not ours to replace; move it away or choose another path"
}

# tx_check_directory PATH: what is at PATH, if anything, is a directory.
tx_check_directory() {
    if [ -L "$1" ]; then
        tx_fail "$1 is a link where a directory is to be; move it away or choose another path"
    fi
    [ -d "$1" ] || [ ! -e "$1" ] || tx_fail "$1 is a file where a directory is to be; move it away or choose another path"
}

# tx_check_link PATH: what is at PATH, if anything, is a link.
tx_check_link() {
    [ -L "$1" ] || [ ! -e "$1" ] || tx_fail "$1 is not a link, and it is not ours to replace; move it away"
}

# tx_check_release PATH: what is at PATH, if anything, is a directory; and we may write there or make it.
tx_check_release() {
    [ ! -L "$1" ] && [ ! -e "$1" ] || [ -d "$1" ] || tx_fail "$1 is not a directory, and it is not ours to replace"
    tx_near "$1/releases/new"
    [ -w "${tx_dir:-/}" ] || tx_fail "may not write in ${tx_dir:-/}; connect as a user who may, or with become: sudo"
}

# tx_check_there PATH: a file or directory is at PATH.
tx_check_there() {
    [ -e "$1" ] || tx_fail "$1 is no longer there"
    [ ! -L "$1" ] || tx_fail "$1 has become a link"
}

# tx_check_user NAME, tx_check_group NAME: such a user, such a group exists. A number always does.
tx_check_user() {
    case $1 in *[!0-9]*) id -u -- "$1" >/dev/null 2>&1 || tx_fail "the user $1 does not exist on this host" ;; esac
}
tx_check_group() {
    case $1 in
        *[!0-9]*)
            getent group "$1" >/dev/null 2>&1 || grep -q "^$1:" /etc/group 2>/dev/null ||
                tx_fail "the group $1 does not exist on this host"
            ;;
    esac
}

# tx_near PATH: sets tx_dir to the nearest directory above PATH that is there: on the same filesystem as PATH will be.
tx_near() {
    tx_dir=${1%/*}
    while [ "$tx_dir" ] && [ ! -d "$tx_dir" ]; do
        tx_dir=${tx_dir%/*}
    done
}

# tx_name N PATH: sets tx_staged to a hidden name near PATH, and notes it so that it is cleared away whatever happens.
tx_name() {
    tx_near "$2"
    tx_staged=$tx_dir/.rcl-$tx_id.$1
    eval "tx_at_$1=\$tx_staged"
    printf '%s' "$tx_staged" >"$T/staged.$1" || tx_fail "cannot write in $T; is the disk full?"
}

# tx_read SIZE: copies that many bytes of standard input, and not one more.
tx_read() {
    if [ "$1" -gt 0 ] && [ "$1" -le 2097152 ]; then dd bs="$1" count=1 iflag=fullblock 2>/dev/null; return; fi
    [ "$1" -lt 65536 ] || dd bs=65536 count=$(($1 / 65536)) iflag=fullblock 2>/dev/null || return
    [ $(($1 % 65536)) = 0 ] || dd bs=$(($1 % 65536)) count=1 iflag=fullblock 2>/dev/null
}

# tx_receive N SIZE FILE: puts the next payload into a new file.
tx_receive() {
    { tx_read "$2" >"$3"; } 2>"$T/error" && return
    tx_why=$(cat -- "$T/error")
    tx_fail "cannot write $3${tx_why:+: $tx_why}; is the disk full?"
}

# tx_stage_file N SIZE PATH: the next payload, next to PATH.
tx_stage_file() {
    tx_name "$1" "$3"
    tx_receive "$1" "$2" "$tx_staged"
}

# tx_verify SHA256 FILE [SHA256 FILE]...: every file is what it should be.
tx_verify() {
    tx_error=$(printf '%s  %s\n' "$@" | sha256sum -c - 2>/dev/null) ||
        tx_fail "what arrived is not what was sent: $(printf '%s\n' "$tx_error" | grep -v ': OK$' | head -n 3)"
}

# tx_verify_one SHA256 FILE: the same for a name that a line cannot hold.
tx_verify_one() {
    tx_sum=$(sha256sum <"$2")
    [ "${tx_sum%% *}" = "$1" ] || tx_fail "what arrived for $2 is not what was sent"
}

# tx_unpack N PATH: unpacks the plain tar in.N near PATH. It is ours and harmless: the controller made it.
tx_unpack() {
    command -v tar >/dev/null || tx_fail "there is no tar on this host; install it"
    tx_name "$1" "$2"
    rm -rf -- "$tx_staged"
    tx_try "make a directory near $2" mkdir -- "$tx_staged"
    tx_try "unpack the release for $2" tar -x -p -o -f "$T/in.$1" -C "$tx_staged"
    tx_try "set the mode of $tx_staged" chmod 0755 -- "$tx_staged"
    # The newest releases are kept, by the time they came here, not by that in the archive.
    tx_try "set the time of $tx_staged" touch -- "$tx_staged"
    rm -f -- "$T/in.$1"
    sync -f -- "$tx_staged" 2>/dev/null || sync
}
