"""What the program's commands do: with the wiring, the only part of `bot` that knows neighbours by name."""
