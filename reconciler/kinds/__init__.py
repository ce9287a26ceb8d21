"""The sorts of resources, one module each; listed in catalog."""
