"""Generated from proto/tandem/wire/v1 by `make proto`; only tandem/wire/codec.py imports it."""
