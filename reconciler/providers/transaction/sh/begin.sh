# The frame of a transaction: its folder, the lock, what an earlier one left behind, and the outcome.
# STATE is our folder on the host, set before; T that of the transaction at hand.

tx_newline='
'

# tx_open ID HOLDER NAME FENCE SECONDS: afterwards we hold the lock (see tx_lock) and have an empty folder; ends at once
# when ID was already done, or is and waits to be confirmed.
tx_open() {
    umask 077
    tx_id=$1
    tx_armed=
    T=$STATE/tx/$tx_id tx_token=
    tx_known
    [ -d "$STATE/tx" ] && [ -d "$STATE/units" ] || tx_error=$(mkdir -p -- "$STATE/tx" "$STATE/units" 2>&1) ||
        tx_print failed "cannot keep our records in $STATE: $tx_error"
    tx_lock "$2" "$3" "$4" "$5"
    tx_recover
    tx_known
    tx_error=$(mkdir -- "$T" 2>&1) || { tx_unlock; tx_print failed "cannot make the folder $T: $tx_error"; }
    printf '%s' "$HOME" >"$T/home" || tx_fail "cannot write in $T; is the disk full?"
}

# tx_known: ends when the outcome is known. What the host took back by itself is tried anew when it is asked for again.
tx_known() {
    if tx_pending; then
        echo 'outcome waiting'
        exit 0
    fi
    [ -f "$T/outcome" ] || return 0
    IFS= read -r tx_line <"$T/outcome"
    case $tx_line in
        'outcome back'*)
            [ -z "$tx_token" ] || rm -rf -- "$T"
            ;;
        *)
            [ -z "$tx_token" ] || tx_unlock
            tx_answer
            ;;
    esac
}

# tx_pending: status 0 when the transaction is done and waits to be confirmed.
tx_pending() {
    [ -f "$T/waiting" ] && [ ! -f "$T/outcome" ] && tx_holder=$(readlink -- "$STATE/lock") || return 1
    IFS= read -r tx_boot </proc/sys/kernel/random/boot_id
    case $tx_holder in "0 "*" $tx_id "*) ! tx_gone $tx_holder ;; *) return 1 ;; esac
}

# tx_disarm: nothing takes the transaction back by itself any more.
tx_disarm() {
    [ -f "$T/guard.sh" ] || return 0
    if [ -f "$T/timer" ]; then
        IFS= read -r tx_line <"$T/timer"
        systemctl --no-block stop "$tx_line.timer" "$tx_line.service" >/dev/null 2>&1 </dev/null || :
    fi
    if [ -f "$T/watch" ]; then
        IFS= read -r tx_line <"$T/watch"
        tx_gone $tx_line || tx_slay ${tx_line%% *}
    fi
    [ ! -f "$T/persistent" ] || while IFS= read -r tx_line; do
        rm -f -- "$tx_line"
    done <"$T/persistent"
    rm -f -- "$T/timer" "$T/watch" "$T/persistent"
}

# tx_print WORD TEXT: says how it ended, and ends.
tx_print() {
    tx_told
    printf 'outcome %s %s\n' "$1" "$(printf '%s' "$2" | base64 | tr -d '\n')"
    exit 0
}

tx_answer() {
    tx_told
    cat -- "$T/outcome"
    exit 0
}

# tx_recover: takes back every transaction that was interrupted. We hold the lock, so none of them still runs.
tx_recover() {
    tx_own=$T tx_own_home=$HOME
    for tx_folder in "$STATE"/tx/*; do
        [ -d "$tx_folder" ] || continue
        T=$tx_folder
        if [ -f "$T/outcome" ]; then tx_finish; continue; fi
        if [ -f "$T/guard.sh" ] && ! ln -s back "$T/verdict" 2>/dev/null &&
            [ "$(readlink -- "$T/verdict")" = confirmed ]; then
            tx_outcome ok
            tx_finish
            tx_disarm
            continue
        fi
        [ ! -s "$T/home" ] || HOME=$(cat -- "$T/home")
        trap '' HUP PIPE INT TERM
        tx_undo
        HOME=$tx_own_home
        if [ "$tx_trouble" ]; then
            tx_unlock
            tx_print stuck "an earlier change (${T##*/}) was interrupted and cannot be taken back:$tx_trouble"
        fi
        tx_disarm
        rm -rf -- "$T"
    done
    T=$tx_own
    trap - HUP PIPE INT TERM
}

# tx_fail TEXT: before the switch it clears away what was staged; afterwards it takes everything back. Then it ends.
tx_fail() {
    tx_mine
    trap '' HUP PIPE INT TERM
    tx_undo
    if [ "$tx_trouble" ]; then
        tx_unlock
        tx_print stuck "$1; and it cannot be taken back:$tx_trouble"
    fi
    tx_disarm
    if [ "$tx_armed" ]; then
        rm -f -- "$T/tail"
        tx_outcome failed "$1"
        tx_unlock
        tx_answer
    fi
    rm -rf -- "$T"
    tx_unlock
    tx_print failed "$1"
}

# tx_try WHAT COMMAND...: runs the command; what it says is the reason when it fails.
tx_try() {
    tx_mine
    tx_what=$1
    shift
    tx_error=$("$@" 2>&1) || tx_fail "cannot $tx_what: $tx_error"
}

# tx_outcome WORD [TEXT] [FOLDER...]: writes the outcome so that a power cut leaves it whole or not at all.
tx_outcome() {
    if [ "${2:-}" ]; then
        printf 'outcome %s %s\n' "$1" "$(printf '%s' "$2" | base64 | tr -d '\n')"
    else
        printf 'outcome %s\n' "$1"
    fi >"$T/outcome.new"
    tx_sync "$T/outcome.new"
    mv -f -- "$T/outcome.new" "$T/outcome"
    tx_sync "$T"
}

# tx_sync PATH...: to the disk with them. Where `sync` knows no paths it writes everything, which is as good.
tx_sync() { sync -- "$@" 2>/dev/null || sync; }

# tx_arm PATH...: everything is staged and kept; makes that last, and from here on nothing stops us half-way.
tx_arm() {
    tx_mine
    for tx_file in "$T"/* "$T"/was.*/*; do
        [ -L "$tx_file" ] || [ ! -e "$tx_file" ] || set -- "$@" "$tx_file"
    done
    tx_sync "$@" "$T" "$STATE/tx" "$STATE/fence" "$STATE"
    tx_mine
    trap '' HUP PIPE INT TERM
    : >"$T/armed" || tx_fail "cannot write in $T; is the disk full?"
    tx_sync "$T/armed" "$T"
    tx_armed=yes
}

# tx_commit FOLDER...: makes the new names in the folders last, says so, and forgets what is old.
tx_commit() {
    tx_lasting "$@"
    tx_outcome ok
    tx_finish
}

# tx_lasting FOLDER...: makes the new names in the folders last.
tx_lasting() {
    tx_mine
    tx_count=$#
    while [ "$tx_count" -gt 0 ]; do
        [ ! -d "$1" ] || set -- "$@" "$1"
        shift
        tx_count=$((tx_count - 1))
    done
    [ $# = 0 ] || tx_sync "$@"
    tx_mine
}

# tx_finish: takes away what a transaction that went well has put aside. It may be cut off; the next one goes on with it.
tx_finish() {
    tx_own
    [ -f "$T/tail" ] || return 0
    eval "$(cat -- "$T/tail")" || :
    rm -f -- "$T/tail"
}

# tx_close: the last thing of a transaction that went well. The last five keep what they kept, the last fifty their
# outcome; what is kept is at most so many KiB in all, and now and then what is older than so many days goes.
tx_kept_kib=204800
tx_kept_days=30
tx_close() {
    tx_count=0 tx_full=0
    ls -1t -- "$STATE/tx" | while IFS= read -r tx_name; do
        tx_count=$((tx_count + 1))
        [ "$tx_name" != "$tx_id" ] && [ -f "$STATE/tx/$tx_name/outcome" ] || continue
        [ ! -f "$STATE/tx/$tx_name/home" ] || tx_full=$((tx_full + 1))
        if [ "$tx_count" -gt 50 ]; then
            rm -rf -- "$STATE/tx/$tx_name"
        elif [ "$tx_full" -gt 4 ] && [ -f "$STATE/tx/$tx_name/home" ]; then
            tx_strip "$STATE/tx/$tx_name"
        fi
    done
    for tx_file in "$T"/was.*; do
        [ ! -e "$tx_file" ] || tx_trim
        break
    done
    case $tx_token in *0) tx_expire && tx_own_less ;; esac
    tx_unlock
    tx_answer
}

# tx_kib PATH: prints how much room it takes.
tx_kib() {
    tx_size=$(du -sk -- "$1" 2>/dev/null) || tx_size=0
    printf '%s' "${tx_size%%[!0-9]*}"
}

# tx_trim: where too much is kept in all, what no longer fits goes, seen from the newest; also what we have kept ourselves.
tx_trim() {
    [ "$(tx_kib "$STATE/tx")" -gt "$tx_kept_kib" ] || return 0
    tx_sum=0
    ls -1t -- "$STATE/tx" | while IFS= read -r tx_name; do
        [ -f "$STATE/tx/$tx_name/home" ] && [ -f "$STATE/tx/$tx_name/outcome" ] || continue
        tx_more=$((tx_sum + $(tx_kib "$STATE/tx/$tx_name")))
        if [ "$tx_more" -le "$tx_kept_kib" ]; then tx_sum=$tx_more; else tx_strip "$STATE/tx/$tx_name"; fi
    done
}

# tx_expire: what is old goes, however few changes there were since.
tx_expire() {
    find "$STATE/tx" -mindepth 1 -maxdepth 1 -type d -mtime "+$tx_kept_days" | while IFS= read -r tx_name; do
        [ ! -f "$tx_name/home" ] || [ ! -f "$tx_name/outcome" ] || tx_strip "$tx_name"
    done
}

# tx_strip FOLDER: of an old transaction only its outcome stays.
tx_strip() {
    for tx_file in "$1"/*; do
        [ "$tx_file" = "$1/outcome" ] || rm -rf -- "$tx_file"
    done
}
