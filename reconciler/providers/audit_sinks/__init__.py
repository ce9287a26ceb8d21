"""Places that entries of the record are sent to, each a ``ports.sink.Sink``."""
