"""The sh functions that look at a part of a text, and that say what a text is like after an edit.

Transactions call the latter, so what is looked for and what is changed is the same.

POSIX sh, grep, and an awk that may be mawk, gawk or that of busybox.
"""

PRELUDE_EDITS = r"""
# rcl_matches FILE REGEX: prints the numbers of the lines that match, a line each.
rcl_matches() {
    rcl_status=0
    rcl_found=$(LC_ALL=C grep -nE -e "$2" <"$1") || rcl_status=$?
    case $rcl_status in
        0) printf '%s\n' "$rcl_found" | sed 's/:.*//' ;;
        1) ;;
        *) return 2 ;;
    esac
}

# rcl_lines FILE LINE REGEX AWK: runs the awk program with line, and hit of those that match REGEX, if there is one.
rcl_lines() {
    rcl_numbers=
    if [ "$3" ]; then rcl_numbers=$(rcl_matches "$1" "$3") || return; fi
    RCL_LINE=$2 RCL_NUMBERS=$rcl_numbers LC_ALL=C awk '
        BEGIN {
            line = ENVIRON["RCL_LINE"] ""
            count = split(ENVIRON["RCL_NUMBERS"], numbers)
            for (i = 1; i <= count; i++) hit[numbers[i] + 0]
        }
        { hits = ($0 "") == line || NR in hit }
    '"$4" <"$1"
}

# rcl_put_line FILE LINE [REGEX]: prints the text with LINE once: in the place of the first line that is LINE or that
# matches, without the others that do; at the end when there is none.
rcl_put_line() {
    rcl_lines "$1" "$2" "${3:-}" 'hits { if (!put) print line; put = 1; next } { print } END { if (!put) print line }'
}

# rcl_drop_line FILE LINE [REGEX]: prints the text without the lines that are LINE or that match.
rcl_drop_line() { rcl_lines "$1" "$2" "${3:-}" '!hits'; }

# rcl_block FILE BEGIN END WHAT: WHAT is a text to put, or nothing to take the block away.
rcl_block() {
    RCL_BEGIN=$2 RCL_END=$3 RCL_WHAT=$4 LC_ALL=C awk '
        BEGIN { top = ENVIRON["RCL_BEGIN"] ""; bottom = ENVIRON["RCL_END"] "" }
        pass == 1 && ($0 "") == top { if (!first) first = FNR; opened = FNR; drop[FNR] }
        pass == 1 && ($0 "") == bottom {
            drop[FNR]
            if (opened) for (i = opened; i < FNR; i++) drop[i]
            opened = 0
        }
        pass == 1 { next }
        FNR == first { printf "%s", ENVIRON["RCL_WHAT"] }
        !(FNR in drop) { print }
        END { if (!first) printf "%s", ENVIRON["RCL_WHAT"] }
    ' pass=1 "$1" pass=2 "$1"
}

# rcl_put_block FILE BEGIN END TEXT: prints the text with the block once: where it is, or at the end. A BEGIN without an
# END is taken for itself alone, so that nothing is lost of what follows it.
rcl_put_block() {
    rcl_block "$1" "$2" "$3" "$2
$4$3
"
}

# rcl_drop_block FILE BEGIN END: prints the text without the block.
rcl_drop_block() { rcl_block "$1" "$2" "$3" ''; }

# rcl_plain PATH: status 0 for a file that we may read; otherwise prints absent, or other and its mode.
rcl_plain() {
    rcl_stat "$1" || { echo absent; return 1; }
    case $rcl_mode in
        8*) ;;
        *) printf 'other %s\n' "$rcl_mode"; return 1 ;;
    esac
    [ -r "$1" ] || rcl_unknown "may not read $1; connect as a user who may, or with become: sudo"
}

# rcl_part FOUND WANTED: prints what was found (base64): missing, same, part and itself, or hidden where not everybody
# on the host may read the file that rcl_plain has looked at.
rcl_part() {
    if [ -z "$1" ]; then echo missing; return 0; fi
    if [ "$1" = "$2" ]; then echo same; return 0; fi
    case $rcl_mode,${#1} in
        *,??????*) echo hidden ;;
        *[4567cdef],*) printf 'part %s\n' "$1" ;;
        *) echo hidden ;;
    esac
}

# rcl_seen_line PATH LINE [REGEX]: prints the lines that are LINE or match, as rcl_part does.
rcl_seen_line() {
    rcl_plain "$1" || return 0
    rcl_hits=$(rcl_lines "$1" "$2" "${3:-}" hits 2>/dev/null) && rcl_status=0 || rcl_status=$?
    [ "$rcl_status" = 0 ] || rcl_unknown "grep on this host does not understand the pattern ${3:-}"
    [ -z "$rcl_hits" ] || rcl_hits=$(printf '%s\n' "$rcl_hits" | rcl_base64)
    rcl_part "$rcl_hits" "$(printf '%s\n' "$2" | rcl_base64)"
}

# rcl_seen_block PATH BEGIN END TEXT: prints the block, or several, with BEGIN and END, as rcl_part does.
rcl_seen_block() {
    rcl_plain "$1" || return 0
    rcl_hits=$(RCL_BEGIN=$2 RCL_END=$3 LC_ALL=C awk '
        BEGIN { top = ENVIRON["RCL_BEGIN"] ""; bottom = ENVIRON["RCL_END"] "" }
        ($0 "") == top { print; opened = 1; count = 0; next }
        ($0 "") == bottom { if (opened) for (i = 1; i <= count; i++) print held[i]; print; opened = 0; next }
        opened { held[++count] = $0 }
    ' <"$1" | rcl_base64)
    rcl_part "$rcl_hits" "$(printf '%s\n%s%s\n' "$2" "$4" "$3" | rcl_base64)"
}

# rcl_authorized_key USER PATH LINE REGEX: prints nobody where there is no such user; otherwise its home, and what
# rcl_seen_line says. An empty PATH is the usual one.
rcl_authorized_key() {
    rcl_account passwd "$1" || { echo nobody; return 0; }
    rcl_home=$(printf '%s' "$rcl_line" | cut -d : -f 6)
    printf 'home %s\n' "$(printf '%s' "$rcl_home" | rcl_base64)"
    rcl_seen_line "${2:-$rcl_home/.ssh/authorized_keys}" "$3" "$4"
}
""".lstrip()
"""The text to put before probes and transactions, once a script."""
