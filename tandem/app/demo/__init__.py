"""The demo: a believable MSP with three clients, its phones, and a loop of real vendor payloads."""
