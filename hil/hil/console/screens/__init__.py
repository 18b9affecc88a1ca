"""The views of the console, one file each."""
