"""The only composer: settings, wiring, one pass, the loop."""
