"""Opens the door for whoever may come in, where the owner wants that."""
