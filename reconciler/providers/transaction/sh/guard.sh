# The dead-man's switch: the host takes a change back by itself unless somebody comes back and confirms it. All that it
# needs is in the folder of the transaction, and nothing of it needs whoever has begun the change:
#   guard.sh    these functions and those of every transaction; `sh guard.sh WORD` is tx_guard_do
#   path holder PATH, and who is to be named in the lock
#   deadline    when it is overdue, in seconds since the host was started
#   waiting     all is done, and waits to be confirmed; without it the change is still being made
#   verdict     a link, made in one go, with its text: confirmed or back. Whoever makes it decides; there is one.
#   timer watch what wakes us: a timer of systemd, or a process: PID BOOT START
#   persistent  the files that wake us when the host is started again

tx_grace=60

# tx_guard SECONDS [persistent]: arms it. Nothing was touched yet, and nothing will be if this fails.
tx_guard() {
    tx_mine
    tx_within=$1 tx_boots=${2:-}
    set -- $tx_me
    { printf '%s\ntx_guard_do "$@"\n' "$tx_text" >"$T/guard.sh" && printf '%s' "$PATH" >"$T/path" &&
        printf '%s\n' "$6 $7" >"$T/holder" && tx_deadline "$tx_within"; } 2>"$T/error" ||
        tx_fail "cannot write in $T; is the disk full?"
    [ -z "$tx_boots" ] || tx_guard_boots
    if rcl_is_root && [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
        tx_note timer "reconciler-guard-$tx_id"
        tx_try "arm the timer that would take this change back" systemd-run --quiet --collect \
            --unit="reconciler-guard-$tx_id" --on-active="${tx_within}s" --timer-property=AccuracySec=500ms \
            --description="Takes back the change $tx_id unless it is confirmed" /bin/sh "$T/guard.sh" overdue </dev/null
    else
        tx_line=$(setsid sh "$T/guard.sh" watch 2>"$T/error" </dev/null) && [ "$tx_line" ] ||
            tx_fail "cannot start what would take this change back: $(cat -- "$T/error")"
        tx_note watch "$tx_line"
    fi
}

# tx_guard_boots: the next start of the host takes it back.
tx_guard_boots() {
    rcl_is_root || tx_fail "a guard that outlives a reboot needs root; connect as root, or with become: sudo"
    if [ -d /run/systemd/system ]; then
        tx_file=/etc/systemd/system/reconciler-guard.service
        tx_wants=/etc/systemd/system/multi-user.target.wants
        tx_note persistent "$tx_file$tx_newline$tx_wants/reconciler-guard.service"
        {
            printf '[Unit]\nDescription=Takes back the change %s, which nobody has confirmed\n' "$tx_id"
            printf '[Service]\nExecStart=/bin/sh "%s/guard.sh" boot\n' "$T"
        } >"$T/boots" && mkdir -p -- "$tx_wants" && cp -- "$T/boots" "$tx_file" && chmod 0644 -- "$tx_file" &&
            ln -s -f -- "$tx_file" "$tx_wants/" && tx_sync "$tx_file" "$tx_wants" ||
            tx_fail "cannot write $tx_file, which would take this change back after a reboot"
    elif [ -d /etc/cron.d ] && command -v cron >/dev/null; then
        tx_file=/etc/cron.d/reconciler-guard
        tx_note persistent "$tx_file"
        printf '@reboot root sh "%s/guard.sh" boot\n' "$T" >"$tx_file" && chmod 0644 -- "$tx_file" &&
            tx_sync "$tx_file" /etc/cron.d ||
            tx_fail "cannot write $tx_file, which would take this change back after a reboot"
    else
        tx_fail "the guard is to outlive a reboot, and this host has neither systemd nor cron with /etc/cron.d for that"
    fi
}

# tx_deadline SECONDS: from now on it is overdue in so many seconds.
tx_deadline() {
    tx_uptime
    printf '%s\n' $((tx_now + $1)) >"$T/deadline"
}

# tx_await SECONDS FOLDER...: all is done. The lock is kept, without a process of ours, until there is a verdict.
tx_await() {
    tx_within=$1
    shift
    tx_lasting "$@"
    tx_deadline "$tx_within" || tx_fail "cannot write in $T; is the disk full?"
    set -- $tx_me
    tx_swap_lock "0 $tx_boot $((tx_now + tx_within + tx_grace)) $tx_now $tx_within $6 $7 $8 $9" ||
        tx_fail "cannot write in $STATE; is the disk full?"
    : >"$T/waiting"
    kill "$tx_heart" 2>/dev/null
    tx_told
    echo 'outcome waiting'
    exit 0
}

# tx_swap_lock TEXT: whoever has the lock, from now on it is TEXT.
tx_swap_lock() {
    rm -f -- "$STATE/lock.new"
    ln -s -- "$1" "$STATE/lock.new" && mv -f -T -- "$STATE/lock.new" "$STATE/lock"
}

# tx_guard_do watch|overdue|boot|look|confirm
tx_guard_do() {
    umask 077
    case $0 in /*) T=${0%/*} ;; *) exit 2 ;; esac
    STATE=${T%/tx/*} tx_id=${T##*/} tx_armed= tx_heart= tx_token=
    IFS= read -r HOME <"$T/home" || :
    IFS= read -r PATH <"$T/path" || :
    LC_ALL=C
    export HOME PATH LC_ALL
    cd /
    IFS= read -r tx_boot </proc/sys/kernel/random/boot_id
    case $1 in
        watch)
            (trap '' HUP PIPE INT TERM && exec </dev/null >"$T/guard.log" 2>&1 && tx_overdue) &
            tx_started "$!" && echo "$! $tx_boot $tx_start"
            ;;
        overdue) tx_overdue ;;
        boot) tx_take_back ;;
        look) tx_look ;;
        confirm) tx_confirm ;;
    esac
}

# tx_overdue: waits until it is overdue; the time may be put off and brought forward meanwhile.
tx_overdue() {
    tx_missing=0
    while [ "$tx_missing" -lt 3 ]; do
        [ ! -f "$T/outcome" ] && [ -d "$T" ] || exit 0
        tx_until=
        { IFS= read -r tx_until <"$T/deadline"; } 2>/dev/null || :
        tx_uptime
        if [ -z "$tx_until" ]; then
            tx_missing=$((tx_missing + 1)) tx_left=1
        else
            tx_left=$((tx_until - tx_now))
        fi
        [ "$tx_left" -gt 0 ] || break
        [ "$tx_left" -le 2 ] || tx_left=2
        sleep "$tx_left"
    done
    tx_take_back
}

# tx_take_back: takes the change back, unless it is confirmed. Whoever still makes it is killed.
tx_take_back() {
    trap '' HUP PIPE INT TERM
    [ ! -f "$T/outcome" ] || exit 0
    ln -s back "$T/verdict" 2>/dev/null || [ "$(readlink -- "$T/verdict")" = back ] || exit 0
    tx_hung=
    tx_seize
    if [ -d "$T" ] && [ ! -f "$T/outcome" ]; then
        tx_undo
        if [ "$tx_trouble" ]; then
            printf '%s\n' "$tx_trouble" >"$T/trouble"
        else
            rm -f -- "$T/tail" "$T/timer" "$T/watch"
            tx_disarm
            if [ -f "$T/waiting" ]; then
                tx_outcome back "it was not confirmed over a new connection in time, and so the host took it back"
            elif [ "$tx_hung" ]; then
                tx_outcome failed "it did not come to its end in time, and so the host took it back"
            else
                rm -rf -- "$T"
            fi
        fi
    fi
    tx_unlock
    exit 0
}

# tx_seize: takes the lock from this transaction, or waits for whoever else takes it back. Sets tx_hung when the
# transaction was still at work.
tx_seize() {
    IFS=' ' read -r tx_pid tx_rest </proc/self/stat
    tx_started "$tx_pid"
    tx_uptime
    IFS=' ' read -r tx_whose tx_where <"$T/holder"
    tx_me="$tx_pid $tx_boot $tx_start $tx_now 600 $tx_whose $tx_where $tx_id $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    until tx_take_name lock; do
        [ -d "$T" ] || exit 0
        tx_holder=$(readlink -- "$STATE/lock") || continue
        if ! tx_seize_from $tx_holder && { tx_gone $tx_holder || tx_expired $tx_holder; }; then
            tx_break_lock && continue
        fi
        [ "$(readlink -- "$STATE/lock")" != "$tx_me" ] || break
        sleep 1
    done
    tx_next_token "$tx_whose" "$tx_where" ''
    tx_heart 600
}

# tx_seize_from PID BOOT START SINCE SECONDS HOLDER NAME TRANSACTION TIME: status 1 when it is another transaction's.
tx_seize_from() {
    [ "${8:-}" = "$tx_id" ] || return 1
    if [ "$1" != 0 ] && ! tx_gone "$@"; then
        tx_hung=yes
        tx_slay "$1"
    fi
    tx_take_name breaking || return 0
    [ "$(readlink -- "$STATE/lock")" != "$*" ] || tx_swap_lock "$tx_me"
    rm -f -- "$STATE/breaking"
}

# tx_look: says how the transaction stands and decides nothing: the connection may be older than the change.
tx_look() {
    [ ! -f "$T/outcome" ] || tx_answer
    [ -z "$(readlink -- "$T/verdict")" ] || tx_confirm
    ! tx_pending || tx_print waiting ''
    tx_print running ''
}

# tx_confirm: whoever calls this has come over a new connection. Says how the transaction stands.
tx_confirm() {
    [ ! -f "$T/outcome" ] || tx_answer
    ! tx_pending || ln -s confirmed "$T/verdict" 2>/dev/null || :
    case $(readlink -- "$T/verdict") in
        confirmed) ;;
        back)
            [ ! -f "$T/outcome" ] || tx_answer
            [ ! -f "$T/trouble" ] || tx_print stuck "a change cannot be taken back:$(cat -- "$T/trouble")"
            tx_print taking ''
            ;;
        *) tx_print running '' ;;
    esac
    [ ! -f "$T/outcome" ] || tx_answer
    trap '' HUP PIPE INT TERM
    tx_outcome ok
    tx_finish
    tx_disarm
    IFS=' ' read -r tx_token tx_rest <"$STATE/fence"
    case $(readlink -- "$STATE/lock") in "0 "*" $tx_id "*) tx_close ;; *) tx_answer ;; esac
}
