"""Stage 1. A commit in, the desired state out: documents, tree, templates, Git."""
