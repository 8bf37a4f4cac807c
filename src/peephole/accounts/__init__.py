"""Who may see the page, and who may change what it shows."""
