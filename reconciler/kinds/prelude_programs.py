"""The sh functions that run a program as somebody else. Transactions call them too."""

PROGRAMS = r"""
# rcl_become USER SECONDS DIRECTORY COUNT [NAME=VALUE]... COMMAND [WORD]...: this shell becomes the command, in a
# session of its own, with COUNT variables more, ended after SECONDS where the host can. An empty USER is ourselves.
rcl_become() {
    rcl_user=$1 rcl_seconds=$2
    shift 2
    rcl_login "${rcl_user:-$(id -u)}"
    set -- sh -c 'cd -- "$1" || exit; rcl_n=$2; shift 2
        while [ "$rcl_n" -gt 0 ]; do export "$1"; shift; rcl_n=$((rcl_n - 1)); done
        command -v "$1" >/dev/null || { echo "there is no program $1 on this host"; exit 127; }
        exec "$@"' sh "$@"
    if [ "$rcl_user" ] && [ "$(id -u -- "$rcl_user")" != "$(id -u)" ]; then
        if setpriv --help 2>&1 | grep -q -e --init-groups; then
            set -- setpriv --reuid="$(id -u -- "$rcl_user")" --regid="$(id -g -- "$rcl_user")" --init-groups -- "$@"
        elif command -v runuser >/dev/null; then
            set -- runuser -u "$rcl_user" -- "$@"
        else
            set -- su -s /bin/sh -c 'exec "$@"' -- "$rcl_user" sh "$@"
        fi
    fi
    ! command -v timeout >/dev/null || set -- timeout -k 5 "$rcl_seconds" "$@"
    ! command -v setsid >/dev/null || set -- setsid "$@"
    exec "$@"
}

# rcl_login USER: the variables that a login of USER would have.
rcl_login() {
    rcl_line=$({ getent passwd "$1" ||
        RCL_USER=$1 awk -F: '$1 "" == ENVIRON["RCL_USER"] "" || $3 == ENVIRON["RCL_USER"]' /etc/passwd
    } 2>/dev/null | head -n 1)
    [ "$rcl_line" ] || return 0
    USER=${rcl_line%%:*} LOGNAME=${rcl_line%%:*}
    rcl_line=${rcl_line%:*}
    HOME=${rcl_line##*:}
    export HOME USER LOGNAME
}

# rcl_asked USER COMMAND [WORD]...: prints yes or no: whether the command ends with status 0, in less than 20 seconds.
rcl_asked() {
    rcl_user=$1
    shift
    if [ "$rcl_user" ] && [ "$(id -u)" != 0 ] && [ "$(id -u -- "$rcl_user" 2>/dev/null)" != "$(id -u)" ]; then
        rcl_unknown "may not run a program as $rcl_user; connect as $rcl_user, or with become: sudo"
    fi
    if [ "$rcl_user" ] && ! id -u -- "$rcl_user" >/dev/null 2>&1; then echo no; return 0; fi
    rcl_status=0
    (rcl_become "$rcl_user" 20 / 0 "$@") >/dev/null 2>&1 </dev/null || rcl_status=$?
    case $rcl_status in
        0) echo yes ;;
        124 | 137 | 143) rcl_unknown "$1 did not end within 20 seconds" ;;
        *) echo no ;;
    esac
}

# rcl_command NAME: prints the record of the last run, if there is one.
rcl_command() {
    if rcl_stat "${STATE:?}/commands/$1"; then
        rcl_line=$(head -n 1 "$STATE/commands/$1") || rcl_unknown "cannot read $STATE/commands/$1"
        printf 'record %s\n' "$rcl_line"
    fi
}

# rcl_live PATH: prints the value that the kernel has there, its blanks made one (base64); nothing when it has none.
rcl_live() {
    rcl_stat "$1" || return 0
    rcl_text=$(cat -- "$1" 2>&1) || rcl_unknown "cannot read $1: ${rcl_text##*: }"
    printf 'live %s\n' "$(printf '%s' "$rcl_text" | tr -s ' \t\n' '   ' | rcl_base64)"
}

# rcl_mounted PATH WRITTEN SOURCE: prints what is mounted at PATH, which mountinfo has as WRITTEN: options, type and
# source; and, where there is a SOURCE, whether PATH is the same folder.
rcl_mounted() {
    rcl_text=$(RCL_PATH=$2 awk '$5 "" == ENVIRON["RCL_PATH"] "" {
        for (i = 6; i <= NF; i++) if ($i == "-") found = $6 " " $(i + 1) " " $(i + 2)
    } END { if (found) print found }' /proc/self/mountinfo) || rcl_unknown 'cannot read /proc/self/mountinfo'
    [ -z "$rcl_text" ] || printf 'mounted %s\n' "$(printf '%s' "$rcl_text" | rcl_base64)"
    [ "$rcl_text" ] && [ "$3" ] || return 0
    rcl_wanted=$(stat -L -c '%d:%i' -- "$3" 2>/dev/null) || rcl_wanted=
    rcl_there=$(stat -L -c '%d:%i' -- "$1" 2>/dev/null) || rcl_there=
    if [ "$rcl_wanted" = "$rcl_there" ]; then echo 'bound yes'; else echo 'bound no'; fi
}
""".lstrip()
"""They need awk, and setpriv, runuser or su where another account is asked for."""
