"""The journal on SQLite: events, and the tables made from them."""
