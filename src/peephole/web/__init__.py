"""The owner's page: live picture, visits, strangers and people, served to a browser on the local network."""
