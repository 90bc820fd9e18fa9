"""Reports: tables, drawings and texts about a compiled model."""
