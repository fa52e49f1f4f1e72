"""Search: partitions of a weighted graph by tree cuts, ReCom moves and flips."""
