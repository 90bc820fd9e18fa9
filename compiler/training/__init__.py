"""Training as a spec says it: losses, optimizers, schedules, metrics and callbacks as values, and the checked plan."""
