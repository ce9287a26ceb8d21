# Packages: all changes of a run at once, and the way back to the versions that were there before it.

# tx_packages N TOOL RECOMMENDS WORD...: each WORD is install/NAME/VERSION/AT_LEAST, remove/NAME, hold/NAME or
# unhold/NAME. No name and no version has a character that means something to the shell.
tx_packages() {
    tx_all=$T/packages.$1 tx_tool=$2 tx_recommends=$3
    shift 3
    [ "$(id -u)" = 0 ] || tx_fail "only root may change packages; connect as root, or with become: sudo"
    case $tx_tool in
        auto) command -v apt-get >/dev/null && tx_tool=apt || tx_tool=dnf ;;
    esac
    { mkdir -p -- "$tx_all" && printf '%s\n' "$tx_tool" >"$tx_all/tool" && "tx_${tx_tool}_list" >"$tx_all/was" &&
        "tx_${tx_tool}_marks" "$tx_all"; } 2>"$T/error" ||
        tx_fail "cannot keep which packages are there: $(tail -n 1 -- "$T/error" | grep . || echo there are none)"
    : >"$tx_all/did"
    tx_sync "$tx_all"/* "$tx_all" "$T"
    "tx_${tx_tool}_change" "$@"
    rm -f -- "$tx_all/said"
}

# tx_names VERB WORD...: prints the names in the words with this verb.
tx_names() {
    tx_verb=$1
    shift
    for tx_word; do
        tx_rest=${tx_word#*/}
        [ "${tx_word%%/*}" != "$tx_verb" ] || printf '%s\n' "${tx_rest%%/*}"
    done
}

# tx_tool_run COMMAND...: runs it as a person would, with no input; what it says goes to "said".
tx_tool_run() {
    rm -f -- "$tx_all/said"
    : >"$tx_all/said"
    tx_tell "${tx_all##*.}0" "$tx_all/said"
    tx_status=0
    (
        trap - HUP PIPE INT TERM
        umask 022
        LC_ALL=C DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1
        export LC_ALL DEBIAN_FRONTEND APT_LISTCHANGES_FRONTEND NEEDRESTART_SUSPEND UCF_FORCE_CONFFOLD
        ! command -v setsid >/dev/null || set -- setsid "$@"
        exec "$@"
    ) >"$tx_all/said" 2>&1 </dev/null 4>&- || tx_status=$?
    tx_hush
    return "$tx_status"
}

tx_tool_said() {
    grep -E -e '^E: ' -e '^(Error|dpkg: error|error)' -e '^ - ' -e 'is needed by' -- "$tx_all/said" | head -n 4 | grep . ||
        grep '[^[:space:]]' -- "$tx_all/said" | tail -n 3
}

tx_apt() {
    tx_tool_run apt-get -y -q -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@"
}

# An empty list is none: what is not in it would be taken away on the way back.
tx_apt_list() {
    tx_listed=$(dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Status}\n') && [ "$tx_listed" ] &&
        printf '%s\n' "$tx_listed" | sort
}

tx_apt_marks() { apt-mark showhold >"$1/held" && apt-mark showauto >"$1/auto"; }

# tx_apt_known NAME VERSION AT_LEAST: sets tx_wanted to how apt is asked for it; status 1 when apt does not know of it.
tx_apt_known() {
    tx_wanted=$1=$2 tx_newest=
    if [ "$2" ]; then LC_ALL=C apt-cache show "$tx_wanted" 2>/dev/null | grep -qxF "Version: $2"; return; fi
    tx_newest=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | head -n 1)
    tx_wanted=$1=$tx_newest
    case $tx_newest in '' | '(none)') return 1 ;; esac
    [ -z "$3" ] || dpkg --compare-versions "$tx_newest" ge "$3"
}

# tx_apt_words WORD...: sets tx_words to the arguments of apt-get, or tx_missing and status 1 when apt knows too little.
tx_apt_words() {
    tx_words=
    for tx_word; do
        tx_rest=${tx_word#*/}
        tx_name=${tx_rest%%/*} tx_rest=${tx_rest#*/}
        case $tx_word in
            install/*)
                tx_apt_known "$tx_name" "${tx_rest%%/*}" "${tx_rest#*/}" || {
                    case $tx_rest in
                        /) tx_missing=$tx_name ;;
                        /*) tx_missing="$tx_name ${tx_rest#/} or newer; the newest it has is ${tx_newest:-(none)}" ;;
                        *) tx_missing="$tx_name ${tx_rest%/}" ;;
                    esac
                    return 1
                }
                tx_words="$tx_words $tx_wanted"
                ;;
            remove/*) tx_words="$tx_words $tx_name-" ;;
        esac
    done
}

# tx_apt_update: reads the lists of packages anew. Another apt may be doing so; its lock cannot be waited for.
tx_apt_update() {
    tx_waited=0
    until tx_apt update; do
        grep -q 'Could not get lock' "$tx_all/said" || tx_fail "cannot read the lists of packages: $(tx_tool_said)"
        [ "$tx_waited" -lt 60 ] || tx_fail "cannot read the lists of packages: another apt has been at work for a minute"
        sleep 1
        tx_waited=$((tx_waited + 1))
    done
}

tx_apt_change() {
    tx_held=$(tx_names unhold "$@")
    [ -z "$tx_held" ] || tx_try "release packages" apt-mark unhold $tx_held
    tx_fresh=
    until tx_apt_words "$@"; do
        [ -z "$tx_fresh" ] || tx_fail "no repository of this host has $tx_missing"
        tx_apt_update
        tx_fresh=yes
    done
    if [ "$tx_words" ]; then
        tx_flags=--allow-downgrades
        [ "$tx_recommends" ] || tx_flags="$tx_flags --no-install-recommends"
        tx_apt_foresee "$@"
        if ! tx_apt $tx_flags --download-only install $tx_words && [ -z "$tx_fresh" ]; then
            # What is in the lists may be gone from the repository.
            tx_apt_update
            tx_apt_words "$@" || tx_fail "no repository of this host has $tx_missing"
        fi
        tx_apt $tx_flags install $tx_words || tx_fail "cannot change packages: $(tx_tool_said)"
    fi
    tx_held=$(tx_names hold "$@")
    [ -z "$tx_held" ] || tx_try "hold packages" apt-mark hold $tx_held
}

# tx_apt_foresee WORD...: refuses a run that would remove what nobody named, and gets what the way back would need.
tx_apt_foresee() {
    tx_apt $tx_flags -s install $tx_words || tx_fail "cannot change packages: $(tx_tool_said)"
    tx_names remove "$@" | sed 's/:.*//' >"$tx_all/named"
    tx_others=$(sed -n 's/^Remv \([^ :]*\).*/\1/p' "$tx_all/said" | grep -vxF -f "$tx_all/named" | tr '\n' ' ')
    [ -z "$tx_others" ] || tx_fail "that would also remove ${tx_others% }; name what shall go with state: absent"
    # Where it cannot be had, the way back has to find it in a repository.
    sed -n -e 's/^Inst \([^ ]*\) \[\([^]]*\)\].*/\1=\2/p' -e 's/^Remv \([^ ]*\) \[\([^]]*\)\].*/\1=\2/p' "$tx_all/said" |
        while IFS= read -r tx_old; do
            (mkdir -p -- "$tx_all/debs" && cd -- "$tx_all/debs" && apt-get -q download "$tx_old") >/dev/null 2>&1 </dev/null
        done
    tx_sync "$tx_all/debs"
}

# tx_back_packages N
tx_back_packages() {
    tx_all=$T/packages.$1
    [ -f "$tx_all/did" ] || return 0
    tx_tool=$(cat -- "$tx_all/tool")
    "tx_${tx_tool}_back"
}

# Prints for each package that is not as it was: NAME=VERSION to have it so again, NAME- for one that was not there.
tx_apt_other() {
    tx_apt_list >"$tx_all/now" && awk '
        { there = $3 != "not-installed" && $3 != "config-files" }
        NR == FNR { if (there) was[$1] = $2; next }
        there && !($1 in was) { print $1 "-" }
        there { now[$1] = $2 ($3 == "installed" ? "" : " " $3) }
        END { for (name in was) if (now[name] != was[name]) print name "=" was[name] }
    ' "$tx_all/was" "$tx_all/now"
}

tx_apt_back() {
    tx_tool_run dpkg --configure -a --force-confold || :
    tx_words=
    tx_others=$(tx_apt_other) || return
    for tx_word in $tx_others; do
        tx_name=${tx_word%%=*}
        tx_deb=$(printf '%s' "${tx_word#*=}" | sed 's/:/%3a/g')
        for tx_deb in "$tx_all/debs/${tx_name%%:*}_${tx_deb}_"*.deb; do
            [ ! -f "$tx_deb" ] || tx_word=$tx_deb
        done
        tx_words="$tx_words $tx_word"
    done
    [ -z "$tx_words" ] ||
        tx_apt --allow-downgrades --allow-change-held-packages --no-install-recommends install $tx_words || {
        echo "cannot bring back the packages as they were: $(tx_tool_said)"
        return 1
    }
    # What nobody knew of before leaves no settings behind either.
    tx_words=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n 's/ config-files$//p' |
        while IFS= read -r tx_name; do grep -q "^$tx_name " "$tx_all/was" || printf '%s\n' "$tx_name"; done)
    [ -z "$tx_words" ] || tx_tool_run dpkg --purge $tx_words || :
    tx_words=$(apt-mark showhold | grep -vxF -f "$tx_all/held")
    [ -z "$tx_words" ] || apt-mark unhold $tx_words || return
    [ ! -s "$tx_all/auto" ] || apt-mark auto $(cat -- "$tx_all/auto") || return
    [ ! -s "$tx_all/held" ] || apt-mark hold $(cat -- "$tx_all/held")
}
