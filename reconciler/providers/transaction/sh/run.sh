# Programs: they run in a session of their own, with no input, and what they say is kept for the error.

# tx_check_account USER: we may run programs as USER.
tx_check_account() {
    tx_check_user "$1"
    [ "$(id -u)" = 0 ] || [ "$(id -u -- "$1" 2>/dev/null)" = "$(id -u)" ] ||
        tx_fail "may not run a program as $1; connect as $1, or with become: sudo"
}

# tx_run N WHAT PROGRAM...: see tx_program.
tx_run() {
    tx_place=$1 tx_what=$2
    shift 2
    tx_note "did.$tx_place" -
    tx_sync "$T/did.$tx_place" "$T"
    tx_program "$tx_place" "$@" || tx_fail "cannot $tx_what: $(tx_said "$tx_place" $? "$1")"
    rm -f -- "$T/said.$tx_place"
}

# tx_program N SECONDS USER DIRECTORY COUNT [NAME=VALUE]... COMMAND [WORD]...: runs the command, with COUNT variables
# more. N numbers it: what it says goes to said.N, and which process it is to did.N. An empty USER is ourselves.
tx_program() {
    tx_number=$1 tx_seconds=$2 tx_user=$3
    shift 3
    (tx_become "$@") >"$T/said.$tx_number" 2>&1 </dev/null &
    tx_pid=$!
    ! tx_started "$tx_pid" || printf '%s\n' "$tx_pid $tx_boot $tx_start" >"$T/did.$tx_number"
    wait "$tx_pid"
}

# tx_inner is what is run as the other account: DIRECTORY COUNT [NAME=VALUE]... COMMAND [WORD]...
tx_inner='cd -- "$1" || exit; rcl_n=$2; shift 2
while [ "$rcl_n" -gt 0 ]; do export "$1"; shift; rcl_n=$((rcl_n - 1)); done
command -v "$1" >/dev/null || { echo "there is no program $1 on this host"; exit 127; }
exec "$@"'

# tx_become DIRECTORY COUNT...: this shell becomes the command, as tx_user, ending after tx_seconds where that can be.
tx_become() {
    trap - HUP PIPE INT TERM
    umask 022
    tx_home "${tx_user:-$(id -u)}"
    set -- sh -c "$tx_inner" sh "$@"
    if [ "$tx_user" ] && [ "$(id -u -- "$tx_user")" != "$(id -u)" ]; then
        if setpriv --help 2>&1 | grep -q -e --init-groups; then
            set -- setpriv --reuid="$(id -u -- "$tx_user")" --regid="$(id -g -- "$tx_user")" --init-groups -- "$@"
        elif command -v runuser >/dev/null; then
            set -- runuser -u "$tx_user" -- "$@"
        else
            set -- su -s /bin/sh "$tx_user" -c 'exec "$@"' sh "$@"
        fi
    fi
    ! command -v timeout >/dev/null || set -- timeout -k 5 "$tx_seconds" "$@"
    ! command -v setsid >/dev/null || set -- setsid "$@"
    exec "$@"
}

# tx_home USER: the variables that a login of USER would have.
tx_home() {
    tx_line=$({ getent passwd "$1" || tx_user=$1 awk -F: '$1 "" == ENVIRON["tx_user"] "" || $3 == ENVIRON["tx_user"]' \
        /etc/passwd; } 2>/dev/null | head -n 1)
    [ "$tx_line" ] || return 0
    USER=${tx_line%%:*} LOGNAME=${tx_line%%:*}
    tx_line=${tx_line%:*}
    HOME=${tx_line##*:}
    export HOME USER LOGNAME
}

# tx_said N STATUS SECONDS: prints why a program failed: its last lines.
tx_said() {
    case $2 in 124 | 137 | 143)
        echo "it did not end within $3 seconds"
        ;;
    esac
    tx_line=$(grep '[^[:space:]]' <"$T/said.$1" | tail -n 3 | tail -c 1000)
    printf '%s\n' "${tx_line:-it ended with status $2}"
}

# tx_back_run N WHAT CONDITION PROGRAM: CONDITION, if there is one, and PROGRAM are texts of arguments of tx_program.
tx_back_run() {
    [ -f "$T/did.$1" ] || return 0
    tx_halt "$1"
    if [ -z "$3" ] || eval "tx_program $1 $3"; then
        eval "tx_program $1 $4" || {
            echo "cannot take back what was to $2: $(tx_said "$1" $? "${4%% *}")"
            return 1
        }
    fi
    rm -f -- "$T/did.$1" "$T/said.$1"
}

# tx_halt N: ends the program if it still runs; a killed transaction may have left it.
tx_halt() {
    IFS= read -r tx_line <"$T/did.$1" || return 0
    [ "$tx_line" != - ] || return 0
    for tx_signal in TERM TERM TERM TERM TERM KILL; do
        ! tx_gone $tx_line || return 0
        kill -s "$tx_signal" -- "-${tx_line%% *}" 2>/dev/null || kill -s "$tx_signal" "${tx_line%% *}" 2>/dev/null
        sleep 1
    done
}

# tx_arm_again: as tx_arm, for what comes after a program. Its ways back count from here on, all of which they need being
# on the disk; a power cut between two of the new names does no harm, for nothing of it is changed yet.
tx_arm_again() {
    for tx_file in "$T"/* "$T"/was.*/*; do
        [ -L "$tx_file" ] || [ ! -e "$tx_file" ] || set -- "$@" "$tx_file"
    done
    tx_sync "$@" "$T"
    for tx_file in "$T"/later.*; do
        [ ! -f "$tx_file" ] || mv -f -- "$tx_file" "$T/${tx_file##*/later.}" || tx_fail "cannot write in $T"
    done
    tx_sync "$T"
}
