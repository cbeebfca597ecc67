"""The wire format: generated protobuf in v1 and the codec to our dataclasses."""
