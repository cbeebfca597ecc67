"""The live stream: one tail of the feed per process, shared by everybody who watches."""
