"""One target a file: what a reader promises, said so that a fuzzer can break it."""
