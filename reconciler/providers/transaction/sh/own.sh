# What is ours here, for a controller that has lost its journal: a file a unit in owned/, with a line for all that became
# of a resource. What the lines mean is for whoever reads them; here a file only grows, and now and then gets shorter.

# tx_owning UNIT LINES: what the transaction makes ours, once it is done.
tx_owning() {
    printf '%s\n%s\n' "$1" "$2" >"$T/owned" || tx_fail "cannot write in $T; is the disk full?"
}

# tx_own: the transaction is done, so it counts. It may be cut off and done again: the same line twice says the same.
# No program is run for it, and none of it can take a change back that is done.
tx_own() {
    [ -s "$T/owned" ] && IFS= read -r tx_line <"$T/outcome" && [ "$tx_line" = 'outcome ok' ] || return 0
    [ -d "$STATE/owned" ] || mkdir -- "$STATE/owned" || return 0
    {
        IFS= read -r tx_file
        {
            # After a power cut the last line may be half a one; this one must not become a part of it.
            echo
            while IFS= read -r tx_line; do
                printf '%s\n' "$tx_line"
            done
        } >>"$STATE/owned/$tx_file"
    } <"$T/owned" && : >"$T/owned"
}

# tx_own_less: of each resource only what counts stays.
tx_own_less() {
    for tx_file in "$STATE"/owned/*@*; do
        [ -f "$tx_file" ] || continue
        awk '
            NF < 4 { next }
            $2 == "gone" { delete said[$1]; delete made[$1]; delete old[$1]; next }
            {
                if ($2 == "created") made[$1] = 1
                if ($3 != "-") old[$1] = $3
                rest = $0
                sub(/^[^ ]* [^ ]* [^ ]* /, "", rest)
                said[$1] = rest
            }
            END {
                for (key in said)
                    print key, key in made ? "created" : "there", key in old ? old[key] : "-", said[key]
            }
        ' "$tx_file" >"$STATE/owned/.new" && tx_sync "$STATE/owned/.new" && mv -f -- "$STATE/owned/.new" "$tx_file"
    done
}
