"""The command line: parse, call, render, exit. click lives only here."""
