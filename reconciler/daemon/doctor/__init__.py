"""What ``reconciler doctor`` looks at: every host, and the daemon's own set-up. Nothing is changed anywhere."""
