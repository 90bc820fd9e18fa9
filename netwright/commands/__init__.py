"""The commands, one module each: `configure(parser)` declares its options, `run(options)` gives the exit status."""
