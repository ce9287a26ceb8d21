"""What people ask for through any door: a request and a picture in, events or a refusal out. Pure."""
