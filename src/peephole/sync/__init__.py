"""People shared between the doors of one owner: signed by one, sealed for the others; docs/doors-together.md."""
