"""What a kept shell on a host is told, and how it answers: the sh text of its loop, and the lines between. Pure.

A question's text is sent once and kept in a variable, in one of a few slots; from then on a line asks it. It is run in
a subshell whose output is captured, so nothing of it reaches the next one: no variable, no folder, no late output. The
loop has nothing from the host in its own words, and the lengths go before what the host says.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass

from reconciler.ports.shell import Completed
from reconciler.providers.sh_source import compact

SLOTS = 4

# What a failed question had to say is found by asking it once more: it costs nothing while all is well.
LOOP = compact("""\
exec 2>/dev/null
while IFS=' ' read -r kept_do kept_slot kept_number kept_known; do
    case $kept_do in
        keep)
            kept_text=$(dd bs="$kept_number" count=1 iflag=fullblock 2>/dev/null)
            eval "kept_text_$kept_slot=\\$kept_text kept_last_$kept_slot= kept_at_$kept_slot=none"
            ;;
        ask)
            eval "kept_text=\\$kept_text_$kept_slot kept_last=\\$kept_last_$kept_slot kept_at=\\$kept_at_$kept_slot"
            kept_said=$(eval "$kept_text" 2>/dev/null </dev/null)
            kept_status=$?
            if [ "$kept_status $kept_at" = "0 $kept_known" ] && [ "$kept_said" = "$kept_last" ]; then
                echo "$kept_number same"
            else
                kept_errors= kept_at=$kept_number
                [ "$kept_status" = 0 ] || {
                    kept_at=none
                    kept_errors=$(eval "$kept_text" 2>&1 >/dev/null </dev/null)
                }
                eval "kept_last_$kept_slot=\\$kept_said kept_at_$kept_slot=$kept_at"
                echo "$kept_number $kept_status ${#kept_said} ${#kept_errors}"
                printf '%s%s' "$kept_said" "$kept_errors"
            fi
            ;;
    esac
done
""")
"""The script of a kept shell; it ends when its standard input does."""

_HEAD = re.compile(rb"([0-9]{1,18}) (?:(same)|([0-9]{1,18}) ([0-9]{1,18}) ([0-9]{1,18}))\n")


@dataclass(frozen=True, slots=True)
class Asking:
    """What goes out to ask a question, and the number that its answer bears."""

    sent: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of an answer: the status and the lengths of what follows, or that it is the same as before."""

    number: int
    status: int
    said: int
    errors: int
    same: bool

    @property
    def length(self) -> int:
        """How many bytes follow."""
        return self.said + self.errors

    def completed(self, body: bytes) -> Completed | None:
        """Return the answer; ``body`` is as long as the head says."""
        if self.same:
            return None
        return Completed(self.status, body[: self.said], body[self.said :].decode(errors="replace"))


def head(line: bytes) -> Head | None:
    """Return what an answer's first line says; None when it is none."""
    found = _HEAD.fullmatch(line)
    if found is None:
        return None
    numbers = [int(found[index] or 0) for index in (1, 3, 4, 5)]
    return Head(numbers[0], numbers[1], numbers[2], numbers[3], same=found[2] is not None)


class Slots:
    """Which questions one kept shell has. ``name`` tells its marks from those of all others, earlier ones too."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._number = 0
        self._slots: OrderedDict[str, int] = OrderedDict()

    def ask(self, text: str, known: str) -> Asking:
        """Return what to send; the text goes along only when the shell does not have it."""
        self._number += 1
        sent = b""
        slot = self._slots.get(text)
        if slot is None:
            slot = len(self._slots) if len(self._slots) < SLOTS else self._slots.popitem(last=False)[1]
            self._slots[text] = slot
            kept = text.encode()
            sent = f"keep {slot} {len(kept)}\n".encode() + kept
        self._slots.move_to_end(text)
        ours, _, number = known.partition(" ")
        at = number if ours == self._name and number else "nothing"
        return Asking(sent + f"ask {slot} {self._number} {at}\n".encode(), self._number)

    def mark(self, number: int) -> str:
        """Return the mark of the answer with this number."""
        return f"{self._name} {number}"
