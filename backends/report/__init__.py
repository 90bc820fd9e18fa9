"""From a typed graph to tables, Markdown, CSV and drawings."""
