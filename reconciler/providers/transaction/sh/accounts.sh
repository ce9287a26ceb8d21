# Passwords of accounts, as crypt hashes. They never stand among the words of a program, where anybody could see them.

tx_hash() { awk -F: -v name="$1" '$1 == name { print $2 }' /etc/shadow; }

# tx_keep_password N USER
tx_keep_password() {
    [ -r /etc/shadow ] || tx_fail "only root may set passwords; connect as root, or with become: sudo"
    tx_note "hash.$1" "$(tx_hash "$2")"
}

# tx_password N USER [FILE]: FILE holds the hash. An account whose password is locked stays so.
tx_password() {
    tx_new='!'
    [ -z "${3:-}" ] || tx_new=$(cat -- "$3") || tx_fail "cannot read the password of $2"
    [ -z "${3:-}" ] || rm -f -- "$3"
    case $(tx_hash "$2") in '!'[!!*]*) tx_new=!${tx_new#!} ;; esac
    tx_error=$(printf '%s:%s\n' "$2" "$tx_new" | chpasswd -e 2>&1) || tx_fail "cannot set the password of $2: $tx_error"
}

# tx_back_password N USER
tx_back_password() {
    rm -f -- "$T/in.${1%?}"
    tx_old=$(cat -- "$T/hash.$1") || return 0
    [ "$(tx_hash "$2")" != "$tx_old" ] && grep -q "^$2:" /etc/passwd || return 0
    printf '%s:%s\n' "$2" "$tx_old" | chpasswd -e
}
