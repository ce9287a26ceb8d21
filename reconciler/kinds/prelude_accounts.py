"""The sh functions that look at users and groups."""

ACCOUNTS = r"""
# rcl_account DATABASE NAME: sets rcl_line to its line of passwd or group; status 1 when there certainly is none.
rcl_account() {
    if command -v getent >/dev/null 2>&1; then
        rcl_status=0
        rcl_line=$(LC_ALL=C getent "$1" "$2" 2>&1) || rcl_status=$?
        case $rcl_status in
            0) ;;
            2) return 1 ;;
            *) rcl_unknown "cannot look up $2 in $1: ${rcl_line##*"$rcl_newline"}" ;;
        esac
    else
        [ -r "/etc/$1" ] || rcl_unknown "cannot read /etc/$1"
        rcl_line=$(awk -F: -v name="$2" '$1 == name' "/etc/$1") || rcl_unknown "cannot read /etc/$1"
    fi
    rcl_line=${rcl_line%%"$rcl_newline"*}
    [ "$rcl_line" ]
}

# rcl_group NAME: prints the line "group" (base64), or absent.
rcl_group() {
    rcl_account group "$1" || { echo absent; return 0; }
    printf 'entry %s\n' "$(printf '%s' "$rcl_line" | rcl_base64)"
}

# rcl_user NAME [shadow]: prints the lines entry, primary and groups (base64), or absent; with "shadow" also whether the
# password is locked and the sha256 of its hash.
rcl_user() {
    rcl_account passwd "$1" || { echo absent; return 0; }
    printf 'entry %s\n' "$(printf '%s' "$rcl_line" | rcl_base64)"
    printf 'primary %s\n' "$(id -gn "$1" 2>/dev/null | rcl_base64)"
    printf 'groups %s\n' "$(id -Gn "$1" 2>/dev/null | rcl_base64)"
    [ "${2:-}" ] || return 0
    [ -r /etc/shadow ] || rcl_unknown "may not read /etc/shadow, where passwords are; connect with become: sudo"
    rcl_hash=$(awk -F: -v name="$1" '$1 == name { print $2; exit }' /etc/shadow) ||
        rcl_unknown "cannot read /etc/shadow"
    case $rcl_hash in '!'* | '*'*) echo 'locked yes' ;; *) echo 'locked no' ;; esac
    rcl_hash=${rcl_hash#"${rcl_hash%%[!!]*}"}
    rcl_sum=$(printf '%s' "$rcl_hash" | sha256sum)
    printf 'sha256 %s\n' "${rcl_sum%% *}"
}
""".lstrip()
"""They need ``id``, and ``awk`` where ``getent`` is missing or a password is asked for."""
