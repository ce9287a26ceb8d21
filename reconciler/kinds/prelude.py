"""The sh functions that probes call; a transaction calls ``rcl_inputs_digest`` too, so that both compute the same.

POSIX sh, and of coreutils only what busybox has as well. All names start with ``rcl_``. Everything that a host could
choose freely (contents, link targets) is printed as base64, so nothing on a host can forge a line of an answer.
"""

from reconciler.ports.kind import REASON

UNIT_PROPERTIES = (
    "LoadState",
    "ActiveState",
    "UnitFileState",
    "NeedDaemonReload",
    "InvocationID",
    "InactiveExitTimestamp",
)
"""What a probe asks systemd about a unit."""

PRELUDE = (
    r"""
rcl_newline='
'

# rcl_unknown TEXT: ends the probe; TEXT says why it could not look.
rcl_unknown() {
    printf '@REASON@%s\n' "$(printf '%s' "$1" | tr '\n' ' ')"
    exit 1
}

rcl_base64() { base64 | tr -d '\n'; echo; }

rcl_fields() { rcl_mode=$2 rcl_size=$5 rcl_ctime=$6; }

# rcl_stat PATH: status 0 and rcl_seen (three lines), rcl_mode, rcl_size, rcl_ctime for what is there (links are not
# followed); status 1 when it is certain that nothing is there. Ends the probe when that cannot be told.
rcl_stat() {
    rcl_mode=
    rcl_seen=$(LC_ALL=C stat -c "stat %f %u %g %s %Z${rcl_newline}owner %U${rcl_newline}group %G" "$1" 2>&1) && {
        rcl_fields ${rcl_seen%%"$rcl_newline"*}
        return 0
    }
    case $rcl_seen in
        *': No such file or directory') return 1 ;;
        *) rcl_unknown "$1: ${rcl_seen##*: }" ;;
    esac
}

# rcl_sha256 FILE: prints the 64 hex digits.
rcl_sha256() {
    rcl_sum=$({ LC_ALL=C sha256sum <"$1"; } 2>&1) || rcl_unknown "cannot read $1: ${rcl_sum##*: }"
    printf '%s\n' "${rcl_sum%% *}"
}

# rcl_target LINK: prints where it points, as base64.
rcl_target() {
    rcl_to=$(LC_ALL=C readlink -n "$1" | rcl_base64)
    [ "$rcl_to" ] || rcl_unknown "cannot read the link $1"
    printf '%s\n' "$rcl_to"
}

# rcl_entry PATH: prints the lines stat, owner, group, and for a link "to"; "absent" when nothing is there.
rcl_entry() {
    rcl_stat "$1" || { echo absent; return 0; }
    printf '%s\n' "$rcl_seen"
    case $rcl_mode in
        a*)
            rcl_text=$(rcl_target "$1") || { printf '%s\n' "$rcl_text"; exit 1; }
            printf 'to %s\n' "$rcl_text"
            ;;
    esac
}

# rcl_file PATH SHA256 MOST: as rcl_entry, for a file with a line sha256 and, when that is not SHA256, a line content;
# but no content of more than MOST bytes, and none that not everybody on the host may read: it might hold a secret.
rcl_file() {
    rcl_entry "$1"
    [ "$rcl_mode" ] || return 0
    case $rcl_mode in 8*) ;; *) return 0 ;; esac
    rcl_sum=$(rcl_sha256 "$1") || { printf '%s\n' "$rcl_sum"; exit 1; }
    printf 'sha256 %s\n' "$rcl_sum"
    [ "$rcl_sum" != "$2" ] && [ "$rcl_size" -le "$3" ] || return 0
    case $rcl_mode in
        *[4567cdef]) printf 'content %s\n' "$(head -c "$3" <"$1" | rcl_base64)" ;;
    esac
}

# rcl_input PATH: prints what counts of one input: a file's digest, where a link points. A link to a release counts with
# the digest recorded for the release.
rcl_input() {
    rcl_stat "$1" || { echo absent; return 0; }
    case $rcl_mode in
        8*) rcl_sha256 "$1" ;;
        a*)
            rcl_text=$(rcl_target "$1") || { printf '%s\n' "$rcl_text"; exit 1; }
            echo "link $rcl_text"
            rcl_text=$(LC_ALL=C readlink -n "$1")
            rcl_text=${1%/*}/releases/.${rcl_text#releases/}.sha256
            if rcl_stat "$rcl_text"; then rcl_sha256 "$rcl_text"; fi
            ;;
        *) echo "other $rcl_mode" ;;
    esac
}

# rcl_inputs_digest PATH...: prints one digest over the paths and what is there. Call it in a subshell: it ends the
# shell with status 1, and a line that says why, when one of them cannot be looked at.
rcl_inputs_digest() {
    rcl_all=$(for rcl_path; do
        printf '%s\n' "$rcl_path"
        rcl_input "$rcl_path"
    done) || { printf '%s\n' "${rcl_all##*"$rcl_newline"}"; exit 1; }
    rcl_all=$(printf '%s' "$rcl_all" | sha256sum)
    printf '%s\n' "${rcl_all%% *}"
}

# rcl_newest PATH...: prints the newest change time of what is there, seconds since 1970; 0 when nothing is.
rcl_newest() {
    rcl_latest=0
    for rcl_path; do
        if rcl_stat "$rcl_path" && [ "$rcl_ctime" -gt "$rcl_latest" ]; then rcl_latest=$rcl_ctime; fi
    done
    printf '%s\n' "$rcl_latest"
}

# rcl_systemd --system|--user UNIT INPUT...: prints systemd's properties of the unit, our record of the last start, the
# digest over the inputs and their newest change time. Timestamps are UTC whatever systemd's age.
rcl_systemd() {
    rcl_scope=$1 rcl_unit=$2
    shift 2
    case $rcl_scope in --user)
        XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
        export XDG_RUNTIME_DIR ;;
    esac
    command -v systemctl >/dev/null || rcl_unknown "there is no systemd on this host, and $rcl_unit needs it"
    rcl_shown=$(TZ=UTC LC_ALL=C systemctl "$rcl_scope" --no-pager show -p @PROPERTIES@ -- "$rcl_unit" 2>&1) ||
        rcl_unknown "cannot ask systemd about $rcl_unit: ${rcl_shown##*"$rcl_newline"}"
    printf '%s\n' "$rcl_shown"
    rcl_record=${STATE:?}/units/$rcl_unit
    if rcl_stat "$rcl_record"; then
        rcl_line=$(head -n 1 "$rcl_record") || rcl_unknown "cannot read $rcl_record"
        printf 'record %s\n' "$rcl_line"
    fi
    [ $# -gt 0 ] || return 0
    rcl_sum=$(rcl_inputs_digest "$@") || { printf '%s\n' "$rcl_sum"; exit 1; }
    printf 'inputs %s\n' "$rcl_sum"
    printf 'newest %s\n' "$(rcl_newest "$@")"
}

# rcl_release PATH: prints where PATH/current points and, for every release that is complete, its version (base64), the
# digest recorded for it and its owner.
rcl_release() {
    rcl_entry "$1"
    case $rcl_mode in 4* | a*) ;; *) return 0 ;; esac
    if rcl_stat "$1/current"; then
        case $rcl_mode in
            a*)
                rcl_text=$(rcl_target "$1/current") || { printf '%s\n' "$rcl_text"; exit 1; }
                printf 'current %s\n' "$rcl_text"
                ;;
            *) printf 'blocked %s\n' "$rcl_mode" ;;
        esac
    fi
    rcl_stat "$1/releases" || return 0
    [ -d "$1/releases" ] && [ -r "$1/releases" ] && [ -x "$1/releases" ] || rcl_unknown "cannot look into $1/releases"
    for rcl_mark in "$1"/releases/.*.sha256; do
        rcl_version=${rcl_mark##*/.}
        rcl_version=${rcl_version%.sha256}
        rcl_stat "$1/releases/$rcl_version" || continue
        rcl_stat "$rcl_mark" || continue
        rcl_line=$(head -n 1 "$rcl_mark") || rcl_unknown "cannot read $rcl_mark"
        rcl_owner=$(LC_ALL=C stat -c '%u %g %U:%G' "$1/releases/$rcl_version") || rcl_unknown "cannot look at a release"
        rcl_text=$(printf '%s' "$rcl_version" | rcl_base64)
        printf 'release %s %s %s\n' "$rcl_text" "$(printf '%s' "$rcl_line" | rcl_base64)" "$rcl_owner"
    done
}
""".lstrip()
    .replace("@REASON@", REASON)
    .replace("@PROPERTIES@", ",".join(UNIT_PROPERTIES))
)
"""The text to put before probes, once a script."""
