"""The co-management agreement as data: schema, loader, compiler, lint. Pure: no I/O."""
