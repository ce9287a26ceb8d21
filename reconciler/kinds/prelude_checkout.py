"""The sh functions with which a probe looks at a checkout of Git."""

CHECKOUT = r"""
# rcl_git FOLDER ARGUMENT...: git for looking, as the owner of the repository: its settings may name programs, and those
# of another account must not run with our rights.
rcl_git() {
    rcl_at=$1
    shift
    set -- -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.autocrlf=false "$@"
    set -- git --no-optional-locks -C "$rcl_at" "$@"
    rcl_ids=$(stat -c '%u %g %U' "$rcl_at/.git")
    if [ "$(id -u)" = 0 ] && [ "${rcl_ids%% *}" != 0 ]; then
        rcl_gid=${rcl_ids#* }
        if setpriv --help 2>&1 | grep -q -e --clear-groups; then
            set -- setpriv --reuid="${rcl_ids%% *}" --regid="${rcl_gid%% *}" --clear-groups -- "$@"
        else
            set -- su -s /bin/sh "${rcl_ids##* }" -c 'exec "$@"' sh "$@"
        fi
    fi
    HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 LC_ALL=C "$@"
}

# rcl_checkout PATH: what is at the path; for a repository its commit, where it came from (base64), and the names of
# files that are not as in the commit (base64, ended by NUL, at most 4 KiB).
rcl_checkout() {
    rcl_entry "$1"
    case $rcl_mode in 4*) ;; *) return 0 ;; esac
    rcl_stat "$1/.git" || return 0
    case $rcl_mode in 4*) ;; *) return 0 ;; esac
    command -v git >/dev/null || rcl_unknown "there is no git on this host; install it"
    rcl_text=$(rcl_git "$1" rev-parse --verify 'HEAD^{commit}' 2>&1) || rcl_unknown "git: ${rcl_text%%"$rcl_newline"*}"
    printf 'head %s\n' "$rcl_text"
    printf 'origin %s\n' "$(rcl_git "$1" config --get remote.origin.url | rcl_base64)"
    rcl_text=$(rcl_git "$1" status --porcelain --untracked-files=no --ignore-submodules=all 2>&1 >/dev/null) ||
        rcl_unknown "git: ${rcl_text%%"$rcl_newline"*}"
    rcl_text=$(rcl_git "$1" status --porcelain --no-renames --untracked-files=no --ignore-submodules=all -z |
        head -c 4096 | rcl_base64)
    printf 'modified %s\n' "$rcl_text"
}
"""
"""The text to put before probes, once a script."""
