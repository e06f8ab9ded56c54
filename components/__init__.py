"""Reusable component resources, one room an area. Each is `Class(name, args, opts)` and can be used alone."""
