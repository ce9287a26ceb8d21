# What a look says of changes to this host, before all else: who has made them, what runs, what was cut off.

# rcl_ground: prints `fence TOKEN HOLDER NAME TIME`, `running HOLDER NAME TRANSACTION TIME` (or `waiting`, when it is
# done and waits to be confirmed), `interrupted TRANSACTION` as they apply, and `ground` last. Only where there is a lock does it start a process.
rcl_ground() {
    [ ! -f "$STATE/fence" ] || while IFS= read -r rcl_line; do
        printf 'fence %s\n' "$rcl_line"
    done <"$STATE/fence"
    rcl_open=
    for rcl_folder in "$STATE"/tx/*; do
        [ ! -d "$rcl_folder" ] || [ -f "$rcl_folder/outcome" ] || rcl_open="$rcl_open ${rcl_folder##*/}"
    done
    # After the folders, for an outcome is written before the lock is given back.
    if [ ! -L "$STATE/lock" ] || ! rcl_running $(readlink -- "$STATE/lock"); then
        for rcl_name in $rcl_open; do
            [ ! -d "$STATE/tx/$rcl_name" ] || [ -f "$STATE/tx/$rcl_name/outcome" ] || printf 'interrupted %s\n' "$rcl_name"
        done
    fi
    echo ground
}

# rcl_running PID BOOT START SINCE SECONDS HOLDER NAME TRANSACTION TIME: status 0 when that still runs; says so then.
rcl_running() {
    [ "${9:-}" ] || return 1
    IFS= read -r tx_boot </proc/sys/kernel/random/boot_id
    ! tx_gone "$@" && ! tx_expired "$@" || return 1
    if [ "$1" = 0 ]; then rcl_word=waiting; else rcl_word=running; fi
    printf '%s %s %s %s %s\n' "$rcl_word" "$6" "$7" "$8" "$9"
}
