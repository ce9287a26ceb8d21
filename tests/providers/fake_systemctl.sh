#!/bin/sh
# A systemd as far as transactions use one. Units are files in ~/units; one that says FAIL does not start. Calls are
# recorded in ~/.local/calls; what runs and what is enabled is in ~/.local/systemd.
state=$HOME/.local/systemd
mkdir -p "$state"
echo "$*" >>"$HOME/.local/calls"
[ "$1" != --user ] || shift
verb=$1
case $verb in show) unit=$5 ;; *) unit=$2 ;; esac
case $verb in
    daemon-reload)
        for file in "$HOME"/units/*; do [ ! -f "$file" ] || cp "$file" "$state/${file##*/}.loaded"; done ;;
    is-active)
        if [ -f "$state/$unit.active" ]; then echo active; else echo inactive; exit 3; fi ;;
    is-enabled)
        if [ -f "$state/$unit.enabled" ]; then echo enabled; else echo disabled; exit 1; fi ;;
    is-failed) [ -f "$state/$unit.failed" ] ;;
    enable) : >"$state/$unit.enabled" ;;
    disable) rm -f "$state/$unit.enabled" ;;
    stop) rm -f "$state/$unit.active" ;;
    start | restart)
        rm -f "$state/$unit.active"
        if grep -q FAIL "$state/$unit.loaded"; then
            echo "Job for $unit failed because the control process exited with error code." >&2
            exit 1
        fi
        if grep -q DIES "$state/$unit.loaded"; then : >"$state/$unit.failed"; exit 0; fi
        cp "$state/$unit.loaded" "$state/$unit.active" ;;
    show) printf '%032d\n' 7 ;;
    *) echo "Unknown command verb $verb." >&2; exit 1 ;;
esac
