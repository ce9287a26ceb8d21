# Programs: they run in a session of their own, with no input, and what they say is kept for the error.

# tx_check_account USER: we may run programs as USER.
tx_check_account() {
    tx_check_user "$1"
    [ "$(id -u)" = 0 ] || [ "$(id -u -- "$1" 2>/dev/null)" = "$(id -u)" ] ||
        tx_fail "may not run a program as $1; connect as $1, or with become: sudo"
}

# tx_run N WHAT PROGRAM...: see tx_program.
tx_run() {
    tx_mine
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
    rm -f -- "$T/said.$tx_number"
    : >"$T/said.$tx_number"
    tx_tell "$tx_number" "$T/said.$tx_number"
    (
        trap - HUP PIPE INT TERM
        umask 022
        rcl_become "$tx_user" "$tx_seconds" "$@"
    ) >"$T/said.$tx_number" 2>&1 </dev/null 4>&- &
    tx_pid=$!
    ! tx_started "$tx_pid" || printf '%s\n' "$tx_pid $tx_boot $tx_start" >"$T/did.$tx_number"
    wait "$tx_pid"
    tx_status=$?
    tx_hush
    return "$tx_status"
}

# tx_said N STATUS SECONDS: prints why a program failed: its last lines, whole. Secrets are found by the controller alone,
# and only whole ones, so it gets more than it shows, and never a line without its beginning.
tx_said_most=16384
tx_said() {
    case $2 in 124 | 137 | 143)
        echo "it did not end within $3 seconds"
        ;;
    esac
    if [ "$(tx_last "$T/said.$1" | wc -c)" -le "$tx_said_most" ]; then
        tx_line=$(tx_last "$T/said.$1")
        printf '%s\n' "${tx_line:-it ended with status $2}"
    else
        tx_line=$(tx_last "$T/said.$1" | tail -c "$tx_said_most" | sed 1d)
        printf '%s\n' "${tx_line:-it ended with status $2, and its last line is too long to be told}"
    fi
}

# tx_last FILE: prints the last lines that have something in them.
tx_last() { grep '[^[:space:]]' <"$1" | tail -n 3; }

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
    tx_mine
    for tx_file in "$T"/* "$T"/was.*/*; do
        [ -L "$tx_file" ] || [ ! -e "$tx_file" ] || set -- "$@" "$tx_file"
    done
    tx_sync "$@" "$T"
    for tx_file in "$T"/later.*; do
        [ ! -f "$tx_file" ] || mv -f -- "$tx_file" "$T/${tx_file##*/later.}" || tx_fail "cannot write in $T"
    done
    tx_sync "$T"
}

# tx_record_run NAME OF [INPUT]...: what the command NAME has run with; an empty OF forgets it.
tx_record_run() {
    tx_name_=$1 tx_of=$2
    shift 2
    if [ -z "$tx_of" ]; then
        rm -f -- "$STATE/commands/$tx_name_"
        return 0
    fi
    tx_digest=$(rcl_inputs_digest "$@") || tx_fail "cannot write down what $tx_name_ has run with: $tx_digest"
    [ -d "$STATE/commands" ] || tx_try "make a directory in $STATE" mkdir -- "$STATE/commands"
    { printf '%s %s\n' "$tx_of" "$tx_digest" >"$STATE/commands/.new" &&
        mv -f -T -- "$STATE/commands/.new" "$STATE/commands/$tx_name_"; } || tx_fail "cannot write in $STATE/commands"
}
