"""The sh functions that say what a text is like after an edit. A transaction calls them too, so that both agree.

POSIX sh, grep, and an awk that may be mawk, gawk or that of busybox.
"""

PRELUDE_EDITS = r"""
# rcl_matches FILE REGEX: prints the numbers of the lines that match, a line each.
rcl_matches() {
    rcl_found=$(LC_ALL=C grep -nE -e "$2" <"$1")
    case $? in
        0) printf '%s\n' "$rcl_found" | sed 's/:.*//' ;;
        1) ;;
        *) return 2 ;;
    esac
}

# rcl_put_line FILE LINE [REGEX]: prints the text with LINE once: in the place of the first line that is LINE or that
# matches, without the others that do; at the end when there is none.
rcl_put_line() {
    rcl_numbers=
    [ -z "${3:-}" ] || rcl_numbers=$(rcl_matches "$1" "$3") || return
    RCL_LINE=$2 RCL_NUMBERS=$rcl_numbers LC_ALL=C awk '
        BEGIN {
            line = ENVIRON["RCL_LINE"] ""
            count = split(ENVIRON["RCL_NUMBERS"], numbers)
            for (i = 1; i <= count; i++) hit[numbers[i] + 0]
        }
        ($0 "") == line || NR in hit { if (!put) print line; put = 1; next }
        { print }
        END { if (!put) print line }
    ' <"$1"
}

# rcl_drop_line FILE LINE: prints the text without the lines that are LINE.
rcl_drop_line() {
    RCL_LINE=$2 LC_ALL=C awk '($0 "") != (ENVIRON["RCL_LINE"] "")' <"$1"
}

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
""".lstrip()
"""The text to put before probes and transactions, once a script."""
