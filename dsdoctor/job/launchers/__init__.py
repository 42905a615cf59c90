"""The parts of a launch line: its words, the launcher's options, the script's arguments."""
