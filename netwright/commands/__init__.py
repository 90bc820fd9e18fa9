"""The commands, one module each: `HELP` in one line, `configure(parser)` and `run(options) -> exit status`."""
