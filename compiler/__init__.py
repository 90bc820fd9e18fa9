"""From a syntax tree to a typed graph, its sizes and its costs. Knows no framework."""
