"""The sh functions that look at packages. Versions are compared on the host, by the tool that made them."""

PACKAGES = r"""
# rcl_package TOOL NAME [AT_LEAST]: prints the lines tool, state, version, held and, with AT_LEAST, enough; or tool and
# absent. TOOL is auto, apt or dnf.
rcl_package() {
    rcl_tool=$1
    if [ "$1" = auto ]; then
        if command -v apt-get >/dev/null 2>&1; then rcl_tool=apt
        elif command -v dnf >/dev/null 2>&1; then rcl_tool=dnf
        else rcl_unknown "this host has neither apt nor dnf, and packages need one of them"; fi
    fi
    echo "tool $rcl_tool"
    case $rcl_tool in
        apt) rcl_package_of_apt "$2" "${3:-}" ;;
        *) rcl_package_of_rpm "$2" "${3:-}" ;;
    esac
}

rcl_package_of_apt() {
    command -v dpkg-query >/dev/null 2>&1 || rcl_unknown "there is no apt on this host"
    rcl_found=$(LC_ALL=C dpkg-query -W -f '${db:Status-Want} ${db:Status-Status} ${Version}\n' "$1" 2>&1) ||
        case $rcl_found in
            *'no packages found matching'*) rcl_found= ;;
            *) rcl_unknown "cannot ask dpkg about $1: ${rcl_found##*"$rcl_newline"}" ;;
        esac
    rcl_found=${rcl_found%%"$rcl_newline"*}
    case $rcl_found in '' | *' not-installed '* | *' config-files '*) echo absent; return 0 ;; esac
    rcl_want=${rcl_found%% *}
    rcl_version=${rcl_found##* }
    rcl_state=${rcl_found#* }
    rcl_state=${rcl_state%% *}
    if [ "$rcl_state" = installed ]; then rcl_state=present; fi
    printf 'state %s\nversion %s\n' "$rcl_state" "$rcl_version"
    if [ "$rcl_want" = hold ]; then echo 'held yes'; else echo 'held no'; fi
    [ "$2" ] || return 0
    if dpkg --compare-versions "$rcl_version" ge "$2"; then echo 'enough yes'; else echo 'enough no'; fi
}

rcl_package_of_rpm() {
    command -v dnf >/dev/null 2>&1 && command -v rpm >/dev/null 2>&1 || rcl_unknown "there is no dnf on this host"
    rcl_found=$(LC_ALL=C rpm -q --qf '%{EVR}\n' -- "$1" 2>&1) ||
        case $rcl_found in
            *'is not installed'*) echo absent; return 0 ;;
            *) rcl_unknown "cannot ask rpm about $1: ${rcl_found##*"$rcl_newline"}" ;;
        esac
    rcl_version=${rcl_found##*"$rcl_newline"}
    printf 'state present\nversion %s\n' "$rcl_version"
    rcl_locks=/etc/dnf/plugins/versionlock.list
    if [ -f "$rcl_locks" ] && awk -v name="$1-" '
        index($0, name) == 1 && substr($0, length(name) + 1) ~ /^[0-9]+:[^-]+-[^-]+$/ { found = 1 }
        END { exit !found }' "$rcl_locks"
    then echo 'held yes'; else echo 'held no'; fi
    [ "$2" ] || return 0
    if rcl_rpm_newer "$rcl_version" "$2"; then echo 'enough yes'; else echo 'enough no'; fi
}

# rcl_evr VERSION: sets rcl_e, rcl_v and rcl_r to its epoch, version and release.
rcl_evr() {
    case $1 in *[!A-Za-z0-9.+~:^_-]*) rcl_unknown "rpm has a version that cannot be compared: $1" ;; esac
    case $1 in *:*) rcl_e=${1%%:*} rcl_v=${1#*:} ;; *) rcl_e=0 rcl_v=$1 ;; esac
    case $rcl_v in *-*) rcl_r=${rcl_v#*-} rcl_v=${rcl_v%%-*} ;; *) rcl_r=0 ;; esac
}

# rcl_rpm_newer A B: status 0 when A is B or newer. The release counts only where B has one.
rcl_rpm_newer() {
    rcl_evr "$1"
    rcl_e1=$rcl_e rcl_v1=$rcl_v rcl_r1=$rcl_r
    rcl_evr "$2"
    case $2 in *-*) ;; *) rcl_r1=0 ;; esac
    rcl_lua="rpm.vercmp('$rcl_v1','$rcl_v')..' '..rpm.vercmp('$rcl_r1','$rcl_r')"
    rcl_order=$(rpm --eval "%{lua:print(rpm.vercmp('$rcl_e1','$rcl_e')..' '..$rcl_lua)}" 2>&1)
    case $rcl_order in
        '1 '* | '0 1 '* | '0 0 1' | '0 0 0') return 0 ;;
        '-1 '* | '0 -1 '* | '0 0 -1') return 1 ;;
        *) rcl_unknown "rpm cannot compare $1 with $2: $rcl_order" ;;
    esac
}
""".lstrip()
"""They need apt, or dnf and rpm, and say so when neither is there."""
