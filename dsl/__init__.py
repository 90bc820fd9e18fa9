"""From text to a located syntax tree. Knows no operator and no framework."""
