"""A repository of two toy packages on a lab host, made there with dpkg-deb, so that apt needs no network."""

from tests.lab.hosts import LabHost

_MADE = r"""
set -eu
umask 022
rm -rf /srv/toys && mkdir -p /srv/toys
toy() { # NAME VERSION [FIELD]...
    name=$1 version=$2
    shift 2
    rm -rf /srv/make && mkdir -p /srv/make/DEBIAN /srv/make/etc /srv/make/usr/share/toys
    echo "$version" >/srv/make/usr/share/toys/"$name"
    echo "settings of $version" >/srv/make/etc/"$name".conf
    echo "/etc/$name.conf" >/srv/make/DEBIAN/conffiles
    printf '%s\n' "Package: $name" "Version: $version" 'Architecture: all' 'Maintainer: Us <us@example.net>' \
        "Description: a toy" "$@" >/srv/make/DEBIAN/control
    dpkg-deb -b /srv/make "/srv/toys/${name}_$(echo "$version" | tr : _)_all.deb" >/dev/null
}
lists() {
    cd /srv/toys
    for deb in *.deb; do
        dpkg-deb -f "$deb"
        sum=$(sha256sum <"$deb")
        printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "${sum%% *}"
    done >Packages
}
toy toy-base 1.0
toy toy 1.0 'Depends: toy-base'
toy toy 2.0 'Depends: toy-base'
toy toy-rival 1.0 'Conflicts: toy'
toy toy-user 1.0 'Depends: toy'
toy toy-extra 1.0
toy toy-fan 1.0 'Recommends: toy-extra'
lists
echo 'deb [trusted=yes] file:/srv/toys ./' >/etc/apt/sources.list
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
"""

PURGE = "apt-mark unhold toy toy-base; dpkg --purge toy-user toy-fan toy-extra toy toy-rival toy-base; rm -f /etc/toy*"


def made(host: LabHost) -> None:
    """Make the repository the only one that the host knows of; apt has not read its list yet."""
    host.sh(_MADE)
