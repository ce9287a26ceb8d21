# Who may change this host. STATE is our folder on it, set before. Nothing here needs a person, whatever has died:
#   lock   a link, made in one go; its text: PID BOOT START SINCE SECONDS HOLDER NAME TRANSACTION TIME
#          PID 0 is a transaction that waits to be confirmed; START is then until when, in seconds since the host was
#          started
#   beat   when that process was last known to live, in seconds since the host was started
#   fence  a line for each holder that has changed this host, the newest first: TOKEN HOLDER NAME TIME

tx_beats=5
tx_expiry=30

# tx_started PID: sets tx_start to when the process was started, in ticks since boot, and tx_mood to what it does;
# status 1 when it is gone.
tx_started() {
    { IFS= read -r tx_line <"/proc/$1/stat"; } 2>/dev/null || return 1
    set -- ${tx_line##*) }
    [ "$1" != Z ] && [ "$1" != X ] || return 1
    tx_mood=$1 tx_start=${20}
}

# tx_gone PID BOOT START...: status 0 when the process that wrote this no longer runs.
tx_gone() {
    [ "$2" = "$tx_boot" ] || return 0
    [ "$1" != 0 ] || { tx_forlorn "$@"; return; }
    tx_started "$1" || return 0
    [ "$tx_start" != "$3" ]
}

# tx_forlorn 0 BOOT UNTIL SINCE SECONDS HOLDER NAME TRANSACTION TIME: status 0 when it waits and nobody sees to it: it is
# decided, whoever did so being cut off or at work this moment; it is long overdue; or what was to take it back is gone,
# as after a start of a container.
tx_forlorn() {
    [ ! -L "$STATE/tx/$8/verdict" ] || return 0
    tx_uptime
    [ "$tx_now" -le "$3" ] || return 0
    if [ -f "$STATE/tx/$8/timer" ] && IFS= read -r tx_line <"$STATE/tx/$8/timer"; then
        ! systemctl is-active --quiet "$tx_line.timer" "$tx_line.service" </dev/null
    elif [ -f "$STATE/tx/$8/watch" ] && IFS= read -r tx_line <"$STATE/tx/$8/watch"; then
        tx_gone $tx_line
    fi
}

tx_uptime() { IFS='. ' read -r tx_now tx_rest </proc/uptime; }

# tx_expired PID BOOT START SINCE...: status 0 when whoever has the lock was not heard of for too long.
tx_expired() {
    [ "$1" != 0 ] || return 1
    tx_last=
    { IFS= read -r tx_last <"$STATE/beat"; } 2>/dev/null || :
    [ "${4:-}" ] || return 1
    [ "$tx_last" ] && [ "$tx_last" -gt "$4" ] || tx_last=$4
    tx_uptime
    [ $((tx_now - tx_last)) -gt "$tx_expiry" ]
}

# tx_take_name NAME: takes the lock file NAME. It is a symbolic link: made in one go, with its holder as its text.
tx_take_name() {
    ln -s -- "$tx_me" "$STATE/$1" 2>/dev/null
}

# tx_lock HOLDER NAME FENCE SECONDS: takes the lock and the next token. With FENCE, ends when another holder than ours
# has a token above it. We hold it for so many seconds at most.
tx_lock() {
    IFS= read -r tx_boot </proc/sys/kernel/random/boot_id
    # Not $$: that is the process of the whole shell, where a script is only a part of what it runs.
    IFS=' ' read -r tx_pid tx_rest </proc/self/stat
    tx_started "$tx_pid"
    tx_uptime
    tx_time=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    tx_me="$tx_pid $tx_boot $tx_start $tx_now $4 $1 $2 $tx_id $tx_time"
    tx_waited=0
    until tx_take_name lock; do
        tx_holder=$(readlink -- "$STATE/lock") || tx_holder=
        if [ -z "$tx_holder" ]; then
            # Given back just now, or it cannot be made at all.
            tx_take_name "try.$tx_pid" || tx_print failed "cannot write in $STATE; is the disk full?"
            rm -f -- "$STATE/try.$tx_pid"
        elif tx_gone $tx_holder || tx_expired $tx_holder; then
            tx_break_lock && continue
        fi
        [ "$tx_waited" -lt 8 ] || tx_busy $tx_holder
        sleep 1
        tx_waited=$((tx_waited + 1))
    done
    tx_next_token "$1" "$2" "$3"
    tx_heart "$4"
}

# Of several that find a stale lock only one may take it away, or the second would take away the first one's new lock.
tx_break_lock() {
    tx_take_name breaking || {
        tx_breaker=$(readlink -- "$STATE/breaking") && tx_gone $tx_breaker && rm -f -- "$STATE/breaking"
        return 1
    }
    if tx_holder=$(readlink -- "$STATE/lock"); then
        if tx_gone $tx_holder; then
            rm -f -- "$STATE/lock"
        elif tx_expired $tx_holder; then
            # It must not wake up and go on. Where it cannot be killed its token tells it, when it wakes up.
            tx_slay ${tx_holder%% *}
            rm -f -- "$STATE/lock"
        fi
    fi
    rm -f -- "$STATE/breaking"
}

# tx_slay PID: ends the process and all that it has started.
tx_slay() {
    tx_children=
    { IFS= read -r tx_children <"/proc/$1/task/$1/children"; } 2>/dev/null || :
    kill -9 "$1" 2>/dev/null
    for tx_child in $tx_children; do
        tx_slay "$tx_child"
    done
}

# tx_busy PID BOOT START SINCE SECONDS HOLDER NAME TRANSACTION TIME
tx_busy() {
    [ "${9:-}" ] || tx_print busy "another change runs on this host (process ${1:-unknown})"
    tx_uptime
    [ "$1" != 0 ] || tx_print busy "another change ($8) waits on this host to be confirmed, since $9, by $6 (host $7); \
the host takes it back by itself within $(($3 - tx_now)) s"
    tx_print busy "another change ($8) runs on this host (process $1) since $9, by $6 (host $7); \
it ends, or is taken over, within $(($4 + $5 + tx_expiry - tx_now)) s"
}

# tx_next_token HOLDER NAME FENCE: sets tx_token to one more than any before, and writes down whose it is.
tx_next_token() {
    tx_token=0 tx_count=0 tx_others=
    [ ! -f "$STATE/fence" ] || while IFS=' ' read -r tx_number tx_whose tx_where tx_when; do
        case $tx_number in '' | *[!0-9]*) continue ;; esac
        [ "$tx_number" -le "$tx_token" ] || tx_token=$tx_number
        [ "$tx_whose" != "$1" ] && [ "$tx_count" -lt 7 ] || continue
        tx_count=$((tx_count + 1))
        tx_others="$tx_others$tx_number $tx_whose $tx_where $tx_when$tx_newline"
        [ -z "$3" ] || [ "$tx_number" -le "$3" ] || {
            tx_let_go
            tx_print stale "$tx_whose (host $tx_where) has changed this host since it was looked at, at $tx_when; look again"
        }
    done <"$STATE/fence"
    tx_token=$((tx_token + 1))
    printf '%s %s %s %s\n%s' "$tx_token" "$1" "$2" "$tx_time" "$tx_others" >"$STATE/fence.new" &&
        mv -f -- "$STATE/fence.new" "$STATE/fence" || {
        tx_let_go
        tx_print failed "cannot write in $STATE; is the disk full?"
    }
}

# tx_let_go: gives the lock back before there is a token, unless somebody has taken it over by then.
tx_let_go() { [ "$(readlink -- "$STATE/lock")" != "$tx_me" ] || rm -f -- "$STATE/lock"; }

tx_beat() { tx_uptime && printf '%s\n' "$tx_now" >"$STATE/beat"; }

# tx_heart SECONDS: says for so long that we live, as long as we do and are not stopped. It ends with us, and holds
# nothing open that anybody waits for.
tx_heart() {
    (
        exec </dev/null >/dev/null 2>&1
        tx_nap=
        trap '[ -z "$tx_nap" ] || kill "$tx_nap"; exit' TERM
        tx_left=$(($1 / tx_beats))
        while [ "$tx_left" -gt 0 ]; do
            sleep "$tx_beats" &
            tx_nap=$!
            wait "$tx_nap"
            ! tx_gone $tx_me || exit
            [ "$tx_mood" = T ] || [ "$tx_mood" = t ] || tx_beat
            tx_left=$((tx_left - 1))
        done
    ) &
    tx_heart=$!
}

tx_is_newest() { IFS=' ' read -r tx_newest tx_rest <"$STATE/fence" && [ "$tx_newest" = "$tx_token" ]; }

# tx_mine: ends at once, and touches nothing, when somebody has taken the lock over from us.
tx_mine() {
    tx_is_newest 2>/dev/null || {
        kill "$tx_heart" 2>/dev/null
        tx_print fenced "this change was taken over by another one while it stood still, and has done nothing since"
    }
}

tx_unlock() {
    kill "$tx_heart" 2>/dev/null
    ! tx_is_newest 2>/dev/null || rm -f -- "$STATE/lock"
}
