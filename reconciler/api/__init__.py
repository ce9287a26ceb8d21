"""The HTTP door. It shows state and has decisions written down; it never acts on a target."""
