"""Kubernetes clusters as targets."""
