"""Sites: dedicated grids, carved or overlaid, and what they do to the ground around them."""
