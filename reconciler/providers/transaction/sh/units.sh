# systemd units: asking, keeping how they were, and bringing them back to it.

# tx_ctl SCOPE ARGUMENT...: systemctl of the system, or of the user. It must not read what was sent for us.
tx_ctl() {
    tx_scope=$1
    shift
    [ "$tx_scope" = user ] || { systemctl "$@" </dev/null; return; }
    XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} systemctl --user "$@" </dev/null
}

# tx_keep_unit N SCOPE UNIT: keeps whether it runs and whether it is enabled.
tx_keep_unit() {
    command -v systemctl >/dev/null || tx_fail "there is no systemd on this host"
    tx_note "unit.$1" "$(tx_ctl "$2" is-active "$3" 2>/dev/null | head -n 1) $(tx_ctl "$2" is-enabled "$3" 2>/dev/null | head -n 1)"
}

# tx_was N: sets tx_active and tx_enabled to yes or nothing.
tx_was() {
    tx_active='' tx_enabled=''
    tx_line=$(cat -- "$T/unit.$1")
    case ${tx_line%% *} in active | activating | reloading) tx_active=yes ;; esac
    case ${tx_line#* } in enabled*) tx_enabled=yes ;; esac
}

tx_reload() { tx_try "make systemd read its units again" tx_ctl "$1" daemon-reload; }

# tx_unit N SCOPE VERB UNIT [INPUT...]: N is that of tx_keep_unit. After a start the inputs are recorded.
tx_unit() {
    tx_mine
    : >"$T/did.$1"
    tx_sync "$T/did.$1" "$T"
    tx_place=$1 tx_scope_=$2 tx_verb=$3 tx_unit_=$4
    shift 4
    case $tx_verb in
        start | restart)
            tx_digest=$(rcl_inputs_digest "$@") || tx_fail "cannot $tx_verb $tx_unit_: $tx_digest"
            ;;
    esac
    tx_began=$(date +%s)
    tx_error=$(tx_ctl "$tx_scope_" "$tx_verb" "$tx_unit_" 2>&1) || tx_unit_failed
    tx_say "$tx_place" "$tx_error"
    case $tx_verb in
        start | restart)
            ! tx_ctl "$tx_scope_" is-failed "$tx_unit_" >/dev/null 2>&1 || tx_unit_failed
            tx_record "$tx_scope_" "$tx_unit_" "$tx_digest" || tx_fail "cannot write in $STATE/units"
            ;;
    esac
}

tx_unit_failed() {
    case "$tx_verb $tx_error" in
        stop*'not loaded'* | disable*'does not exist'* | disable*'No such file'*) return 0 ;;
    esac
    # systemd only says where to look; what is to be seen there follows.
    tx_error=$(printf '%s\n' "$tx_error" | grep -v '^See "')
    tx_journal=
    if [ "$tx_scope_" = user ]; then tx_mine=--user; else tx_mine=--system; fi
    case $tx_verb in
        start | restart)
            journalctl --sync >/dev/null 2>&1 || :
            # What systemd says of every unit that fails is no reason, and would crowd the reason out.
            tx_journal=$(journalctl "$tx_mine" -u "$tx_unit_" --since "@$tx_began" --no-pager -o cat 2>/dev/null |
                grep -v -e '^Start' -e '^Stop' -e ': Failed with result ' -e '^Failed to start ' -e 'status=15/TERM' | tail -n 5)
            ;;
    esac
    tx_fail "cannot $tx_verb $tx_unit_: ${tx_error:-it failed at once}${tx_journal:+$tx_newline$tx_journal}"
}

# tx_record SCOPE UNIT DIGEST: which run of the unit has seen which inputs.
tx_record() {
    tx_run=$(tx_ctl "$1" show -p InvocationID --value "$2" 2>/dev/null)
    printf '%s %s\n' "${tx_run:--}" "$3" >"$STATE/units/.new" && mv -f -T -- "$STATE/units/.new" "$STATE/units/$2"
}

# tx_back_unit N SCOPE UNIT: first half of the way back, while the new unit file is still there.
tx_back_unit() {
    [ -f "$T/did.$1" ] || return 0
    tx_was "$1"
    [ "$tx_active" ] || tx_ctl "$2" stop "$3" || :
    [ "$tx_enabled" ] || case $(tx_ctl "$2" is-enabled "$3" 2>/dev/null) in
        enabled*) tx_ctl "$2" disable "$3" ;;
    esac
}

# tx_after_unit N SCOPE UNIT [INPUT...]: second half, when all files are back.
tx_after_unit() {
    [ -f "$T/did.$1" ] || return 0
    tx_was "$1"
    if [ "$tx_enabled" ]; then
        case $(tx_ctl "$2" is-enabled "$3" 2>/dev/null) in
            enabled*) ;;
            *) tx_ctl "$2" enable "$3" || return ;;
        esac
    fi
    [ "$tx_active" ] || return 0
    tx_scope_=$2 tx_unit_=$3
    tx_ctl "$2" restart "$3" || return
    shift 3
    tx_digest=$(rcl_inputs_digest "$@") || return 0
    tx_record "$tx_scope_" "$tx_unit_" "$tx_digest"
}

# tx_refresh UNIT...: those of them that run read their files again; of them all, sshd does where there is no systemd.
tx_refresh() {
    if [ -d /run/systemd/system ]; then
        for tx_name in "$@"; do
            ! tx_ctl system is-active --quiet "$tx_name" || tx_ctl system reload-or-restart "$tx_name" || return
        done
    elif [ "$1" = ssh ] && [ -s /run/sshd.pid ]; then
        kill -HUP "$(cat /run/sshd.pid)" || :
    fi
}
