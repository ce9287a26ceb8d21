"""Any API that is asked with HTTP, as a target."""
