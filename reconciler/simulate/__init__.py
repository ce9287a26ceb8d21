"""A fleet, its clock and its journal that are not there: the same planner and executor, tried on them."""
