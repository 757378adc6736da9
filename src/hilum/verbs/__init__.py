"""One file a command, each a story that is read from the top: start reading here."""
