"""The library in a browser on this machine: the pages as live ones, with answers that take effect."""
