# Keeping what is there, the switch, and the way back. Every tx_back_* may run when nothing was done yet, or twice.

# tx_note NAME TEXT: keeps a line of sh that takes something back.
tx_note() { printf '%s\n' "$2" >"$T/$1" || tx_fail "cannot write in $T; is the disk full?"; }

# tx_keep N PATH: keeps what is at PATH.
tx_keep() {
    if [ -L "$2" ] || [ -f "$2" ]; then
        tx_try "keep a copy of $2" cp -pP -- "$2" "$T/was.$1"
    elif [ -d "$2" ]; then
        tx_stat=$(stat -c '%a %u:%g' -- "$2") || tx_fail "cannot look at $2"
        tx_note "dir.$1" "$tx_stat"
    fi
}

# tx_back N PATH: puts back what tx_keep kept; nothing kept means that nothing was there.
tx_back() {
    if [ -L "$T/was.$1" ] || [ -f "$T/was.$1" ]; then
        [ -L "$2" ] || [ ! -d "$2" ] || rmdir -- "$2" || return
        tx_aside=${2%/*}/.rcl-back.${1##*/}
        rm -f -- "$tx_aside"
        cp -pP -- "$T/was.$1" "$tx_aside" && mv -f -T -- "$tx_aside" "$2"
    elif [ -f "$T/dir.$1" ]; then
        IFS=' ' read -r tx_mode tx_owner <"$T/dir.$1"
        if [ -L "$2" ] || [ ! -d "$2" ]; then rm -f -- "$2" && mkdir -- "$2" || return; fi
        chown -h -- "$tx_owner" "$2" && chmod -- "$tx_mode" "$2"
    elif [ ! -L "$2" ] && [ -d "$2" ]; then
        # Something that ran meanwhile may have written into it: that is not ours to take away.
        rmdir -- "$2" 2>/dev/null || :
    else
        rm -f -- "$2"
    fi
}

# tx_keep_attributes N PATH, tx_back_attributes N PATH: mode and owner alone.
tx_keep_attributes() {
    tx_stat=$(stat -c '%a %u:%g' -- "$2") || tx_fail "cannot look at $2"
    tx_note "attributes.$1" "$tx_stat"
}
tx_back_attributes() {
    IFS=' ' read -r tx_mode tx_owner <"$T/attributes.$1"
    [ ! -e "$2" ] || { chown -h -- "$tx_owner" "$2" && chmod -- "$tx_mode" "$2"; }
}

# tx_keep_parents N PATH: keeps which of the directories above PATH is the first that is missing.
tx_keep_parents() {
    tx_near "$2"
    printf '%s' "$tx_dir" >"$T/above.$1" || tx_fail "cannot write in $T; is the disk full?"
}

# tx_back_parents N PATH: takes away the directories above PATH that were missing, as far as they are empty.
tx_back_parents() {
    [ -f "$T/above.$1" ] || return 0
    tx_above=$(cat -- "$T/above.$1")
    tx_dir=${2%/*}
    while [ "$tx_dir" != "$tx_above" ] && [ "$tx_dir" ]; do
        [ ! -d "$tx_dir" ] || rmdir -- "$tx_dir" 2>/dev/null || return 0
        tx_dir=${tx_dir%/*}
    done
}

# tx_put N PATH: the staged file takes its place.
tx_put() {
    eval "tx_staged=\$tx_at_$1"
    tx_try "write $2" mv -f -T -- "$tx_staged" "$2"
}

# tx_link N TO PATH: the link at PATH points to TO, without a moment in between.
tx_link() {
    tx_name "$1" "$3"
    [ ! -L "$tx_staged" ] || rm -f -- "$tx_staged"
    tx_try "make a link near $3" ln -s -- "$2" "$tx_staged"
    tx_try "make the link $3" mv -f -T -- "$tx_staged" "$3"
}

# tx_directory PATH MODE OWNER: makes the directory; one that is there is left as it is.
tx_directory() {
    [ ! -d "$1" ] || return 0
    tx_try "make the directory $1" mkdir -m "$2" -- "$1"
    [ -z "$3" ] || tx_try "give $1 to $3" chown -h -- "$3" "$1"
}

# tx_original NAME PATH: keeps what is at PATH, for as long as PATH is ours.
tx_original() {
    tx_kept=$STATE/originals
    [ -d "$tx_kept" ] || (umask 077 && mkdir -- "$tx_kept") 2>"$T/error" ||
        tx_fail "cannot make $tx_kept: $(cat -- "$T/error")"
    rm -rf -- "$tx_kept/new"
    tx_try "keep what is at $2" cp -pP -- "$2" "$tx_kept/new"
    sync -- "$tx_kept/new" 2>/dev/null || sync
    tx_try "keep what is at $2" mv -f -T -- "$tx_kept/new" "$tx_kept/$1"
}

# tx_put_back N NAME PATH: what tx_original kept of PATH takes its place again.
tx_put_back() {
    [ -L "$STATE/originals/$2" ] || [ -f "$STATE/originals/$2" ] ||
        tx_fail "what was at $3 before it was taken over is no longer kept in $STATE/originals; put it back by hand"
    tx_name "$1" "$3"
    rm -f -- "$tx_staged"
    tx_try "copy what was at $3" cp -pP -- "$STATE/originals/$2" "$tx_staged"
    tx_try "put back $3" mv -f -T -- "$tx_staged" "$3"
}

tx_remove_file() { tx_try "remove $1" rm -f -- "$1"; }

# tx_remove_directory PATH: one with something in it stays; that is somebody else's.
tx_remove_directory() {
    [ ! -d "$1" ] || [ "$(ls -A -- "$1")" ] || tx_try "remove the directory $1" rmdir -- "$1"
}

# tx_keep_release N PATH VERSION: notes that the release is not there yet.
tx_keep_release() { [ -d "$2/releases/$3" ] || tx_note "fresh.$1" "$3"; }

# tx_put_release N PATH VERSION SHA256: the unpacked release takes its place, with a record of what it was made from.
tx_put_release() {
    [ -d "$2/releases" ] || (umask 022 && mkdir -p -- "$2/releases") 2>"$T/error" ||
        tx_fail "cannot make $2/releases: $(cat -- "$T/error")"
    if [ -d "$2/releases/$3" ]; then
        tx_try "put aside the old $2/releases/$3" mv -T -- "$2/releases/$3" "$2/releases/.rcl-$tx_id.$1.old"
    fi
    eval "tx_staged=\$tx_at_$1"
    tx_try "put $2/releases/$3 in place" mv -T -- "$tx_staged" "$2/releases/$3"
    printf '%s\n' "$4" >"$2/releases/.$3.sha256" || tx_fail "cannot write in $2/releases"
    chmod 0644 -- "$2/releases/.$3.sha256"
}

# tx_back_release N PATH VERSION
tx_back_release() {
    tx_old=$2/releases/.rcl-${T##*/}.$1.old
    if [ -f "$T/fresh.$1" ]; then
        rm -rf -- "$2/releases/$3"
    elif [ -d "$tx_old" ]; then
        rm -rf -- "$2/releases/$3" && mv -T -- "$tx_old" "$2/releases/$3"
    fi
}

# tx_forget PATH...: takes away what was put aside; all went well.
tx_forget() { rm -rf -- "$@"; }

# tx_prune PATH KEEP: of the releases that we unpacked the newest stay, and ever the current one.
tx_prune() {
    tx_current=$(readlink -- "$1/current") || return 0
    tx_left=$(($2 - 1))
    ls -1t -- "$1/releases" | while IFS= read -r tx_name; do
        [ "releases/$tx_name" != "$tx_current" ] && [ -f "$1/releases/.$tx_name.sha256" ] || continue
        tx_left=$((tx_left - 1))
        [ "$tx_left" -ge 0 ] || rm -rf -- "$1/releases/$tx_name" "$1/releases/.$tx_name.sha256"
    done
}

# tx_remove_releases N PATH: puts aside every release that we unpacked.
tx_remove_releases() {
    tx_name "$1" "$2/current"
    printf '%s' "$tx_staged" >"$T/aside.$1"
    rm -f -- "$T/staged.$1"
    tx_try "make a directory in $2" mkdir -- "$tx_staged"
    for tx_record in "$2"/releases/.*.sha256; do
        [ -f "$tx_record" ] || continue
        tx_version=${tx_record##*/.}
        tx_version=${tx_version%.sha256}
        tx_try "put aside ${tx_record##*/}" mv -- "$tx_record" "$tx_staged/"
        [ ! -d "$2/releases/$tx_version" ] ||
            tx_try "put aside $2/releases/$tx_version" mv -- "$2/releases/$tx_version" "$tx_staged/"
    done
    rmdir -- "$2/releases" 2>/dev/null || return 0
}

# tx_keep_releases N PATH: nothing to keep, all is put aside. tx_back_releases N PATH
tx_keep_releases() { :; }
tx_back_releases() {
    tx_aside=$2/.rcl-${T##*/}.$1
    [ -d "$tx_aside" ] || return 0
    [ -d "$2/releases" ] || (umask 022 && mkdir -- "$2/releases") || return
    for tx_file in "$tx_aside"/* "$tx_aside"/.*.sha256; do
        [ ! -e "$tx_file" ] || mv -- "$tx_file" "$2/releases/" || return
    done
    rmdir -- "$tx_aside"
}

# tx_undo: clears away what was staged, which may be in a folder that is to go; then takes back all that T notes, last
# first; tx_trouble says what could not be.
tx_undo() {
    tx_trouble=
    for tx_noted in "$T"/staged.*; do
        [ -f "$tx_noted" ] || continue
        tx_file=$(cat -- "$tx_noted")
        case $tx_file in */.rcl-*) rm -rf -- "$tx_file" ;; esac
    done
    if [ -f "$T/armed" ]; then
        for tx_step in $(ls -1r -- "$T" | grep '^back\.') $(ls -1 -- "$T" | grep '^after\.'); do
            tx_line=$(cat -- "$T/$tx_step")
            tx_to=4 tx_turn=undo
            { eval "$tx_line"; } 4>&1 >"$T/undo.error" 2>&1 ||
                tx_trouble="$tx_trouble$tx_newline$(cat -- "$T/undo.error")"
        done
    fi
}
