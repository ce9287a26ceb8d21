"""A sink that remembers what it was told."""

from dataclasses import dataclass, field

from reconciler.model.output import Stream


@dataclass
class Heard:
    """``text`` is what programs printed, ``notes`` are what was said of them."""

    notes: list[str] = field(default_factory=list)
    text: bytes = b""
    lost: int = 0

    def say(self, stream: Stream, data: bytes) -> None:
        if stream is Stream.NOTE:
            self.notes.append(data.decode())
        else:
            self.text += data

    def lose(self, size: int) -> None:
        self.lost += size

    def close(self) -> None:
        """Nothing is kept open."""
