# The same with dnf. It removes and installs in two runs; what held packages are is in one file.

tx_locks=/etc/dnf/plugins/versionlock.list

tx_dnf() { tx_tool_run dnf -y -q "$@"; }

tx_dnf_list() {
    tx_listed=$(rpm -qa --qf '%{NAME} %{EVR} %{ARCH}\n') && [ "$tx_listed" ] &&
        printf '%s\n' "$tx_listed" | grep -v '^gpg-pubkey ' | sort
}

tx_dnf_marks() { [ ! -f "$tx_locks" ] || cp -p -- "$tx_locks" "$1/locks"; }

tx_dnf_change() {
    tx_held=$(tx_names unhold "$@")
    [ -z "$tx_held" ] || tx_dnf versionlock delete $tx_held || tx_fail "cannot release packages: $(tx_tool_said)"
    tx_gone=$(tx_names remove "$@") tx_held=$(tx_names hold "$@")
    if [ "$tx_gone" ]; then
        tx_tool_run rpm -e --test $tx_gone || tx_fail "others need what shall go: $(tx_tool_said)"
        tx_dnf remove --noautoremove $tx_gone || tx_fail "cannot remove packages: $(tx_tool_said)"
    fi
    for tx_word; do
        shift
        tx_rest=${tx_word#*/}
        tx_name=${tx_rest%%/*} tx_rest=${tx_rest#*/}
        case $tx_word in
            install/*//) set -- "$@" "$tx_name" ;;
            install/*/*/) set -- "$@" "$tx_name-${tx_rest%/}" ;;
            install/*) set -- "$@" "$tx_name >= ${tx_rest#/}" ;;
        esac
    done
    if [ $# -gt 0 ]; then
        [ "$tx_recommends" ] || set -- --setopt=install_weak_deps=False "$@"
        tx_dnf install --best "$@" || tx_fail "cannot install packages: $(tx_tool_said)"
    fi
    [ -z "$tx_held" ] || tx_dnf versionlock add $tx_held ||
        tx_fail "cannot hold packages; is the plugin versionlock there? $(tx_tool_said)"
}

tx_dnf_back() {
    tx_dnf_list >"$tx_all/now" || return
    tx_words=$(comm -23 "$tx_all/was" "$tx_all/now" | while read -r tx_name tx_evr tx_arch; do
        printf '%s\n' "$tx_name-$tx_evr.$tx_arch"; done)
    # What is held by now may be what has to change.
    set -- --disableplugin=versionlock --setopt=install_weak_deps=False
    [ -z "$tx_words" ] || tx_dnf "$@" install --allowerasing $tx_words || {
        echo "cannot bring back the packages as they were: $(tx_tool_said)"
        return 1
    }
    tx_dnf_list >"$tx_all/now" || return
    tx_words=$(comm -13 "$tx_all/was" "$tx_all/now" | while read -r tx_name tx_evr tx_arch; do
        printf '%s\n' "$tx_name-$tx_evr.$tx_arch"; done)
    [ -z "$tx_words" ] || tx_tool_run rpm -e $tx_words || {
        echo "cannot take away packages that were not there before: $(tx_tool_said)"
        return 1
    }
    [ ! -f "$tx_all/locks" ] || cp -p -- "$tx_all/locks" "$tx_locks"
    [ -f "$tx_all/locks" ] || [ ! -f "$tx_locks" ] || : >"$tx_locks"
}
