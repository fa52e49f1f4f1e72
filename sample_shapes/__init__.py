"""The sample street, as files, and the script that makes them."""
