"""The tests, and the fleets they run against."""
