"""What the core needs from outside, as Protocols named from the caller's need, each of at most five methods."""
