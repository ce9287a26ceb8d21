"""Routers: load balancers that are told who gets how many of the requests, and asked how it is."""
