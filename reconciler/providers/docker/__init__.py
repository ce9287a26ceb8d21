"""Docker Engines, alone or as a Swarm, over the Engine's HTTP API."""
