# What programs print is told while they run. A process of its own reads the file that they write to, and tells it to
# whoever has begun the transaction. They never write to a connection themselves, and nothing waits for the teller while
# we hold the lock: nobody may be listening any more. A record is a line:
#   said NUMBER do|undo    a program begins: that of an operation, or of its way back
#   said NUMBER + BASE64   what it has printed
#   said NUMBER - BYTES    so much more, which is not told

# tx_tell NUMBER FILE: begins to tell what is written to FILE, which is empty still, if that is wanted (tx_tells).
tx_tell() {
    [ "${tx_tells:-}" ] || return 0
    tx_telling=$((${tx_telling:-0} + 1))
    : >"$T/tells.$tx_telling" || return 0
    (
        exec 3<"$2" </dev/null 2>/dev/null >&"${tx_to:-1}" 4>&-
        tx_teller "$1" "$T/tells.$tx_telling"
    ) &
    tx_tellers="${tx_tellers:-} $!" tx_teller=
    ! tx_started "$!" || tx_teller="$! $tx_boot $tx_start"
}

# tx_hush: all has been written that was to be told; the teller ends by itself, as soon as it has told it.
tx_hush() {
    [ "${tx_teller:-}" ] || return 0
    rm -f -- "$T/tells.$tx_telling"
    kill -s TERM "${tx_teller%% *}" 2>/dev/null || :
}

# tx_told: waits until everything is told. Nobody may wait for us: the lock is given back.
tx_told() {
    [ "${tx_tellers:-}" ] || return 0
    wait $tx_tellers
    tx_tellers=
}

# tx_say NUMBER TEXT: tells a text, where there is one.
tx_say() {
    [ "${tx_tells:-}" ] && [ "$2" ] || return 0
    rm -f -- "$T/said.$1"
    printf '%s\n' "$2" >"$T/said.$1" && tx_tell "$1" "$T/said.$1" && tx_hush
}

# tx_teller NUMBER NAME: tells what is in the file at descriptor 3, until there is no file NAME and nothing more to tell.
# It comes after the teller before it: two must not print at once.
tx_teller() {
    tx_nap='' tx_over=''
    trap '' HUP INT
    trap 'tx_over=yes; [ -z "$tx_nap" ] || kill "$tx_nap"' TERM
    while [ "$tx_teller" ] && ! tx_gone $tx_teller; do
        tx_over=
        tx_doze
    done
    printf 'said %s %s\n' "$1" "${tx_turn:-do}" || exit
    while :; do
        tx_last=yes
        [ ! -f "$2" ] || tx_last=
        tx_tell_news "$1"
        [ -z "$tx_last" ] || exit
        tx_over=
        [ ! -f "$2" ] || tx_doze
        ! tx_gone $tx_me || exit
    done
}

# tx_doze: a second, less when there is something to do.
tx_doze() {
    sleep 1 >/dev/null 3<&- &
    tx_nap=$!
    [ "$tx_over" ] || wait "$tx_nap"
    kill "$tx_nap"
    tx_nap=
}

# tx_tell_news NUMBER: tells what is new; of very much its beginning and its end.
tx_tell_news() {
    tx_tell_blocks "$1"
    [ "$tx_left" = 0 ] || return 0
    tx_size=$(stat -L -c %s /proc/self/fd/3) || return 0
    while read -r tx_key tx_at; do
        [ "$tx_key" != pos: ] || break
    done </proc/self/fdinfo/3
    tx_more=$(((tx_size - tx_at) / 45000 - tx_blocks + 1))
    if [ "$tx_more" -gt 0 ]; then
        dd bs=45000 skip="$tx_more" count=0 <&3
        printf 'said %s - %s\n' "$1" "$((tx_more * 45000))" || exit
    fi
    tx_tell_blocks "$1"
}

# tx_tell_blocks NUMBER: sets tx_left to how many blocks more might have been told.
tx_blocks=12
tx_tell_blocks() {
    tx_left=$tx_blocks
    while [ "$tx_left" -gt 0 ]; do
        tx_piece=$(dd bs=45000 count=1 <&3 | base64 | tr -d '\n')
        [ "$tx_piece" ] || return 0
        printf 'said %s + %s\n' "$1" "$tx_piece" || exit
        tx_left=$((tx_left - 1))
    done
}
